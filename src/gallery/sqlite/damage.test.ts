import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { FaceError, seeded, type UnitVector } from "../../core/index.ts";
import { PIPELINE, ticking } from "../engine.contract.ts";
import { Gallery } from "../gallery.ts";
import { MadeFaces } from "../made-faces.ts";
import { Connection } from "./connection.ts";

const made = new MadeFaces(17);
const clock = ticking();

/** A gallery that is closed, in one file; a few people, some of whom moved, were deleted, or came back. */
async function makeGallery(path: string): Promise<UnitVector[]> {
  const gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock, threshold: 0.4 });
  const centres = Array.from({ length: 12 }, () => made.direction());
  for (const [i, centre] of centres.entries()) {
    const faces = [0, 1, 2].map((n) => ({
      ...made.face(centre, `p${i}/${n}.jpg`),
      crop: Uint8Array.from({ length: 200 }, (_, at) => (7 * at + i) & 255),
    }));
    await gallery.enrol([{ name: `Person ${i}`, faces, expires: i % 3 === 0 ? new Date(4e12) : null }]);
  }
  await gallery.rename("Person 3", "Renamed");
  await gallery.merge(["Person 4"], "Person 5");
  await gallery.deletePerson("Person 6");
  await gallery.deletePerson("Person 7");
  await gallery.undo();
  await gallery.close();
  return centres;
}

/** Everything that a gallery answers, as one text. */
async function answersOf(path: string, queries: readonly UnitVector[]): Promise<string> {
  await using gallery = await Gallery.open(`sqlite:${path}`, { clock });
  const found: unknown[] = [gallery.pipeline, gallery.records.settings];
  for (const query of queries) found.push(await gallery.identify(query, { k: 4 }));
  for await (const person of gallery.people()) {
    const faces = await gallery.records.faces({ limit: 100 }, person.id);
    const crops = await Promise.all(faces.map(({ id }) => gallery.records.crop(id)));
    found.push(
      await gallery.person(person.name),
      faces,
      crops.map((crop) => Buffer.from(crop ?? []).toString("hex")),
    );
  }
  found.push(await gallery.records.log({ limit: 1000 }));
  const { people, faces, deletedFaces, changes } = await gallery.records.stats();
  return JSON.stringify([found, people, faces, deletedFaces, changes]);
}

describe("Damage to a gallery's file", () => {
  let [folder, whole, copy] = ["", "", ""];
  let queries: UnitVector[] = [];
  let right = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "arcface-damage-"));
    [whole, copy] = [join(folder, "whole.db"), join(folder, "copy.db")];
    queries = await makeGallery(whole);
    right = await answersOf(whole, queries);
  });

  /** The answer of a damaged copy: the right answers, an error of this library, or something wrong. */
  const outcome = async (damage: (bytes: Buffer) => void): Promise<"right" | "noticed" | string> => {
    const bytes = await readFile(whole);
    damage(bytes);
    for (const ending of ["-wal", "-shm"]) await rm(copy + ending, { force: true });
    await writeFile(copy, bytes);
    try {
      const answers = await answersOf(copy, queries);
      if (answers === right) return "right";
      let at = 0;
      while (answers[at] === right[at]) at++;
      return `wrong: ${answers.slice(Math.max(0, at - 60), at + 60)} | ${right.slice(at, at + 60)}`;
    } catch (error) {
      if (error instanceof FaceError && error.code !== "INTERNAL" && !error.message.includes("\n"))
        return "noticed";
      return `${(error as Error).stack} ${JSON.stringify(error)}`;
    }
  };

  test("every flipped bit that changes an answer is noticed, wherever in the file it is", async () => {
    const { length } = await readFile(whole);
    const random = seeded(Number(process.env["ARCFACE_TEST_FLIPS_SEED"] ?? 3));
    const flips = Number(process.env["ARCFACE_TEST_FLIPS"] ?? 400);
    const wrong: string[] = [];
    const tally = { right: 0, noticed: 0 };
    for (let flip = 0; flip < flips; flip++) {
      const [at, bit] = [flip < 60 ? random.below(200) : random.below(length), random.below(8)];
      const found = await outcome((bytes) => {
        bytes[at]! ^= 1 << bit;
      });
      if (found === "right" || found === "noticed") tally[found]++;
      else wrong.push(`byte ${at}, bit ${bit}: ${found}`);
    }
    expect(wrong).toEqual([]);
    expect(tally.noticed).toBeGreaterThan(flips / 20);
  }, 300_000);
});

