import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { find, represent, verify } from "arcface-ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";

let photographs: Record<number, string>;
let folder: string;
beforeAll(async () => {
  photographs = await samplePhotographs();
  folder = await mkdtemp(join(tmpdir(), "arcface-one-call-"));
  for (const number of [1, 3, 5]) await copyFile(photographs[number]!, join(folder, `${number}.jpg`));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("verify says whether two photographs show one person, with what the score means", async () => {
  const result = await verify(photographs[1]!, photographs[3]!, { store });
  if (result.kind !== "compared") throw new Error("a photograph without a face");
  expect(result.cosine).toBeGreaterThan(0.5);
  expect(result.verdict?.same).toBe(true);
});

test("represent gives the vectors of a photograph's faces", async () => {
  const { faces } = await represent(photographs[1]!, { store });
  expect(faces.length).toBeGreaterThan(2);
  expect(faces[0]!.embedding.length).toBe(512);
});

test("find searches a folder, leaves the photograph itself out, and tells what it could not read", async () => {
  await writeFile(join(folder, "broken.jpg"), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16));
  const found = await find(join(folder, "1.jpg"), folder, { k: 2, store });
  expect(found.hits.map(({ path }) => path)).toEqual([join(folder, "3.jpg"), join(folder, "5.jpg")]);
  expect(found.hits.map(({ verdict }) => verdict?.same)).toEqual([true, false]);
  expect(found.searched.photographs).toBe(3);
  expect(found.failed.map(({ path }) => path)).toEqual([join(folder, "broken.jpg")]);
});

test("find refuses an option that there is not, and names the nearest", async () => {
  const options = { threads: 2, store } as object;
  await expect(find(photographs[1]!, folder, options)).rejects.toMatchObject({ code: "USAGE" });
  await expect(find(photographs[1]!, folder, { k: 0 })).rejects.toMatchObject({ code: "USAGE" });
});
