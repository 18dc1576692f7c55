import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { PIPELINE, ticking } from "./engine.contract.ts";
import { Gallery, storeOf } from "./gallery.ts";
import { MadeFaces } from "./made-faces.ts";

test("nothing of a gallery leads to its store, and nothing can be written through its records", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "arcface-records-")), "a.db");
  await using gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock: ticking() });
  const made = new MadeFaces(3);
  const { result } = await gallery.enrol([{ name: "Ann", faces: [made.face(made.direction())] }]);
  const store = storeOf(gallery);
  const reached = [gallery, ...Object.values(gallery), gallery.records, ...Object.values(gallery.records)];
  expect(reached).not.toContain(store);
  expect(Object.keys(gallery)).toEqual([]);
  for (const write of [
    "commit",
    "erase",
    "reserveIds",
    "beginReindex",
    "addReindexed",
    "keepNote",
    "close",
  ]) {
    expect(store, write).toHaveProperty(write);
    expect(gallery.records, write).not.toHaveProperty(write);
  }
  expect(Object.isFrozen(gallery.records)).toBe(true);
  expect(await gallery.records.people({ limit: 9 })).toMatchObject([{ id: result[0]!.person, name: "Ann" }]);
  expect(gallery.records.address).toBe(`sqlite:${path}`);
});

test("a check says of which face the vector is gone, and of which the person", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "arcface-records-")), "a.db");
  await using gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock: ticking() });
  const made = new MadeFaces(3);
  const { result } = await gallery.enrol([{ name: "Ann", faces: [made.face(made.direction())] }]);
  const { person, faces } = result[0]!;
  expect((await gallery.check()).problems).toEqual([]);
  const store = storeOf(gallery);
  vi.spyOn(store, "vectors").mockResolvedValueOnce(new Map());
  expect((await gallery.check()).problems).toEqual([`face ${faces[0]} has no vector`]);
  vi.spyOn(store, "people").mockResolvedValueOnce([]);
  expect((await gallery.check()).problems).toContain(
    `face ${faces[0]} belongs to person ${person}, who is not there`,
  );
});
