import { existsSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFileSource } from "../src/checkpoints/index.ts";
import { isDatabaseInUse } from "../src/core/index.ts";
import { Gallery } from "../src/gallery/index.ts";
import { readImage } from "../src/image/index.ts";
import { listPhotographs, readCsv } from "../src/photographs/index.ts";
import { openEmbeddings, readVectors } from "../src/recognise/embeddings/index.ts";
import { faceFor, STRESS_PIPELINE } from "./gallery-stress/made-vector.ts";

const LOCKS = "/proc/locks";
const reason = existsSync(LOCKS) ? "" : ` (skipped: ${LOCKS} is not here)`;

describe.skipIf(reason !== "")(`The locks of a process on the gallery that it has open${reason}`, () => {
  let folder: string;
  let path: string;
  let gallery: Gallery;

  /** Locks of this process on the gallery's files. */
  const locks = (): number => {
    const files = ["", "-wal", "-shm"].flatMap(
      (ending) => statSync(path + ending, { throwIfNoEntry: false }) ?? [],
    );
    return readFileSync(LOCKS, "utf8")
      .split("\n")
      .filter((line) =>
        files.some(({ ino }) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `)),
      ).length;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "arcface-locks-"));
    path = join(folder, "people.db");
    gallery = await Gallery.create(`sqlite:${path}`, STRESS_PIPELINE, {
      clock: () => new Date(),
      threshold: 0.5,
    });
    await gallery.enrol([
      { name: "Ann Example", faces: [faceFor("ann.jpg")] },
      { name: "Ben", faces: [faceFor("ben.jpg")] },
    ]);
    await gallery.search(faceFor("ann.jpg").vector, 1);
  });
  afterAll(async () => {
    await gallery.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("outlast forgetting somebody", async () => {
    const before = locks();
    expect(before).toBeGreaterThan(0);
    expect((await gallery.forget(["Ann Example"])).finished).toBe(true);
    expect(locks()).toBe(before);
  });

  test("outlast whatever is told to read its files: as photographs, in a folder of photographs, vectors, weights, lists", async () => {
    const before = locks();
    await symlink(path, join(folder, "people.jsonl"));
    await symlink(path, join(folder, "people.jpg"));
    const refused = "a database that is in use";
    for (const ending of ["", "-wal", "-shm"])
      await expect(readImage(path + ending)).rejects.toThrow(refused);
    await expect(readImage(join(folder, "people.jpg"))).rejects.toThrow(refused);
    await expect(openEmbeddings(join(folder, "people.jsonl"))).rejects.toThrow(refused);
    await expect(readVectors(join(folder, "people.jsonl"))).rejects.toThrow(refused);
    await expect(readCsv(path, [["path"]])).rejects.toThrow(refused);
    expect(() => openFileSource(path)).toThrow(refused);
    await listPhotographs([folder]);
    expect(locks()).toBe(before);
  });

  test("are not asked about for files that are no database, or of one that nobody has open", async () => {
    await writeFile(join(folder, "a.jpg"), "x");
    await copyFile(join(folder, "a.jpg"), join(folder, "b.jpg-shm"));
    const files = ["a.jpg", "b.jpg-shm", "nowhere", "people.db"].map((name) =>
      isDatabaseInUse(join(folder, name)),
    );
    expect(files).toEqual([false, false, false, true]);
    const other = join(folder, "closed.db");
    const closed = await Gallery.create(`sqlite:${other}`, STRESS_PIPELINE, { clock: () => new Date() });
    expect(isDatabaseInUse(other)).toBe(true);
    await closed.close();
  });
});
