import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { FaceError, reasonOf } from "../core/index.ts";
import { listImages } from "../recognise/index.ts";

/** A photograph and whom it shows. */
export interface LabelledPhotograph {
  readonly path: string;
  /** What reports call it: its path below the folder, or as the CSV gives it. */
  readonly name: string;
  readonly person: string;
}

const MAX_CSV_BYTES = 1 << 26;

/**
 * The photographs of a folder with a sub-folder for every person, by person and name. Pictures that lie beside the
 * sub-folders show nobody in particular and are left out.
 *
 * Throws    FaceError BAD_FILE when there is no such folder or no sub-folder with a picture in it
 */
export async function readPeopleFolder(folder: string): Promise<LabelledPhotograph[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new FaceError(
      "BAD_FILE",
      `${folder}: expected a folder with a folder for every person, got: ${reasonOf(cause)}`,
      { cause },
    );
  });
  const photographs: LabelledPhotograph[] = [];
  for (const person of entries.sort()) {
    const inside = join(folder, person);
    if (!(await stat(inside).catch(() => undefined))?.isDirectory()) continue;
    for (const path of await listImages([inside])) {
      photographs.push({ path, name: relative(folder, path).split(sep).join("/"), person });
    }
  }
  if (photographs.length === 0) {
    throw new FaceError(
      "BAD_FILE",
      `${folder}: expected a folder for every person with pictures in it, got none; or name people in a CSV (--csv)`,
    );
  }
  return photographs;
}

/**
 * The photographs that a CSV names: a path (from the CSV's folder) and a person in every line; a first line
 * `path,person` is passed over.
 *
 * Throws    FaceError BAD_FILE naming the line
 */
export async function readPeopleCsv(file: string): Promise<LabelledPhotograph[]> {
  const photographs = (await readPairsOfFields(file, "path, person")).map(([path, person]) => ({
    path: resolve(dirname(file), path),
    name: path,
    person,
  }));
  return photographs.sort((a, b) => compare(a.person, b.person) || compare(a.name, b.name));
}

/**
 * Pairs of people who are said to look alike: a person and a person in every line of a CSV.
 *
 * Throws    FaceError BAD_FILE naming the line
 */
export async function readLookAlikePairs(file: string): Promise<(readonly [string, string])[]> {
  return await readPairsOfFields(file, "person, person");
}

/** Lines of two fields; a header that says what the fields are is passed over. */
async function readPairsOfFields(file: string, fields: string): Promise<(readonly [string, string])[]> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_CSV_BYTES) {
    throw new FaceError(
      "BAD_FILE",
      `${file}: expected a CSV of ${fields}, got ${found ? "none" : "nothing there"}`,
    );
  }
  const rows = parseCsv((await readFile(file, "utf8")).replace(/^\uFEFF/, ""));
  const pairs: (readonly [string, string])[] = [];
  for (const { fields: row, line } of rows) {
    const [first, second] = row.map((field) => field.trim());
    if (row.length === 1 && first === "") continue;
    if (line === 1 && row.join(",").replaceAll(" ", "").toLowerCase() === fields.replaceAll(" ", ""))
      continue;
    if (row.length !== 2 || !first || !second) {
      throw new FaceError(
        "BAD_FILE",
        `${file}: line ${line}: expected two fields (${fields}), got ${row.length}`,
      );
    }
    pairs.push([first, second]);
  }
  if (pairs.length === 0) throw new FaceError("BAD_FILE", `${file}: expected lines of ${fields}, got none`);
  return pairs;
}

/**
 * Comma-separated values; a field in double quotes may hold commas, line ends, and quotes written twice.
 *
 * Source    RFC 4180
 */
export function parseCsv(text: string): { fields: string[]; line: number }[] {
  const rows: { fields: string[]; line: number }[] = [];
  let fields: string[] = [];
  let field = "";
  let quoted = false;
  let line = 1;
  let start = 1;
  const endField = (): void => {
    fields.push(field);
    field = "";
  };
  const endRow = (): void => {
    endField();
    rows.push({ fields, line: start });
    fields = [];
    start = line;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\n") line++;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i]!;
      else quoted = false;
    } else if (c === '"' && field.trim() === "") {
      quoted = true;
      field = "";
    } else if (c === ",") endField();
    else if (c === "\n") endRow();
    else if (c !== "\r") field += c;
  }
  if (field !== "" || fields.length > 0) endRow();
  return rows;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
