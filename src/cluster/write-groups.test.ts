import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { writeGroups } from "./write-groups.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-groups-"));
  for (const [path, text] of [
    ["a/1.jpg", "one"],
    ["b/1.jpg", "two"],
    ["b/1.JPG", "three"],
  ] as const) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});

test("photographs of one name are all there, under names of their own, and the summary beside the folders", async () => {
  const photographs = ["a/1.jpg", "b/1.jpg", "b/1.JPG", "a/1.jpg"].map((path) => join(folder, path));
  const out = join(folder, "out");
  await writeGroups(out, [{ name: "p", photographs }], { version: 1 }, "copy");
  expect((await readdir(join(out, "p"))).sort()).toEqual(["1 (2).jpg", "1 (3).JPG", "1.jpg"]);
  expect(await readFile(join(out, "p", "1 (2).jpg"), "utf8")).toBe("two");
  expect(JSON.parse(await readFile(join(out, "clusters.json"), "utf8"))).toEqual({ version: 1 });
});

test("a folder may be named with a slash at its end, new or empty", async () => {
  const photographs = [join(folder, "a/1.jpg")];
  await writeGroups(`${join(folder, "new")}/`, [{ name: "p", photographs }], {}, "copy");
  await mkdir(join(folder, "empty"));
  await writeGroups(`${join(folder, "empty")}//`, [{ name: "p", photographs }], {}, "copy");
  for (const out of ["new", "empty"]) expect(await readdir(join(folder, out, "p"))).toEqual(["1.jpg"]);
  expect((await readdir(folder)).sort()).toEqual(["a", "b", "empty", "new"]);
});

test("a photograph that is gone leaves nothing behind, and what is there already is left alone", async () => {
  const out = join(folder, "out");
  const gone = [{ name: "p", photographs: [join(folder, "a/1.jpg"), join(folder, "gone.jpg")] }];
  await expect(writeGroups(out, gone, {}, "copy")).rejects.toMatchObject({ code: "BAD_FILE" });
  expect((await readdir(folder)).sort()).toEqual(["a", "b"]);
  await expect(writeGroups(join(folder, "a"), [], {}, "copy")).rejects.toMatchObject({ code: "USAGE" });
  expect(await readdir(join(folder, "a"))).toEqual(["1.jpg"]);
});

test("links share their bytes with the photographs", async () => {
  const out = join(folder, "out");
  await writeGroups(out, [{ name: "p", photographs: [join(folder, "a/1.jpg")] }], {}, "link");
  expect((await stat(join(out, "p", "1.jpg"))).ino).toBe((await stat(join(folder, "a/1.jpg"))).ino);
});
