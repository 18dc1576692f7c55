import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIPELINE, ticking } from "../engine.contract.ts";
import { Gallery } from "../gallery.ts";
import { MadeFaces } from "../made-faces.ts";
import { expectOwnLog } from "./own-log.ts";

const made = new MadeFaces(5);
const face = () => made.face(made.direction());
const clock = ticking();
const open = async (path: string) => await Gallery.open(`sqlite:${path}`, { clock });
const namesOf = async (gallery: Gallery) => {
  const names: string[] = [];
  for await (const { name } of gallery.people()) names.push(name);
  return names;
};
const pause = async () => await new Promise((resolve) => setTimeout(resolve, 30));
const contents = (path: string) => [readFileSync(path), readFileSync(`${path}-wal`)];

async function galleryOf(...names: string[]): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), "arcface-log-")), "people.db");
  const gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock, threshold: 0.4 });
  for (const name of names) await gallery.enrol([{ name, faces: [face()] }]);
  await gallery.close();
  return path;
}

/** The files of a gallery in use, as a process that is killed leaves them, in a folder of their own. */
async function killed(path: string, ...names: string[]): Promise<string> {
  const gallery = await open(path);
  for (const name of names) await gallery.enrol([{ name, faces: [face()] }]);
  const left = join(mkdtempSync(join(tmpdir(), "arcface-log-")), "people.db");
  // Copied by another process: this one would lose its locks.
  await new Promise<void>((resolve, reject) =>
    execFile(
      "sh",
      ["-c", `cp "${path}" "${left}"; cp "${path}-shm" "${left}-shm"; cp "${path}-wal" "${left}-wal"`],
      (e) => (e ? reject(e) : resolve()),
    ),
  );
  await gallery.close();
  return left;
}

test("what a killed process left is opened with all that it wrote", async () => {
  const left = await killed(await galleryOf("Ann"), "Ben", "Cat");
  await using gallery = await open(left);
  expect(await namesOf(gallery)).toEqual(["Ann", "Ben", "Cat"]);
});

test.each(["copied", "moved"])(
  "an earlier file %s over one with a log is refused, and both are left alone",
  async (how) => {
    const path = await galleryOf("Ann");
    const backup = `${path}.backup`;
    copyFileSync(path, backup);
    const between = await open(path);
    await between.enrol([{ name: "Ben", faces: [face()] }]);
    await between.close();
    const left = await killed(path, "Cat");
    await pause();
    if (how === "copied") copyFileSync(backup, left);
    else renameSync(backup, left);
    const before = contents(left);
    await expect(open(left)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("move"),
    });
    expect(contents(left)).toEqual(before);
    for (const ending of ["-wal", "-shm"]) renameSync(left + ending, `${left}.away${ending}`);
    await using gallery = await open(left);
    expect(await namesOf(gallery)).toEqual(["Ann"]);
  },
);

test.each(["copied", "moved"])(
  "a file %s over its equal is refused while a log is there, until that is touched",
  async (how) => {
    const path = await galleryOf("Ann");
    const backup = `${path}.backup`;
    copyFileSync(path, backup);
    const left = await killed(path, "Ben");
    await pause();
    if (how === "copied") copyFileSync(backup, left);
    else renameSync(backup, left);
    const before = contents(left);
    await expect(open(left)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(contents(left)).toEqual(before);
    await pause();
    utimesSync(`${left}-wal`, new Date(), new Date());
    await using gallery = await open(left);
    expect(await namesOf(gallery)).toEqual(["Ann", "Ben"]);
  },
);

test("another gallery's file, or an empty one, in a killed process's place is refused", async () => {
  const left = await killed(await galleryOf("Ann"), "Ben");
  await pause();
  copyFileSync(await galleryOf("Dan", "Eve"), left);
  await expect(open(left)).rejects.toMatchObject({ code: "CONFLICT" });
  writeFileSync(left, "");
  await expect(open(left)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(readFileSync(left)).toHaveLength(0);
  expect(readFileSync(`${left}-wal`).length).toBeGreaterThan(0);
});

test("a file moved over a gallery in use is refused", async () => {
  const path = await galleryOf("Ann");
  copyFileSync(path, `${path}.backup`);
  await using running = await open(path);
  await running.enrol([{ name: "Ben", faces: [face()] }]);
  await pause();
  renameSync(`${path}.backup`, path);
  await expect(open(path)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(running.enrol([{ name: "Cat", faces: [face()] }])).rejects.toMatchObject({ code: "STORAGE" });
});

test("a log that whoever used the gallery last takes away meanwhile is no failure of the next opening", async () => {
  const left = await killed(await galleryOf("Ann"), "Ben");
  const asked = expectOwnLog(left);
  // The log was seen; what is asked next of it comes after another process has read the file.
  rmSync(`${left}-wal`);
  await expect(asked).resolves.toBeUndefined();
});
