import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cosine } from "../core/index.ts";
import { type Calibration, DEFAULT_MODELS, readCalibration } from "../models/index.ts";
import { evidenceOf, strangersAt, strangerThreshold } from "../verdict/index.ts";
import { Gallery } from "./index.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";

const clock = (): Date => new Date("2026-01-01T00:00:00Z");
let folder: string;
let calibration: Calibration;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-answers-"));
  const calibrations = join(import.meta.dirname, "..", "..", "calibrations");
  calibration = await readCalibration(join(calibrations, `${DEFAULT_MODELS.embedder}.json`));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Ann with two faces and Ben with one. */
async function twoPeople(name: string, threshold: number | null) {
  const gallery = await Gallery.create(`sqlite:${join(folder, name)}`, madePipeline(), { clock, threshold });
  const made = new MadeFaces(3);
  const [ann, ben] = [made.direction(), made.direction()];
  await gallery.enrol([
    { name: "Ann", faces: [made.face(ann), made.face(ann)] },
    { name: "Ben", faces: [made.face(ben)] },
  ]);
  return { gallery, made, ann, ben };
}

test("an identification says by what threshold, whence it is, and what strangers it keeps off", async () => {
  const { gallery, made, ann } = await twoPeople("strangers.db", null);
  await using _ = gallery;
  const query = made.near(ann);
  const { threshold, verdict, answer } = await gallery.identify(query, { calibration, strangers: 0.01 });
  const size = { people: 2, faces: 3 };
  const others: number[] = [];
  for (const name of ["Ann", "Ben"]) {
    const { id } = await gallery.person(name);
    const [face] = await gallery.records.faces({ limit: 1 }, id);
    const vector = (await gallery.records.vectors([face!.id])).get(face!.id)!;
    others.push((await gallery.search(vector, 2)).find(({ person }) => person.id !== id)!.similarity);
  }
  const expected = strangerThreshold(calibration, size, 0.01, others);
  expect(verdict.strangers).toEqual(expected);
  expect(threshold).toBe(expected.threshold);
  expect(verdict).toMatchObject({ same: answer !== "unknown", threshold, calibration });
  // More faces, more strangers who come near to one of them.
  await gallery.enrol([{ name: "Cem", faces: [made.face(made.direction())] }]);
  expect((await gallery.settle({ calibration })).strangers?.faces).toBe(4);
});

test("one threshold wins for identify and verify: the caller's, the gallery's, then the calibration's", async () => {
  const { gallery, made, ann } = await twoPeople("own.db", 0.37);
  await using _ = gallery;
  const query = made.near(ann);
  const given = { calibration, threshold: 0.2 };
  expect((await gallery.identify(query, given)).threshold).toBe(0.2);
  expect((await gallery.verify("Ann", query, given)).threshold).toBe(0.2);
  const own = await gallery.identify(query, { calibration });
  expect(own.threshold).toBe(0.37);
  expect(own.verdict.strangers).toMatchObject({ source: "given", threshold: 0.37 });
  expect(own.verdict.strangers?.fpir).toEqual(
    strangersAt(calibration, { people: 2, faces: 3 }, 0.01, [], 0.37).fpir,
  );
  expect((await gallery.verify("Ann", query, { calibration })).threshold).toBe(0.37);
  const { gallery: without } = await twoPeople("none.db", null);
  await using __ = without;
  expect((await without.verify("Ann", query, { calibration })).threshold).toBe(calibration.threshold);
  await expect(without.verify("Ann", query)).rejects.toMatchObject({ code: "USAGE" });
  await expect(without.identify(query)).rejects.toMatchObject({ code: "USAGE" });
});

test("a verification is the verdict on the nearest of the person's faces, with its evidence", async () => {
  const { gallery, made, ann } = await twoPeople("verify.db", null);
  await using _ = gallery;
  const query = made.near(ann);
  const { id } = await gallery.person("Ann");
  const faces = await gallery.records.faces({ limit: 9 }, id);
  const vectors = await gallery.records.vectors(faces.map((face) => face.id));
  const nearest = Math.max(...[...vectors.values()].map((vector) => cosine(vector, query)));
  const found = await gallery.verify("Ann", query, { calibration });
  expect(found.cosine).toBe(nearest);
  expect(found.same).toBe(nearest >= calibration.threshold);
  expect(found.evidence).toEqual(evidenceOf(nearest, calibration));
});
