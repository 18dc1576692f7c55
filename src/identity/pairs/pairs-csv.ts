import { stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { counted, FaceError, readLines, systemCode } from "../../core/index.ts";
import { readCsv } from "../../photographs/index.ts";
import type { IdentityPairs, ResultPair } from "./identity-pairs.ts";

/** Names that a header may give to the columns. */
const SOURCE = ["source", "identity", "id", "reference", "a"];
const RESULT = ["result", "output", "swapped", "edited", "generated", "b"];
const TARGET = ["target", "attribute", "frame"];
const PERSON = ["person", "name", "subject"];

/**
 * Pairs of a CSV file: `source,result`, `source,result,target` or `source,result,target,person`, paths relative to the file's
 * folder. Lines of one result with several sources say that all of them show the person; without a name a person is known by
 * its sources.
 *
 * Throws    FaceError BAD_FILE with the line that is none, or where one result is two people's
 */
export async function readIdentityPairs(file: string): Promise<IdentityPairs> {
  await expectFile(file);
  const rows = await rowsOf(file);
  const at = (name: string): string => (isAbsolute(name) ? name : join(dirname(file), name));
  const byResult = new Map<
    string,
    { sources: Set<string>; target?: string; person?: string; line: number }
  >();
  for (const { line, fields } of rows) {
    const { source, result, target, person } = fields;
    const known = byResult.get(at(result)) ?? { sources: new Set<string>(), line };
    known.sources.add(at(source));
    if (target !== undefined) known.target = at(target);
    if (person !== undefined && known.person !== undefined && known.person !== person)
      throw new FaceError("BAD_FILE", {
        where: `${file}: line ${line}`,
        expected: `${known.person}, whose result this is by line ${known.line}`,
        got: person,
      });
    if (person !== undefined) known.person = person;
    byResult.set(at(result), known);
  }
  const people = new Map<string, Set<string>>();
  const found = [...byResult].map(([result, { sources, target, person }]) => {
    const key = person ?? [...sources].sort().join("\n");
    const pictures = people.get(key) ?? new Set<string>();
    people.set(key, pictures);
    for (const source of sources) pictures.add(source);
    return { key, result, target };
  });
  const index = new Map([...people.keys()].map((key, i) => [key, i]));
  return {
    rule: `${basename(file)}, ${counted(rows.length, "line")}`,
    people: [...people].map(([key, pictures]) => ({
      name: key.includes("\n") || pictures.has(key) ? basename([...pictures][0]!) : key,
      pictures: [...pictures],
    })),
    pairs: found.map(
      ({ key, result, target }): ResultPair => ({
        person: index.get(key)!,
        result,
        ...(target !== undefined && { target }),
      }),
    ),
    unpaired: { sources: [], results: [] },
  };
}

async function expectFile(path: string): Promise<void> {
  const expected = "a CSV file of source,result";
  const there = await stat(path).catch((cause: unknown) => {
    const got = systemCode(cause) === "ENOENT" ? "nothing there" : String(cause);
    throw new FaceError("BAD_FILE", { where: path, expected, got, cause });
  });
  if (there.isDirectory()) throw new FaceError("BAD_FILE", { where: path, expected, got: "a folder" });
}

/** The fields of a line by their meaning. */
interface Line {
  readonly line: number;
  readonly fields: {
    readonly source: string;
    readonly result: string;
    readonly target?: string;
    readonly person?: string;
  };
}

/** Lines of two, three or four columns: as many as a header names, or the first line has. */
async function rowsOf(file: string): Promise<Line[]> {
  const forms = [
    [SOURCE, RESULT, TARGET, PERSON],
    [SOURCE, RESULT, TARGET],
    [SOURCE, RESULT],
  ];
  if (await namesPersonOnly(file)) forms.unshift([SOURCE, RESULT, PERSON]);
  let failure: unknown;
  for (const columns of forms) {
    try {
      return (await readCsv(file, columns)).map(({ line, fields }) => {
        const of = (column: string[]): string | undefined => fields[columns.indexOf(column)];
        const [target, person] = [of(TARGET), of(PERSON)];
        return {
          line,
          fields: {
            source: of(SOURCE)!,
            result: of(RESULT)!,
            ...(target !== undefined && { target }),
            ...(person !== undefined && { person }),
          },
        };
      });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** True for a header with a column for the person and none for the target: three columns mean a target otherwise. */
async function namesPersonOnly(file: string): Promise<boolean> {
  for await (const line of readLines(file)) {
    const names = line
      .toLowerCase()
      .split(/[,;\t]/)
      .map((name) => name.trim().replace(/^"|"$/g, ""));
    const has = (column: readonly string[]): boolean => names.some((name) => column.includes(name));
    return has(SOURCE) && has(RESULT) && has(PERSON) && !has(TARGET);
  }
  return false;
}
