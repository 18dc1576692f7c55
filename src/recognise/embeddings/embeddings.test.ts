import { appendFile, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { normalize, seeded } from "../../core/index.ts";
import { madePipeline } from "../../gallery/made-faces.ts";
import { EmbeddingsWriter, openEmbeddings, readEmbeddings } from "./embeddings-writer.ts";
import { encodeRecord, type FaceRecord } from "./face-record.ts";
import { encodeHeader } from "./header.ts";
import { readVectors } from "./read-vectors.ts";

const PIPELINE = madePipeline(12, "test-model");
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
  for await (const found of readEmbeddings(path, PIPELINE)) records.push(found);
  return records;
}

test.each(["faces.jsonl", "faces.npy", "faces.parquet"])(
  "%s gives back what was written, vectors to the bit",
  async (name) => {
    const path = await outPath(name);
    const written = [record("a b.jpg"), record("ü.jpg", 0), record("ü.jpg", 1)];
    const writer = await EmbeddingsWriter.open(path, PIPELINE);
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
    const first = await EmbeddingsWriter.open(path, PIPELINE);
    await first.append([record("one.jpg")]);
    await first.finish();
    const second = await EmbeddingsWriter.open(path, PIPELINE);
    expect([...second.done]).toEqual(["one.jpg"]);
    await second.append([record("two.jpg")]);
    await second.suspend();
    const third = await EmbeddingsWriter.open(path, PIPELINE);
    expect([...third.done]).toEqual(["one.jpg", "two.jpg"]);
    await third.finish();
    expect((await readAll(path)).map((r) => r.path)).toEqual(["one.jpg", "two.jpg"]);
  },
);

test("a line torn by a crash is cut off with its photograph, and only that", async () => {
  const path = await outPath("faces.jsonl");
  const whole = [record("one.jpg"), record("two.jpg", 0)].map((r) => `${encodeRecord(r)}\n`).join("");
  await writeFile(`${path}.partial.jsonl`, `${encodeHeader(PIPELINE)}\n${whole}`);
  await appendFile(`${path}.partial.jsonl`, encodeRecord(record("two.jpg", 1)).slice(0, 40));
  const writer = await EmbeddingsWriter.open(path, PIPELINE);
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
  const writer = await EmbeddingsWriter.open(path, PIPELINE);
  await writer.append([record("one.jpg")]);
  await writer.finish();
  await expect(EmbeddingsWriter.open(path, madePipeline(12, "another"))).rejects.toMatchObject({
    code: "MODEL_MISMATCH",
  });
  expect(await readAll(path)).toHaveLength(1);
});

test("a file that is something else is refused and left as it is", async () => {
  const path = await outPath("faces.jsonl");
  await writeFile(path, "shopping list\n");
  await expect(EmbeddingsWriter.open(path, PIPELINE)).rejects.toMatchObject({ code: "BAD_FILE" });
  expect(await readFile(path, "utf8")).toBe("shopping list\n");
  await expect(EmbeddingsWriter.open(await outPath("faces.csv"), PIPELINE)).rejects.toMatchObject({
    code: "USAGE",
  });
});

test("an .npy file is what NumPy expects: magic, version, a header that ends at a multiple of 64", async () => {
  const path = await outPath("faces.npy");
  const writer = await EmbeddingsWriter.open(path, PIPELINE);
  await writer.append([record("one.jpg"), record("one.jpg", 1)]);
  await writer.finish();
  const bytes = await readFile(path);
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x93NUMPY\x01\x00");
  expect(bytes.toString("latin1", 10, 128).trim()).toBe(
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 12), }",
  );
  expect(bytes.length).toBe(128 + 2 * 12 * 4);
});

const FORMATS = ["faces.jsonl", "faces.npy", "faces.parquet"];
const FILE = { bytes: 1234, modified: "2026-11-29T12:00:00.000Z", sha256: "ab".repeat(32) };

/** The first row of a file whose vectors are to be compared with those of a pipeline. */
async function firstRow(path: string, used: typeof PIPELINE): Promise<FaceRecord | undefined> {
  for await (const found of readEmbeddings(path, used)) return found;
  return undefined;
}

/** A finished file with one row. */
async function written(name: string, pipeline = PIPELINE): Promise<string> {
  const path = await outPath(name);
  const writer = await EmbeddingsWriter.open(path, pipeline);
  await writer.append([{ ...record("one.jpg"), ...FILE }]);
  await writer.finish();
  return path;
}

const { detector, alignment, feed } = PIPELINE;
const OTHER_VECTORS = [
  ["flip", { ...PIPELINE, flip: true }],
  ["another detector", { ...PIPELINE, detector: { ...detector!, id: "yunet", sha256: "12".repeat(32) } }],
  ["another order of channels", { ...PIPELINE, feed: { ...feed, channels: "BGR" as const } }],
  ["another alignment", { ...PIPELINE, alignment: { ...alignment!, version: 2 } }],
] as const;
const OTHER_SMALLEST = { ...PIPELINE, detector: { ...detector!, minFacePx: 60 } };

