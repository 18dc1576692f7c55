import { dirname, relative, resolve, sep } from "node:path";
import { FaceError, personName } from "../core/index.ts";
import { readCsv } from "./csv.ts";
import type { PeopleFolder } from "./people-folder.ts";

/** A photograph and whom it shows. */
export interface LabelledPhotograph {
  readonly path: string;
  /** Its name in reports: its path below the folder, or as the CSV gives it. */
  readonly name: string;
  readonly person: string;
}

/** Names of a column of paths, and of one of people. */
const PATH = ["path", "photograph", "picture", "image", "file", "filename"] as const;
const PERSON = ["person", "name", "subject", "identity", "label"] as const;

/** The photographs of a folder of people one by one, by person and name. */
export function labelledPhotographs({ folder, people }: PeopleFolder): LabelledPhotograph[] {
  return people.flatMap(({ name: person, paths }) =>
    paths.map((path) => ({ path, name: belowFolder(folder, path), person })),
  );
}

/**
 * The photographs that a CSV names: a path, from the CSV's folder, and a person in every line.
 *
 * Throws    FaceError BAD_FILE naming the line
 */
export async function readPeopleCsv(file: string): Promise<LabelledPhotograph[]> {
  const rows = await readCsv(file, [PATH, PERSON]);
  const photographs = rows.map(({ line, fields: [path = "", person = ""] }) => ({
    path: resolve(dirname(file), path),
    name: path,
    person: nameAt(file, line, person),
  }));
  return photographs.sort((a, b) => compare(a.person, b.person) || compare(a.name, b.name));
}

/**
 * Pairs of people who are said to look alike: a person and a person in every line of a CSV.
 *
 * Throws    FaceError BAD_FILE naming the line
 */
export async function readLookAlikePairs(file: string): Promise<(readonly [string, string])[]> {
  const rows = await readCsv(file, [PERSON, PERSON]);
  return rows.map(
    ({ line, fields: [a = "", b = ""] }) => [nameAt(file, line, a), nameAt(file, line, b)] as const,
  );
}

function nameAt(file: string, line: number, name: string): string {
  try {
    return personName(`${file}: line ${line}`, name);
  } catch (cause) {
    if (!(cause instanceof FaceError)) throw cause;
    throw new FaceError("BAD_FILE", { ...cause.parts, cause });
  }
}

function belowFolder(folder: string, path: string): string {
  return relative(folder, path).split(sep).join("/");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
