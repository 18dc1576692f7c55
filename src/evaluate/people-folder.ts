import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FaceError, reasonOf, seeded } from "../core/index.ts";
import { listImages } from "../recognise/index.ts";

/** A person of a folder of people. */
export interface PersonPhotographs {
  /** The folder's name. */
  readonly name: string;
  readonly paths: readonly string[];
}

/**
 * People and photographs of theirs, drawn from a folder with a folder for every person. Same seed, same choice.
 *
 * @param options.min people with fewer photographs are left out
 * Throws    FaceError BAD_FILE when there is no such folder
 */
export async function samplePeople(
  folder: string,
  options: {
    readonly people: number;
    readonly photographs: number;
    readonly min: number;
    readonly seed: number;
  },
): Promise<PersonPhotographs[]> {
  const random = seeded(options.seed);
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new FaceError(
      "BAD_FILE",
      `${folder}: expected a folder with a folder for every person, got: ${reasonOf(cause)}`,
      { cause },
    );
  });
  const chosen: PersonPhotographs[] = [];
  for (const name of random.shuffle(entries.sort())) {
    if (chosen.length >= options.people) break;
    const inside = await readdir(join(folder, name)).catch(() => undefined);
    if (!inside || inside.length < options.min) continue;
    const paths = await listImages([join(folder, name)]);
    if (paths.length < options.min) continue;
    chosen.push({ name, paths: random.shuffle(paths).slice(0, options.photographs) });
  }
  return chosen;
}
