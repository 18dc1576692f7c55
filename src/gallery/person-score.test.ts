import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cosine, normalize, type UnitVector } from "../core/index.ts";
import { Gallery, meanDirection, personScore } from "./index.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";

const clock = (): Date => new Date("2026-01-01T00:00:00Z");
let folder: string;
let galleries = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-score-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
const fresh = async (): Promise<Gallery> => {
  const address = `sqlite:${join(folder, `${galleries++}.db`)}`;
  return await Gallery.create(address, madePipeline(), { clock, threshold: 0.4 });
};
const mix = (a: UnitVector, b: UnitVector, share: number): UnitVector =>
  normalize(Float32Array.from(a, (x, i) => share * x + (1 - share) * b[i]!));

test("a person's similarity is half the nearest face, half the mean of their faces", async () => {
  await using gallery = await fresh();
  const made = new MadeFaces(1);
  const [ann, ben] = [made.direction(), made.direction()];
  const faces = [1, 2, 3].map(() => made.face(ann));
  const single = made.face(ben);
  await gallery.enrol([
    { name: "Ann", faces },
    { name: "Ben", faces: [single] },
  ]);
  const query = made.near(ann);
  const nearest = Math.max(...faces.map(({ vector }) => cosine(query, vector)));
  const mean = cosine(query, meanDirection(faces.map(({ vector }) => vector))!);
  const found = await gallery.identify(query, { k: 2 });
  expect(found.cosine).toBeCloseTo(nearest, 6);
  expect(found.similarity).toBeCloseTo(personScore(nearest, mean), 6);
  expect(found.answer).toBe("person");
  // Of somebody with one face both are the same.
  expect(found.rival?.person.name).toBe("Ben");
  expect(found.rival?.similarity).toBeCloseTo(cosine(query, single.vector), 6);
});

test("somebody near with every face comes before somebody with one face that is a little nearer", async () => {
  await using gallery = await fresh();
  const made = new MadeFaces(2);
  const [query, aside, other] = [made.direction(), made.direction(), made.direction()];
  const face = (share: number, towards: UnitVector) => ({
    ...made.face(query),
    vector: mix(query, towards, share),
  });
  await gallery.enrol([
    { name: "Every", faces: [face(0.6, aside), face(0.59, aside)] },
    { name: "Once", faces: [face(0.64, other), face(0.1, other), face(0.1, other)] },
  ]);
  const [first, second] = await gallery.search(query, 2);
  expect([first!.person.name, second!.person.name]).toEqual(["Every", "Once"]);
  expect(second!.cosine).toBeGreaterThan(first!.cosine);
});

test("the mean follows what is enrolled, deleted and moved", async () => {
  await using gallery = await fresh();
  const made = new MadeFaces(3);
  const centre = made.direction();
  const faces = [1, 2, 3, 4].map(() => made.face(centre));
  const query = made.near(centre);
  const expected = (some: typeof faces): number =>
    personScore(
      Math.max(...some.map(({ vector }) => cosine(query, vector))),
      cosine(query, meanDirection(some.map(({ vector }) => vector))!),
    );
  const { result } = await gallery.enrol([{ name: "Ann", faces: faces.slice(0, 3) }]);
  const similarity = async (): Promise<number | null> => (await gallery.identify(query)).similarity;
  expect(await similarity()).toBeCloseTo(expected(faces.slice(0, 3)), 6);
  await gallery.enrol([{ name: "Ann", faces: faces.slice(3) }]);
  expect(await similarity()).toBeCloseTo(expected(faces), 6);
  await gallery.deleteFaces([result[0]!.faces[0]!]);
  expect(await similarity()).toBeCloseTo(expected(faces.slice(1)), 6);
  await gallery.undo();
  expect(await similarity()).toBeCloseTo(expected(faces), 6);
});

test("one person under two names is too close to call, and neither is named", async () => {
  await using gallery = await fresh();
  const made = new MadeFaces(4);
  const centre = made.direction();
  const vector = made.near(centre);
  await gallery.enrol([
    { name: "Ann", faces: [{ ...made.face(centre), vector }] },
    { name: "Anne", faces: [{ ...made.face(centre), vector: mix(vector, made.direction(), 0.95) }] },
    { name: "Ben", faces: [made.face(made.direction())] },
  ]);
  const found = await gallery.identify(vector);
  expect(found).toMatchObject({ answer: "too-close", person: null, rival: { person: { name: "Anne" } } });
  expect(found.candidates.map(({ person }) => person.name)).toEqual(["Ann"]);
  expect(await gallery.identify(made.direction())).toMatchObject({ answer: "unknown", person: null });
});

test("a gallery of one has no rival, an empty one nobody", async () => {
  await using gallery = await fresh();
  const made = new MadeFaces(5);
  const empty = await gallery.identify(made.direction());
  expect(empty).toMatchObject({ answer: "unknown", similarity: null, rival: null, candidates: [] });
  const face = made.face(made.direction());
  await gallery.enrol([{ name: "Ann", faces: [face] }]);
  expect(await gallery.identify(face.vector)).toMatchObject({ answer: "person", rival: null });
});

test("faces that cancel each other out have no mean", () => {
  const vector = new MadeFaces(6).direction();
  expect(meanDirection([vector, normalize(Float32Array.from(vector, (x) => -x))])).toBeUndefined();
  expect(meanDirection([])).toBeUndefined();
});
