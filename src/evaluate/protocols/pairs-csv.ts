import { basename, dirname, isAbsolute, join } from "node:path";
import { FaceError, type Random } from "../../core/index.ts";
import { readCsv } from "../../photographs/index.ts";
import { stratifiedFolds } from "../../statistics/index.ts";
import { expectBothLabels, type PairList, PictureList, peopleOfPairs } from "./pair-list.ts";

const LABELS: ReadonlyMap<string, number> = new Map([
  ["1", 1],
  ["true", 1],
  ["yes", 1],
  ["0", 0],
  ["false", 0],
  ["no", 0],
]);

/** Names that a header may give to the columns. */
const COLUMNS = [
  ["path", "path1", "left", "a", "image1", "picture1", "file1"],
  ["path", "path2", "right", "b", "image2", "picture2", "file2"],
  ["same", "label", "match", "genuine"],
] as const;

/**
 * Pairs of a CSV file: two paths, relative to the file's folder, and whether they show one person (`1`, `true`, `yes`
 * or `0`, `false`, `no`). A first line that names the columns (`path1,path2,same` or `left,right,same`) is a header.
 *
 * @param random deals the pairs into folds, at most ten, each with its share of both kinds
 *
 * Throws    FaceError BAD_FILE with the line that cannot be read or names a picture that is not there, USAGE without
 *           pairs of both kinds
 */
export async function readPairsCsv(path: string, random: Random): Promise<PairList> {
  const rows = await readCsv(path, COLUMNS);
  const pictures = new PictureList();
  const [a, b] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  const same = new Uint8Array(rows.length);
  for (const [i, { line, fields }] of rows.entries()) {
    const where = `${path}: line ${line}`;
    const label = LABELS.get((fields[2] ?? "").toLowerCase());
    if (label === undefined) {
      throw new FaceError("BAD_FILE", {
        where,
        expected: `path,path,same with same one of ${[...LABELS.keys()].join(", ")}`,
        got: JSON.stringify(fields.join(",").slice(0, 80)),
      });
    }
    const at = (name: string): string => (isAbsolute(name) ? name : join(dirname(path), name));
    a[i] = pictures.add(at(fields[0]!), where);
    b[i] = pictures.add(at(fields[1]!), where);
    if (a[i] === b[i]) throw new FaceError("BAD_FILE", { where, expected: "two pictures", got: "one twice" });
    same[i] = label;
  }
  expectBothLabels(path, same);
  await pictures.expectFiles();
  return {
    protocol: `${basename(path)}, ${rows.length.toLocaleString("en")} pairs`,
    pictures: pictures.pictures,
    a,
    b,
    same,
    ...peopleOfPairs(pictures.pictures.length, { a, b, same }, (pair) => `${path}: line ${rows[pair]!.line}`),
    fold: stratifiedFolds(same, Math.min(10, rows.length), random),
  };
}
