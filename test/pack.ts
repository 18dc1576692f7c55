import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelStore } from "arcface-ts";
import sharp from "sharp";

/** The store that tests share: the user's own, so that a second run downloads nothing. */
export const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });

/** Paths of the sample photographs by number, from 1; downloaded when missing. */
export async function samplePhotographs(): Promise<Record<number, string>> {
  const files = await store.pull("sample-photographs");
  return Object.fromEntries([...files].map(([name, path]) => [Number(/\d+/.exec(name)?.[0]), path]));
}

/** Paths of the sample photographs at half their size, where it does not matter: a quarter of the pixels to look at. */
export async function halfPhotographs(): Promise<Record<number, string>> {
  const folder = await mkdtemp(join(tmpdir(), "arcface-halves-"));
  const halves: Record<number, string> = {};
  for (const [number, path] of Object.entries(await samplePhotographs())) {
    halves[Number(number)] = join(folder, `sample${number}.jpg`);
    await sharp(path).rotate().resize(960).toFile(halves[Number(number)]!);
  }
  return halves;
}

/** Weights and photographs beside the repository; undefined when they are absent. */
export const sharedFolder: string | undefined = [
  process.env["ARCFACE_SHARED"],
  join(import.meta.dirname, "..", "..", "shared"),
].find((folder) => folder !== undefined && existsSync(join(folder, "data", "lfw")));
