import { stat } from "node:fs/promises";
import { basename, dirname, extname, relative, sep } from "node:path";
import { FaceError } from "../../core/index.ts";
import { listPhotographs } from "../../photographs/index.ts";
import type { IdentityPairs, ResultPair, SourcePerson } from "./identity-pairs.ts";

/** Options of {@link pairByName}. */
export interface PairingOptions {
  /** A folder of target pictures, or one picture for all results. */
  readonly target?: string | undefined;
  /** Every result with every person: the whole matrix. @default false */
  readonly all?: boolean | undefined;
}

/**
 * Pairs of sources and results by their names.
 *
 * A source that is a file is everybody's. In a folder, each picture is a person of its own, and pictures in a sub-folder
 * are one person, named after it. A result belongs to the person whose name it has, without its ending; failing that, to
 * the one in whose folder's name it lies.
 *
 * Throws    FaceError BAD_FILE where there are no pictures, or none that belong together
 */
export async function pairByName(
  source: string,
  result: string,
  options: PairingOptions = {},
): Promise<IdentityPairs> {
  const people = await peopleOf(source);
  const results = await picturesOf(result);
  const targets = options.target === undefined ? undefined : await targetsOf(options.target);
  const named = new Map(people.map(({ name }, i) => [name, i]));
  const single = people.length === 1 && (await isFile(source));
  const ownOf = (name: string): number | undefined =>
    single ? 0 : (named.get(name) ?? named.get(folderOf(name) ?? ""));
  const pairs: ResultPair[] = [];
  const unpaired: string[] = [];
  for (const { path, name } of results) {
    const own = ownOf(name);
    const target = targets?.(name);
    const rest = { result: path, ...(target !== undefined && { target }) };
    if (options.all) pairs.push(...people.map((_, person) => ({ person, ...rest, own: person === own })));
    else if (own === undefined) unpaired.push(path);
    else pairs.push({ person: own, ...rest });
  }
  if (pairs.length === 0) throw noPairs(source, result, people, results);
  const used = new Set(pairs.map(({ person }) => person));
  return {
    rule: options.all
      ? `every result with every person, ${people.length} × ${results.length}`
      : single
        ? "one source for all results"
        : "results and sources of one name",
    people,
    pairs,
    unpaired: {
      sources: people.flatMap(({ pictures }, i) => (used.has(i) ? [] : pictures)),
      results: unpaired,
    },
  };
}

interface NamedPicture {
  readonly path: string;
  /** Below its folder, without the ending, parts divided by a slash; accents composed, as one system writes names and another does not. */
  readonly name: string;
  /** True for a picture that was named itself. */
  readonly alone: boolean;
}

async function picturesOf(path: string): Promise<NamedPicture[]> {
  const alone = await isFile(path);
  const { paths } = await listPhotographs([path]);
  if (paths.length === 0)
    throw new FaceError("BAD_FILE", { where: path, expected: "pictures", got: "a folder without any" });
  return paths.map((each) => ({ path: each, name: nameOf(alone ? dirname(path) : path, each), alone }));
}

/** The target of a result's name: one picture that was named itself is everybody's. */
async function targetsOf(path: string): Promise<(name: string) => string | undefined> {
  const targets = await picturesOf(path);
  const [first] = targets;
  if (targets.length === 1 && first!.alone) return () => first!.path;
  const named = new Map<string, string>();
  for (const { name, path: target } of targets) {
    const other = named.get(name);
    if (other !== undefined)
      throw new FaceError("BAD_FILE", {
        where: target,
        expected: "one target of a name",
        got: `${other} too`,
      });
    named.set(name, target);
  }
  return (name) => named.get(name);
}

async function peopleOf(path: string): Promise<SourcePerson[]> {
  const people = new Map<string, string[]>();
  for (const { path: picture, name } of await picturesOf(path)) {
    const person = folderOf(name) ?? name;
    const known = people.get(person);
    if (known) known.push(picture);
    else people.set(person, [picture]);
  }
  return [...people].map(([name, pictures]) => ({ name, pictures }));
}

function nameOf(folder: string, path: string): string {
  const parts = relative(folder, path).split(sep);
  const last = parts.pop()!;
  return [...parts, basename(last, extname(last))].join("/").normalize("NFC");
}

/** The first folder on the way to a picture; undefined for one that lies beside the folders. */
function folderOf(name: string): string | undefined {
  const at = name.indexOf("/");
  return at < 0 ? undefined : name.slice(0, at);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

function noPairs(
  source: string,
  result: string,
  people: readonly SourcePerson[],
  results: readonly NamedPicture[],
): FaceError {
  return new FaceError("BAD_FILE", {
    where: result,
    expected: `results named like the sources of ${source} (${people[0]!.name}, for example)`,
    got: results[0]!.name,
    note: "a CSV file of source,result pairs them whatever they are called; one source file goes with all results",
  });
}
