import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Gallery } from "../gallery/index.ts";
import { MadeFaces, madePipeline } from "../gallery/made-faces.ts";
import { saidOfFaces } from "./said-of-faces.ts";

const folder = await mkdtemp(join(tmpdir(), "arcface-said-"));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

test("what was said of faces holds where they are found again: the same photograph, and a box that covers theirs by half", async () => {
  await using gallery = await Gallery.create(
    `sqlite:${join(folder, "g.db")}`,
    madePipeline(64, "test-model"),
    {
      clock: () => new Date(0),
    },
  );
  const made = new MadeFaces(3);
  const at = (digit: string, x: number) => {
    const face = made.face(made.direction());
    const place = { sha256: digit.repeat(64), box: { x, y: 0, width: 10, height: 10 } };
    return { ...face, provenance: { ...face.provenance, ...place } };
  };
  const faces = [at("a", 0), at("b", 0), at("c", 0), at("c", 50)];
  const { result } = await gallery.enrol(faces.map((face, i) => ({ name: `Person ${i}`, faces: [face] })));
  const ids = result.map((person) => person.faces[0]!);
  expect(await saidOfFaces(gallery, [])).toEqual({ noFaces: new Set(), known: [] });
  await gallery.answer({ kind: "same", faces: [ids[0]!, ids[1]!] });
  await gallery.answer({ kind: "different", faces: [ids[1]!, ids[2]!] });
  await gallery.answer({ kind: "no-face", faces: [ids[3]!] });
  const places = [
    { sha256: "c".repeat(64), box: { x: 52, y: 0, width: 10, height: 10 } },
    { sha256: "c".repeat(64), box: { x: 1, y: 1, width: 10, height: 10 } },
    { sha256: "b".repeat(64), box: { x: 0, y: 0, width: 10, height: 10 } },
    { sha256: "a".repeat(64), box: { x: 2, y: 0, width: 10, height: 10 } },
    { sha256: "a".repeat(64), box: { x: 8, y: 0, width: 10, height: 10 } },
    { sha256: null, box: { x: 0, y: 0, width: 10, height: 10 } },
  ];
  expect(await saidOfFaces(gallery, places)).toEqual({
    noFaces: new Set([0]),
    known: [
      { kind: "same", faces: [3, 2] },
      { kind: "different", faces: [2, 1] },
    ],
  });
  expect((await saidOfFaces(gallery, [places[3]!, places[2]!])).known).toEqual([
    { kind: "same", faces: [0, 1] },
  ]);
  // A photograph that is there twice.
  expect(await saidOfFaces(gallery, [places[0]!, places[0]!, places[3]!, places[2]!, places[2]!])).toEqual({
    noFaces: new Set([0, 1]),
    known: [
      { kind: "same", faces: [2, 3] },
      { kind: "same", faces: [2, 4] },
    ],
  });
});