test("a damaged task of forgetting is told to whoever asks for it, and to a check; the rest can be used", async () => {
  for (const sql of [
    "UPDATE erasure SET marks = '{}'",
    "UPDATE erasure SET names = 'x'",
    "UPDATE erasure SET counts = '[]'",
    "UPDATE erasure SET receipt = '{', marks = NULL",
    "DROP TRIGGER erasure_changed; UPDATE erasure SET tries = 9",
  ]) {
    const path = join(await mkdtemp(join(tmpdir(), "arcface-damage-")), "people.db");
    await makeGallery(path);
    const gallery = await Gallery.open(`sqlite:${path}`, { clock });
    const show = (): never => {
      throw new Error("not now");
    };
    await expect(gallery.forget(["Person 1"], { show })).rejects.toThrow("not now");
    await gallery.close();
    const connection = await Connection.open(path);
    connection.database.exec(sql);
    connection.close();
    await using again = await Gallery.open(`sqlite:${path}`, { clock });
    expect((await again.person("Person 2")).faces).toBe(3);
    const sentence = expect.stringMatching(/expected erasure \d+ as it was written/);
    await expect(again.finishErasures(), sql).rejects.toMatchObject({ code: "BAD_FILE", message: sentence });
    // Rows that triggers keep in step have a right checksum.
    if (sql.startsWith("DROP"))
      expect((await again.check()).problems).toContainEqual(
        expect.stringMatching(/^erasure \d+ is not as it was written$/),
      );
  }
});

test("a check of everything finds what was altered behind the gallery's back", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "arcface-damage-")), "people.db");
  await makeGallery(path);
  const altered = async (sql: string): Promise<readonly string[]> => {
    await copyFile(path, `${path}.copy`);
    const connection = await Connection.open(`${path}.copy`);
    connection.database.exec(sql);
    connection.close();
    const gallery = await Gallery.open(`sqlite:${path}.copy`, { clock });
    try {
      return (await gallery.check()).problems;
    } finally {
      await gallery.close();
    }
  };
  expect(await altered("SELECT 1")).toEqual([]);
  expect(await altered("UPDATE vector SET value = zeroblob(256) WHERE face = 3")).toContain(
    "vector of face 3 is not as it was written",
  );
  expect(await altered("DELETE FROM vector WHERE face = 3")).toEqual([expect.stringContaining("face 3")]);
  // Rows that triggers keep in step have right checksums; the log tells another story.
  expect(await altered("UPDATE person SET name = 'Other' WHERE id = 1")).toEqual([
    "person 1: the log says otherwise, the table has it",
  ]);
  expect(await altered("DELETE FROM face WHERE id = 2")).toEqual([
    "face 2: the log says otherwise, the table does not have it",
  ]);
  expect(await altered("DROP TRIGGER crop_seal_removed; DELETE FROM crop WHERE face = 2")).toEqual([
    'table "crop" lacks rows or has others',
  ]);
});

describe("A gallery whose file is not at its path any more", () => {
  const withOpen = async (
    meddle: (path: string) => Promise<unknown>,
  ): Promise<{ error: unknown; path: string; gallery: Gallery }> => {
    const path = join(await mkdtemp(join(tmpdir(), "arcface-damage-")), "people.db");
    const gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock, threshold: 0.4 });
    const enrol = (name: string) => gallery.enrol([{ name, faces: [made.face(made.direction())] }]);
    await enrol("Before");
    await meddle(path);
    const error = await enrol("After").then(
      () => "acknowledged",
      (thrown: unknown) => thrown,
    );
    return { error, path, gallery };
  };

  test.each<[string, (path: string) => Promise<unknown>]>([
    ["it was deleted", (path) => rm(path)],
    ["it was moved away", (path) => rename(path, `${path}.old`)],
    [
      "another was put in its place",
      async (path) => {
        await copyFile(path, `${path}.new`);
        await rename(`${path}.new`, path);
      },
    ],
    ["its write-ahead log was deleted", (path) => rm(`${path}-wal`)],
  ])("acknowledges no change: %s", async (_, meddle) => {
    const { error, gallery } = await withOpen(meddle);
    expect(error).toMatchObject({ code: "STORAGE" });
    expect((error as Error).message).toMatch(/expected the file that was opened, got (none|another)/);
    await gallery.close();
  });

  test("goes on where nothing was done to it", async () => {
    const { error, gallery } = await withOpen(async () => undefined);
    expect(error).toBe("acknowledged");
    await gallery.close();
  });
});
