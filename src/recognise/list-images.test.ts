import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { listImages } from "./list-images.ts";

async function folderWith(...files: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface list ñ-"));
  for (const file of files) {
    await mkdir(join(folder, file, ".."), { recursive: true });
    await writeFile(join(folder, file), "");
  }
  return folder;
}

test("a folder stands for the pictures in it and below, in order of their names, and nothing else", async () => {
  const folder = await folderWith("b.JPG", "a/z.png", "a/notes.txt", "c.webp", ".hidden.jpg");
  const found = (await listImages([folder])).map((path) => relative(folder, path));
  expect(found).toEqual([".hidden.jpg", join("a", "z.png"), "b.JPG", "c.webp"]);
});

test("a file that is named counts whatever it is called, and once", async () => {
  const folder = await folderWith("upload.bin");
  const path = join(folder, "upload.bin");
  expect(await listImages([path, path])).toEqual([path]);
});

test("a folder that leads back to itself is walked once", async () => {
  const folder = await folderWith("people/a.jpg");
  await symlink(folder, join(folder, "people", "back"));
  expect(await listImages([folder])).toEqual([join(folder, "people", "a.jpg")]);
});

test("a picture that links to itself is listed, so that reading it can say what is wrong", async () => {
  const folder = await folderWith("a.jpg");
  await symlink(join(folder, "loop.jpg"), join(folder, "loop.jpg"));
  expect(await listImages([folder])).toEqual([join(folder, "a.jpg"), join(folder, "loop.jpg")]);
  expect(await listImages([join(folder, "loop.jpg")])).toEqual([join(folder, "loop.jpg")]);
});

test("a path with nothing there is an error that names it", async () => {
  await expect(listImages(["/nowhere/at all"])).rejects.toThrow(
    "/nowhere/at all: expected a file or a folder",
  );
});
