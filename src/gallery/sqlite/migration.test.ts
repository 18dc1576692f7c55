import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIPELINE, ticking } from "../engine.contract.ts";
import { Gallery } from "../gallery.ts";
import { MadeFaces } from "../made-faces.ts";
import { openDatabase } from "./driver.ts";

const [nfc, nfd] = ["Zo\u00eb", "Zoe\u0308"];
const made = new MadeFaces(23);

/** A gallery as a version before checksums, spellings and long work left it: people "A" and "B" under names that look alike. */
async function earlierGallery(): Promise<{ path: string; vectors: Awaited<ReturnType<typeof enrolled>> }> {
  const path = join(await mkdtemp(join(tmpdir(), "arcface-earlier-")), "people.db");
  const gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock: ticking(), threshold: 0.4 });
  const vectors = await enrolled(gallery);
  await gallery.close();
  const database = await openDatabase(path);
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as {
    name: string;
  }[])
    database.exec(`DROP TRIGGER ${name}`);
  database.exec("DROP INDEX effect_link; DROP TABLE seal; ALTER TABLE face DROP COLUMN owner");
  for (const table of ["job", "job_share", "job_file"]) database.exec(`DROP TABLE ${table}`);
  for (const table of ["meta", "person", "face", "log", "effect", "vector", "crop", "erasure"])
    database.exec(`ALTER TABLE ${table} DROP COLUMN checksum`);
  for (const [from, to] of [
    ["B", nfd],
    ["A", nfc],
    ["C", "C\u200b"],
  ]) {
    database.prepare("UPDATE person SET name = ? WHERE name = ?").run(to!, from!);
    for (const column of ["before", "after"])
      database
        .prepare(
          `UPDATE effect SET ${column} = json_set(${column}, '$.name', ?) WHERE json_extract(${column}, '$.name') = ?`,
        )
        .run(to!, from!);
  }
  database.exec("PRAGMA user_version = 2");
  database.close();
  return { path, vectors };
}

async function enrolled(gallery: Gallery) {
  const faces = ["B", "A", "C"].map((name) => ({ name, faces: [made.face(made.direction())] }));
  for (const each of faces) await gallery.enrol([each]);
  await gallery.deletePerson("C");
  return new Map(faces.map(({ name, faces: [face] }) => [name, face!.vector]));
}

test("a gallery of an earlier version gets checksums and one spelling of names; nobody is lost and all of it can be undone", async () => {
  const { path, vectors } = await earlierGallery();
  const gallery = await Gallery.open(`sqlite:${path}`, { clock: ticking() });
  expect(gallery.records.respelled).toEqual([
    { from: nfd, to: `${nfc} (2)`, numbered: true },
    { from: "C\u200b", to: "C", numbered: false },
  ]);
  expect((await gallery.identify(vectors.get("A")!)).person?.name).toBe(nfc);
  expect((await gallery.identify(vectors.get("B")!)).person?.name).toBe(`${nfc} (2)`);
  await gallery.undo();
  expect((await gallery.identify(vectors.get("C")!)).person?.name).toBe("C");
  await gallery.undo(2);
  await gallery.undo(1);
  const left = [];
  for await (const { name } of gallery.people()) left.push(name);
  expect(left).toEqual(["C"]);
  await gallery.close();
  await using again = await Gallery.open(`sqlite:${path}`, { clock: ticking() });
  expect(again.records.respelled).toEqual([]);
  expect((await again.identify(vectors.get("C")!)).person?.name).toBe("C");
});
