import { appendFile, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { normalize, seeded } from "../../core/index.ts";
import { EmbeddingsWriter, readEmbeddings } from "./embeddings-writer.ts";
import { encodeRecord, type FaceRecord } from "./face-record.ts";

const random = seeded(11);
const record = (path: string, face = 0): FaceRecord => ({
  path,
  face,
  box: { x: 1.25, y: -2.5, width: 30, height: 40.75 },
  score: 0.987654321,
  landmarks: [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10.5],
  ],
  model: "test-model",
  embedding: normalize(Float32Array.from({ length: 12 }, () => random.next() - 0.5)),
});

const outPath = async (name: string): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), "arcface-")), name);

async function readAll(path: string): Promise<FaceRecord[]> {
  const records: FaceRecord[] = [];
  for await (const found of readEmbeddings(path)) records.push(found);
  return records;
}

test.each(["faces.jsonl", "faces.npy", "faces.parquet"])(
  "%s gives back what was written, vectors to the bit",
  async (name) => {
    const path = await outPath(name);
    const written = [record("a b.jpg"), record("ü.jpg", 0), record("ü.jpg", 1)];
    const writer = await EmbeddingsWriter.open(path, "test-model");
    await writer.append(written.slice(0, 1));
    await writer.append(written.slice(1));
    await writer.finish();
    const read = await readAll(path);
    expect(read.map(({ embedding, ...rest }) => rest)).toEqual(written.map(({ embedding, ...rest }) => rest));
    for (const [i, { embedding }] of read.entries())
      expect([...embedding]).toEqual([...written[i]!.embedding]);
    expect((await readdir(join(path, ".."))).filter((file) => /partial|tmp/.test(file))).toEqual([]);
  },
);

test.each(["faces.jsonl", "faces.npy", "faces.parquet"])(
  "%s that is opened again goes on where it was",
  async (name) => {
    const path = await outPath(name);
    const first = await EmbeddingsWriter.open(path, "test-model");
    await first.append([record("one.jpg")]);
    await first.finish();
    const second = await EmbeddingsWriter.open(path, "test-model");
    expect([...second.done]).toEqual(["one.jpg"]);
    await second.append([record("two.jpg")]);
    await second.suspend();
    const third = await EmbeddingsWriter.open(path, "test-model");
    expect([...third.done]).toEqual(["one.jpg", "two.jpg"]);
    await third.finish();
    expect((await readAll(path)).map((r) => r.path)).toEqual(["one.jpg", "two.jpg"]);
  },
);

test("a line torn by a crash is cut off with its photograph, and only that", async () => {
  const path = await outPath("faces.jsonl");
  const whole = [record("one.jpg"), record("two.jpg", 0)].map((r) => `${encodeRecord(r)}\n`).join("");
  await writeFile(`${path}.partial.jsonl`, whole);
  await appendFile(`${path}.partial.jsonl`, encodeRecord(record("two.jpg", 1)).slice(0, 40));
  const writer = await EmbeddingsWriter.open(path, "test-model");
  expect([...writer.done]).toEqual(["one.jpg"]);
  await writer.append([record("two.jpg", 0), record("two.jpg", 1)]);
  await writer.finish();
  expect((await readAll(path)).map((r) => [r.path, r.face])).toEqual([
    ["one.jpg", 0],
    ["two.jpg", 0],
    ["two.jpg", 1],
  ]);
});

test("vectors of another model are never mixed in", async () => {
  const path = await outPath("faces.jsonl");
  const writer = await EmbeddingsWriter.open(path, "test-model");
  await writer.append([record("one.jpg")]);
  await writer.finish();
  await expect(EmbeddingsWriter.open(path, "another")).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
  expect(await readAll(path)).toHaveLength(1);
});

test("a file that is something else is refused and left as it is", async () => {
  const path = await outPath("faces.jsonl");
  await writeFile(path, "shopping list\n");
  await expect(EmbeddingsWriter.open(path, "test-model")).rejects.toMatchObject({ code: "BAD_FILE" });
  expect(await readFile(path, "utf8")).toBe("shopping list\n");
  await expect(EmbeddingsWriter.open(await outPath("faces.csv"), "m")).rejects.toMatchObject({
    code: "USAGE",
  });
});

test("an .npy file is what NumPy expects: magic, version, a header that ends at a multiple of 64", async () => {
  const path = await outPath("faces.npy");
  const writer = await EmbeddingsWriter.open(path, "test-model");
  await writer.append([record("one.jpg"), record("one.jpg", 1)]);
  await writer.finish();
  const bytes = await readFile(path);
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x93NUMPY\x01\x00");
  expect(bytes.toString("latin1", 10, 128).trim()).toBe(
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 12), }",
  );
  expect(bytes.length).toBe(128 + 2 * 12 * 4);
});