describe.each(FORMATS)("%s", (name) => {
  test.each([...OTHER_VECTORS, ["another smallest face", OTHER_SMALLEST] as const])(
    "is not gone on with by %s, and stays as it is",
    async (_, other) => {
      const path = await written(name);
      const before = await readFile(path);
      const again = EmbeddingsWriter.open(path, other);
      await expect(again).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
      await expect(again).rejects.toThrow(/they were made (for|with) .*choose another --out/);
      expect(await readFile(path)).toEqual(before);
      expect((await readdir(join(path, ".."))).filter((file) => /partial|tmp/.test(file))).toEqual([]);
    },
  );

  test.each(OTHER_VECTORS)("is not compared with vectors of %s", async (_, other) => {
    const path = await written(name);
    await expect(firstRow(path, other)).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
  });

  test("is compared with vectors of another smallest face, and says its own pipeline", async () => {
    const path = await written(name);
    expect(await firstRow(path, OTHER_SMALLEST)).toMatchObject({ path: "one.jpg" });
    expect((await openEmbeddings(path)).pipeline).toEqual(PIPELINE);
  });

  test("keeps what tells each photograph's file from others", async () => {
    const path = await written(name);
    expect((await readAll(path))[0]).toMatchObject(FILE);
    const writer = await EmbeddingsWriter.open(path, PIPELINE);
    expect(writer.fileOf("one.jpg")).toEqual(FILE);
    expect(writer.fileOf("two.jpg")).toBeUndefined();
    await writer.finish();
  });

  test("takes a replaced photograph's rows out, also when it has fewer faces now, or the run is stopped between", async () => {
    const path = await outPath(name);
    const first = await EmbeddingsWriter.open(path, PIPELINE);
    await first.append([record("one.jpg", 0), record("one.jpg", 1)]);
    await first.append([record("two.jpg")]);
    await first.append([record("three.jpg")]);
    await first.finish();
    const second = await EmbeddingsWriter.open(path, PIPELINE);
    expect(await second.replace("one.jpg", [record("one.jpg")])).toBe(2);
    expect(await second.replace("two.jpg", [])).toBe(1);
    await second.suspend();
    const third = await EmbeddingsWriter.open(path, PIPELINE);
    expect([...third.done].sort()).toEqual(["one.jpg", "three.jpg"]);
    expect(third.faces).toBe(2);
    await third.finish();
    expect((await readAll(path)).map((row) => [row.path, row.face])).toEqual([
      ["three.jpg", 0],
      ["one.jpg", 0],
    ]);
  });

  test("draws as a map without its header", async () => {
    const path = await written(name);
    expect(await readVectors(path)).toMatchObject({ count: 1, dimension: 12, names: ["one.jpg"] });
  });
});

test.each(["faces.jsonl", "faces.npy"])(
  "%s from before files said what made them is neither gone on with nor compared with, and can be drawn",
  async (name) => {
    const path = await written(name);
    const lines = name === "faces.npy" ? join(path, "..", "faces.names.jsonl") : path;
    const text = await readFile(lines, "utf8");
    await writeFile(lines, text.slice(text.indexOf("\n") + 1));
    expect((await openEmbeddings(path)).pipeline).toBeNull();
    await expect(EmbeddingsWriter.open(path, PIPELINE)).rejects.toThrow("does not say what made them");
    const compared = firstRow(path, PIPELINE);
    await expect(compared).rejects.toThrow('write it anew with "arcface embed"');
    expect(await readVectors(path)).toMatchObject({ count: 1 });
  },
);

test("two files in one are read when one pipeline made both, and refused when not", async () => {
  const text = await readFile(await written("faces.jsonl"), "utf8");
  const flipped = await readFile(await written("faces.jsonl", { ...PIPELINE, flip: true }), "utf8");
  const path = await outPath("faces.jsonl");
  await writeFile(path, text + text);
  expect(await readAll(path)).toHaveLength(2);
  expect(await readVectors(path)).toMatchObject({ count: 2 });
  await writeFile(path, text + flipped);
  const message = "line 3: expected rows of one pipeline in a file, got rows of another";
  await expect(readAll(path)).rejects.toThrow(message);
  await expect(readVectors(path)).rejects.toThrow(message);
});

test("a header of a newer version is refused, and so is a damaged one", async () => {
  const path = await outPath("faces.jsonl");
  const header = encodeHeader(PIPELINE);
  await writeFile(path, `${header.replace('"version":2', '"version":3')}\n`);
  await expect(openEmbeddings(path)).rejects.toThrow("got version 3; use a newer arcface");
  await writeFile(path, `${header.replace('"flip":false', '"flip":0')}\n`);
  await expect(openEmbeddings(path)).rejects.toMatchObject({ code: "BAD_FILE" });
});

test("rows that are not as long as the header says are refused", async () => {
  const path = await outPath("faces.jsonl");
  await writeFile(path, `${encodeHeader(madePipeline(13))}\n${encodeRecord(record("one.jpg"))}\n`);
  await expect(firstRow(path, madePipeline(13))).rejects.toThrow("line 2: expected a vector of 13 numbers");
});

test.each([
  ["(0, 1000000000000)", 0],
  ["(1, 1000000)", 4_000_000],
])("a matrix that claims %s is no file of faces", async (shape, bytes) => {
  const path = await outPath("faces.npy");
  const header = Buffer.alloc(128, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(118, 8);
  header.write(`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`, 10);
  await writeFile(path, Buffer.concat([header, Buffer.alloc(bytes)]));
  await writeFile(path.replace(".npy", ".names.jsonl"), `${encodeHeader(madePipeline(12))}\n{}\n`);
  await expect(firstRow(path, madePipeline(12))).rejects.toMatchObject({
    code: "BAD_FILE",
    message: expect.stringContaining("expected a float32 matrix in NPY format 1.0"),
  });
});
