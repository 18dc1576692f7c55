import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIPELINE, ticking } from "../src/gallery/engine.contract.ts";
import { Gallery } from "../src/gallery/index.ts";
import { MadeFaces } from "../src/gallery/made-faces.ts";
import { smallDisk } from "./small-disk.ts";

const clock = ticking();
const made = new MadeFaces(8);
const newFolder = () => mkdtempSync(join(tmpdir(), "arcface-gallery-disk-"));
const create = async (path: string) =>
  await Gallery.create(`sqlite:${path}`, PIPELINE, { clock, threshold: 0.4 });

/** Leaves a disk less than a page of room. */
function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, "filler"), Buffer.alloc(bavail * bsize));
}

test("on a full disk opening and making a gallery say so, and nothing is left of one that could not be made", async (context) => {
  const disk = await smallDisk(2);
  if ("missing" in disk) return context.skip(disk.missing);
  try {
    const elsewhere = join(newFolder(), "people.db");
    await (await create(elsewhere)).close();
    copyFileSync(elsewhere, join(disk.path, "people.db"));
    fill(disk.path);
    for (const attempt of [
      () => create(join(disk.path, "new.db")),
      () => Gallery.open(`sqlite:${join(disk.path, "people.db")}`, { clock }),
    ])
      await expect(attempt(), String(attempt)).rejects.toMatchObject({
        code: "STORAGE",
        message: expect.stringContaining("expected room on the disk, got none left"),
      });
    expect(readdirSync(disk.path).filter((name) => name.startsWith("new"))).toEqual([]);
    rmSync(join(disk.path, "filler"));
    await using again = await Gallery.open(`sqlite:${join(disk.path, "people.db")}`, { clock });
    expect((await again.records.stats()).people).toBe(0);
  } finally {
    await disk.remove();
  }
});

test("on a full disk an open gallery answers, others can open it beside, and a change that finds no room leaves it as it was", async (context) => {
  const disk = await smallDisk(4);
  if ("missing" in disk) return context.skip(disk.missing);
  try {
    const path = join(disk.path, "people.db");
    const ann = made.face(made.direction());
    const gallery = await create(path);
    await gallery.enrol([{ name: "Ann", faces: [ann] }]);
    fill(disk.path);
    const answers = async (asked: Gallery): Promise<void> => {
      expect((await asked.identify(ann.vector)).person?.name).toBe("Ann");
      expect((await asked.search(ann.vector, 1))[0]?.person.name).toBe("Ann");
      expect(await asked.records.stats()).toMatchObject({ people: 1, faces: 1, changes: 1 });
      expect((await asked.check()).problems).toEqual([]);
    };
    await answers(gallery);
    const many = Array.from({ length: 200 }, () => made.face(made.direction()));
    const room = expect.stringContaining("expected room on the disk, got none left");
    await expect(gallery.enrol([{ name: "Many", faces: many }])).rejects.toMatchObject({
      code: "STORAGE",
      message: room,
    });
    await answers(gallery);
    const beside = await Gallery.open(`sqlite:${path}`, { clock });
    await answers(beside);
    await beside.close();
    await gallery.close();
    // The driver decides whether SQLite's files beside it stay: without them there is one sentence, with them answers.
    const again = await Gallery.open(`sqlite:${path}`, { clock }).catch((error: unknown) => error);
    if (again instanceof Gallery) {
      await answers(again);
      await again.close();
    } else expect(again).toMatchObject({ code: "STORAGE", message: room });
    rmSync(join(disk.path, "filler"));
    await using later = await Gallery.open(`sqlite:${path}`, { clock });
    await answers(later);
    await later.enrol([{ name: "Ben", faces: [made.face(made.direction())] }]);
  } finally {
    await disk.remove();
  }
});

test("beside a gallery that was deleted while in use nothing stays, beside one that was moved its log does", async (context) => {
  if (!existsSync("/proc/self/fd"))
    return context.skip("this system does not tell deleted files from moved ones");
  for (const how of ["deleted", "moved"]) {
    const folder = newFolder();
    const path = join(folder, "people.db");
    const gallery = await create(path);
    await gallery.enrol([{ name: "Ann", faces: [made.face(made.direction())] }]);
    if (how === "deleted") rmSync(path);
    else renameSync(path, join(newFolder(), "people.db"));
    await expect(gallery.enrol([{ name: "Ben", faces: [] }])).rejects.toMatchObject({ code: "STORAGE" });
    await gallery.close();
    expect([how, readdirSync(folder).includes("people.db-wal")]).toEqual([how, how === "moved"]);
  }
});

test("a folder in a gallery's place, and a missing one around it, are named", async () => {
  const folder = newFolder();
  await expect(Gallery.open(`sqlite:${folder}`, { clock })).rejects.toMatchObject({
    code: "BAD_FILE",
    message: `${folder}: expected a gallery's file, got a folder`,
  });
  await expect(create(folder)).rejects.toMatchObject({ code: "BAD_FILE" });
  await expect(create(join(folder, "none", "people.db"))).rejects.toMatchObject({
    code: "STORAGE",
    message: expect.stringContaining(
      `expected a folder to make a gallery in, got none at ${join(folder, "none")}`,
    ),
  });
});
