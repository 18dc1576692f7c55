import { readdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { FaceError } from "../../core/index.ts";
import { readCsv } from "../../photographs/index.ts";
import { UNKNOWN_GROUP } from "../../statistics/index.ts";
import type { ListedPicture } from "./pair-list.ts";

/** The group of each picture, for error rates by group. */
export interface PictureGroups {
  readonly names: readonly string[];
  /** Index into `names`, UNKNOWN_GROUP where the file says nothing; [pictures]. */
  readonly of: Uint16Array;
}

const MOST_GROUPS = 1000;

/** Names that a header may give to the columns. */
const COLUMNS = [
  ["picture or person", "picture", "path", "person", "name"],
  ["group", "label"],
] as const;

/**
 * Groups from a CSV file with a line `picture,group` or `person,group`: a picture's path, relative to the file's folder,
 * or the name of the folder it lies in. A picture's own line counts more than its person's. Or from a folder with a folder for
 * every group, which holds folders named as people are; the pictures may lie there or elsewhere.
 *
 * Throws    FaceError BAD_FILE with the line, or with the person who is in two groups; also for what names none of the pictures
 */
export async function readGroups(path: string, pictures: readonly ListedPicture[]): Promise<PictureGroups> {
  const found = await stat(path).catch(() => undefined);
  const { names, groupOf } = found?.isDirectory() ? await readFolders(path) : await readLines(path);
  const inFolder = (name: string): number | undefined => {
    const [first = "", ...more] = found?.isDirectory()
      ? relative(resolve(path), resolve(name)).split(sep)
      : [];
    return more.length > 0 && names.includes(first) ? names.indexOf(first) : undefined;
  };
  const of = Uint16Array.from(
    pictures,
    ({ name }) =>
      groupOf.get(name) ?? inFolder(name) ?? groupOf.get(basename(dirname(name))) ?? UNKNOWN_GROUP,
  );
  if (of.every((group) => group === UNKNOWN_GROUP)) {
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "groups of the pictures or their people",
      got: "none of theirs",
    });
  }
  return { names, of };
}

/** Names of groups, and the group of each picture or person that is named. */
interface NamedGroups {
  readonly names: string[];
  readonly groupOf: Map<string, number>;
}

async function readLines(path: string): Promise<NamedGroups> {
  const names: string[] = [];
  const groupOf = new Map<string, number>();
  for (const { line, fields } of await readCsv(path, COLUMNS)) {
    const [key = "", group = ""] = fields;
    if (!names.includes(group)) names.push(group);
    if (names.length > MOST_GROUPS)
      throw new FaceError("BAD_FILE", {
        where: `${path}: line ${line}`,
        expected: `at most ${MOST_GROUPS} groups`,
        got: "more",
      });
    groupOf.set(key, names.indexOf(group));
    if (!isAbsolute(key)) groupOf.set(join(dirname(path), key), names.indexOf(group));
  }
  return { names, groupOf };
}

async function readFolders(path: string): Promise<NamedGroups> {
  const foldersIn = async (folder: string): Promise<string[]> =>
    (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort();
  const names = await foldersIn(path);
  if (names.length > MOST_GROUPS)
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: `at most ${MOST_GROUPS} groups`,
      got: names.length,
    });
  const groupOf = new Map<string, number>();
  for (const [group, name] of names.entries()) {
    for (const person of await foldersIn(join(path, name))) {
      const other = groupOf.get(person);
      if (other !== undefined)
        throw new FaceError("BAD_FILE", {
          where: join(path, name, person),
          expected: "everybody in one group",
          got: `one who is in ${names[other]} too`,
        });
      groupOf.set(person, group);
    }
  }
  return { names, groupOf };
}
