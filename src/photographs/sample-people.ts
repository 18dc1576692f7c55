import { seeded } from "../core/index.ts";
import type { PeopleFolder, PersonPhotographs } from "./people-folder.ts";

/**
 * People and photographs of theirs, drawn by chance. Same folder and seed, same choice.
 *
 * @param options.min people with fewer photographs are left out
 */
export function samplePeople(
  { people }: PeopleFolder,
  options: {
    readonly people: number;
    readonly photographs: number;
    readonly min: number;
    readonly seed: number;
  },
): PersonPhotographs[] {
  const random = seeded(options.seed);
  const chosen: PersonPhotographs[] = [];
  for (const { name, paths } of random.shuffle([...people])) {
    if (chosen.length >= options.people) break;
    if (paths.length < options.min) continue;
    chosen.push({ name, paths: random.shuffle([...paths]).slice(0, options.photographs) });
  }
  return chosen;
}
