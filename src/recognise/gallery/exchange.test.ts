import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FaceError, seeded } from "../../core/index.ts";
import { Gallery, type NewFace } from "../../gallery/index.ts";
import { MadeFaces, madePipeline } from "../../gallery/made-faces.ts";
import { exportGallery, importFaces } from "./exchange.ts";

const made = new MadeFaces(31, 16);
const random = seeded(8);
const clock = (): Date => new Date(Date.UTC(2026, 0, 1));

async function fresh(): Promise<Gallery> {
  const folder = await mkdtemp(join(tmpdir(), "arcface-exchange-"));
  return await Gallery.create(`sqlite:${join(folder, "people.db")}`, madePipeline(16), {
    clock,
    threshold: 0.4,
  });
}

const one = <T>(of: readonly T[]): T => of[random.below(of.length)]!;

/** A face of whatever a caller may hand over, sound or not. */
function anyFace(): NewFace {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const number = (): number =>
    random.below(60) === 0 ? one(odd) : (random.next() - 0.3) * 10 ** random.below(6);
  const points = random.below(12) === 0 ? one([0, 3, 6]) : 5;
  const face = made.face(
    made.direction(),
    one(["a.jpg", "", 'ä "b"\n\t.jpg', "https://x/?a=1", "\ud800", "nul\0", "😀"]),
  );
  const vector =
    random.below(15) === 0 ? Float32Array.from(face.vector, (v) => v * one([0, 2, Number.NaN])) : face.vector;
  return {
    ...face,
    vector: vector as NewFace["vector"],
    provenance: {
      source: face.provenance.source,
      sha256: one([null, "cd".repeat(32), "ef".repeat(32), ...(random.below(9) === 0 ? ["", "AB"] : [])]),
      box: { x: number(), y: number(), width: number(), height: number() },
      landmarks: Array.from({ length: points }, () => [number(), number()] as const),
      score: number(),
    },
  };
}

test.each(["faces.jsonl", "faces.npy", "faces.parquet"])(
  "whatever a gallery takes it gives out and takes back, to the bit: %s",
  async (name) => {
    await using gallery = await fresh();
    const tally = { taken: 0, refused: 0 };
    for (let i = 0; i < 250; i++) {
      const expires = one([null, new Date(4e12), new Date(-1), new Date(Number.NaN), new Date(1e15)]);
      const who = one(["Ann", "Zoe\u0308", " Ben ", "王小明", "علی\u200cرضا", "a\u202eb", "", '"'])!;
      try {
        await gallery.enrol([{ name: who, faces: [anyFace()], expires }]);
        tally.taken++;
      } catch (error) {
        expect(error).toBeInstanceOf(FaceError);
        expect(["USAGE", "ZERO_VECTOR"]).toContain((error as FaceError).code);
        tally.refused++;
      }
    }
    expect(Math.min(tally.taken, tally.refused)).toBeGreaterThan(20);
    const out = join(await mkdtemp(join(tmpdir(), "arcface-exchange-")), name);
    expect(await exportGallery(gallery, out)).toBe(tally.taken);
    await using second = await fresh();
    const { faces, known, nameless } = await importFaces(second, out);
    expect([faces + known, nameless]).toEqual([tally.taken, 0]);
    expect(await contentsOf(second)).toEqual(await contentsOf(gallery));
    expect(await importFaces(second, out)).toMatchObject({ faces: 0 });
  },
);

test("faces of photographs that are known by their paths alone are taken from each of them", async () => {
  await using gallery = await fresh();
  const unsigned = (source: string): NewFace => {
    const face = made.face(made.direction(), source);
    return { ...face, provenance: { ...face.provenance, sha256: null } };
  };
  await gallery.enrol([{ name: "Ann", faces: [unsigned("a.jpg"), unsigned("b.jpg")] }]);
  const out = join(await mkdtemp(join(tmpdir(), "arcface-exchange-")), "faces.jsonl");
  await exportGallery(gallery, out);
  await using second = await fresh();
  expect(await importFaces(second, out)).toMatchObject({ faces: 2, known: 0 });
  expect(await importFaces(second, out)).toMatchObject({ faces: 0, known: 2 });
});

/** Everything about faces but their numbers. */
async function contentsOf(gallery: Gallery): Promise<string[]> {
  const found = await gallery.records.faces({ limit: 10_000 });
  const vectors = await gallery.records.vectors(found.map(({ id }) => id));
  const people = new Map<number, string>();
  for await (const { id, name, expires } of gallery.people()) people.set(id, `${name} ${expires}`);
  const lines = found.map(({ id, person, provenance }) =>
    JSON.stringify([people.get(person), provenance, [...vectors.get(id)!]]),
  );
  return [...new Set(lines)].sort();
}

test("a file of another length's vectors, of no unit vectors or of bad names is refused with its line", async () => {
  await using gallery = await fresh();
  await gallery.enrol([
    { name: "Ann", faces: [made.face(made.direction()), made.face(made.direction(), "b.jpg")] },
  ]);
  const folder = await mkdtemp(join(tmpdir(), "arcface-exchange-"));
  const out = join(folder, "faces.jsonl");
  await exportGallery(gallery, out);
  const lines = (await readFile(out, "utf8")).split("\n");
  const last = lines.findLastIndex((line) => line !== "");
  const altered = async (
    alter: (record: { embedding: number[]; person: string }) => void,
  ): Promise<string> => {
    const record = JSON.parse(lines[last]!);
    alter(record);
    await writeFile(out, lines.with(last, JSON.stringify(record)).join("\n"));
    return await importFaces(gallery, out).then(
      () => "taken",
      (error: FaceError) => `${error.code} ${error.message.slice(error.message.indexOf("faces.jsonl"))}`,
    );
  };
  const line = `faces.jsonl: line ${last + 1}: expected`;
  expect(await altered((record) => record.embedding.pop())).toMatch(
    new RegExp(`^BAD_FILE ${line} a unit vector, got 15 numbers of length 0\\.\\d+$`),
  );
  for (const [alter, length] of [
    [(record: { embedding: number[] }) => record.embedding.push(0), 17],
    [(record: { embedding: number[] }) => (record.embedding = [0.6, 0.8]), 2],
  ] as const)
    expect(await altered(alter)).toBe(
      `BAD_FILE ${line} a vector of 16 numbers, as the file's header says, got one of ${length}`,
    );
  expect(await altered((record) => (record.person = "A\u202enn"))).toContain(
    `BAD_FILE ${line} a name without control`,
  );
  expect((await gallery.records.stats()).faces).toBe(2);
  expect(await readdir(folder)).toEqual(["faces.jsonl"]);
});
