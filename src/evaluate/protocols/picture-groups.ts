import { basename, dirname, isAbsolute, join } from "node:path";
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

/** Names that a header may give to the columns. */
const COLUMNS = [
  ["picture or person", "picture", "path", "person", "name"],
  ["group", "label"],
] as const;

/**
 * Groups from a CSV file with a line `picture,group` or `person,group`: a picture's path, relative to the file's folder,
 * or the name of the folder it lies in. A picture's own line counts more than its person's.
 *
 * Throws    FaceError BAD_FILE with the line, also for a file that names none of the pictures
 */
export async function readGroups(path: string, pictures: readonly ListedPicture[]): Promise<PictureGroups> {
  const names: string[] = [];
  const groupOf = new Map<string, number>();
  for (const { line, fields } of await readCsv(path, COLUMNS)) {
    const [key = "", group = ""] = fields;
    if (!names.includes(group)) names.push(group);
    if (names.length > 1000)
      throw new FaceError("BAD_FILE", {
        where: `${path}: line ${line}`,
        expected: "at most 1000 groups",
        got: "more",
      });
    groupOf.set(key, names.indexOf(group));
    if (!isAbsolute(key)) groupOf.set(join(dirname(path), key), names.indexOf(group));
  }
  const of = Uint16Array.from(
    pictures,
    ({ name }) => groupOf.get(name) ?? groupOf.get(basename(dirname(name))) ?? UNKNOWN_GROUP,
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
