import { existsSync } from "node:fs";
import { join } from "node:path";
import { ModelStore } from "arcface-ts";

/** The store that tests share: the user's own, so that a second run downloads nothing. */
export const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });

/** Paths of the sample photographs by number, from 1; downloaded when missing. */
export async function samplePhotographs(): Promise<Record<number, string>> {
  const files = await store.pull("sample-photographs");
  return Object.fromEntries([...files].map(([name, path]) => [Number(/\d+/.exec(name)?.[0]), path]));
}

/** Weights and photographs beside the repository; undefined when they are absent. */
export const sharedFolder: string | undefined = [
  process.env["ARCFACE_SHARED"],
  join(import.meta.dirname, "..", "..", "shared"),
].find((folder) => folder !== undefined && existsSync(join(folder, "data", "lfw")));
