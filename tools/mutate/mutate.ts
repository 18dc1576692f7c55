/**
 * Measures how much of what the code does the tests hold: small changes are drawn over all folders of src, one at a time made in a
 * copy of the tree, and the tests next to the changed file are run. A change that no test notices survives.
 *
 *     npm run mutate -- --count 330 --seed 1 --out mutants.json
 *     npm run mutate -- --again mutants.json             the survivors once more, after tests were written
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { transform } from "esbuild";
import { seeded } from "../../src/core/index.ts";
import { type Mutant, mutantsOf, mutated } from "./mutants.ts";
import { RelatedTests } from "./related-tests.ts";
import { TestRunner } from "./run-tests.ts";

type Ending = "killed" | "survived" | "timed out" | "not covered" | "not run";
interface Tried extends Mutant {
  readonly file: string;
  readonly end: Ending;
  readonly tests: readonly string[];
  readonly by?: string | undefined;
}

const { values: flags } = parseArgs({
  options: {
    count: { type: "string", default: "330" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "mutants.json" },
    again: { type: "string" },
    minutes: { type: "string", default: "600" },
  },
});

/** Files of which no mutant is made: made by a tool, or only there for tests. */
const LEFT_OUT =
  /\.test\.ts$|\.contract\.ts$|\/made-|\.d\.ts$|self-test-vector\.ts$|\/index\.ts$|^src\/index\.ts$|^src\/study\/page\//;
/** Seconds that a test file may take without a mutant; a run with one that takes longer says nothing. */
const SLOWEST_S = 90;
/** Seconds after which a run with a mutant is ended. */
const LIMIT_S = 180;
/** Seconds from which on a test file counts as long. */
const LONG_S = 60;
/** Test files run for a mutant: the nearest first, more when they notice nothing. */
const FIRST_FILES = 2;
const MOST_FILES = 4;
/** Tests that start processes over and over, train, or sweep: minutes for each mutant. Nearer tests see the same code. */
const STARTS_PROCESSES =
  /run-cli\.ts"|interrupt\.ts"|gallery-stress|trial\.ts"|(?:postgres|milvus)-servers?|postgres-schemas/;
const SLOW =
  /mnist\/mnist\.test|statistics\/coverage\.test|train\/run\/run\.test|name-digests\.test|find-marks\.test|^test\/(?:detectors|under|fuzz|checkpoint-journey|privacy|resources|large-pictures|library|prepare|ill-conditioned)\.test/;
/** Every folder has at least so many mutants. */
const LEAST_IN_FOLDER = 7;

const root = resolve(import.meta.dirname, "../..");
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
})
  .toString()
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const folderOf = (file: string): string => file.split("/")[1]!;

/** A copy that shares only what is installed; the tests see it as a checkout that was built. */
function copyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), "mutants-"));
  for (const path of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(root, path), join(tree, path));
  }
  cpSync(join(root, "dist"), join(tree, "dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  return tree;
}

/** Mutants drawn by seed: from each folder by its share of all, but a few from every one. */
function draw(count: number, seed: number): (Mutant & { file: string })[] {
  const random = seeded(seed);
  const byFolder = new Map<string, (Mutant & { file: string })[]>();
  for (const file of files.filter((path) => /^src\/.*\.ts$/.test(path) && !LEFT_OUT.test(path)).sort()) {
    const found = mutantsOf(readFileSync(join(tree, file), "utf8")).map((mutant) => ({ ...mutant, file }));
    const folder = folderOf(file);
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), ...found]);
  }
  const all = [...byFolder.values()].reduce((sum, { length }) => sum + length, 0);
  return [...byFolder.values()].flatMap((mutants) => {
    const wanted = Math.min(
      mutants.length,
      Math.max(LEAST_IN_FOLDER, Math.round((count * mutants.length) / all)),
    );
    const drawn = new Set<number>();
    while (drawn.size < wanted) drawn.add(Math.floor(random.next() * mutants.length));
    return [...drawn].sort((a, b) => a - b).map((i) => mutants[i]!);
  });
}

/** A file as it is built, so that processes and workers of the tests run the mutant too. */
async function built(code: string): Promise<string> {
  const { code: javascript } = await transform(code, { loader: "ts", format: "esm", target: "node20" });
  return javascript.replace(/(["'])(\.\.?\/[^"']*)\.ts\1/g, "$1$2.js$1");
}

const tree = copyTree();
process.once("exit", () => rmSync(tree, { recursive: true, force: true, maxRetries: 20 }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const sharedFiles = join(root, "..", "shared");
if (existsSync(sharedFiles)) process.env["ARCFACE_SHARED"] ??= sharedFiles;

// Whoever works on this machine comes first.
setPriority(10);
process.env["ARCFACE_TESTS_BUILT"] = "yes";
const runner = await TestRunner.open(tree);
const related = new RelatedTests(
  root,
  files.filter((path) => /^(src|test|examples|bin)\/.*\.ts$/.test(path)),
);
/** Tests that fail, or take too long, without any mutant too. */
const unfit = new Set<string>();
const fit = new Set<string>();
async function isFit(test: string): Promise<boolean> {
  if (fit.has(test)) return true;
  const passes = (await runner.run([test], SLOWEST_S)).end === "passed";
  (passes ? fit : unfit).add(test);
  if (!passes) console.log(`left out, as it fails or takes ${SLOWEST_S} s by itself: ${test}`);
  return passes;
}

/** The tests nearest to a file that can be used; those that take long only where no nearer one does. */
function testsOf(file: string): string[] {
  const usable = related
    .of(file)
    .filter(
      (test) =>
        !unfit.has(test) &&
        !SLOW.test(test) &&
        !STARTS_PROCESSES.test(readFileSync(join(tree, test), "utf8")),
    );
  const isQuick = (test: string): boolean => (runner.seconds.get(test) ?? 0) < LONG_S;
  return usable.filter((test, i) => i === 0 || isQuick(test)).slice(0, MOST_FILES);
}

/** The end of tests on the tree as it is; again without those that turn out unfit. */
async function judge(file: string): Promise<Pick<Tried, "end" | "tests" | "by">> {
  const tests = testsOf(file);
  if (tests.length === 0) return { end: "not covered", tests };
  for (const part of [tests.slice(0, FIRST_FILES), tests.slice(FIRST_FILES)]) {
    if (part.length === 0) continue;
    const run = await runner.run(part, LIMIT_S);
    if (run.end !== "passed")
      return { end: run.end === "failed" ? "killed" : "timed out", tests: part, by: run.by };
  }
  return { end: "survived", tests };
}

async function attempt(mutant: Mutant & { file: string }): Promise<Tried> {
  const { file } = mutant;
  const code = readFileSync(join(tree, file), "utf8");
  const change = mutated(code, mutant);
  const places = [
    join(tree, file),
    join(tree, file.replace(/^src/, "dist").replace(/\.ts$/, ".js")),
  ] as const;
  const before = places.map((place) => (existsSync(place) ? readFileSync(place) : undefined));
  for (;;) {
    let found: Pick<Tried, "end" | "tests" | "by">;
    try {
      writeFileSync(places[0], change);
      if (before[1]) writeFileSync(places[1], await built(change));
      runner.changed(places[0]);
      found = await judge(file);
    } finally {
      places.forEach((place, i) => {
        if (before[i]) writeFileSync(place, before[i]);
      });
      runner.changed(places[0]);
    }
    // A test that fails without the mutant kills nothing.
    const noticed = found.tests.filter((test) => found.by?.startsWith(test));
    const suspects =
      found.end === "survived" || found.end === "not covered"
        ? []
        : noticed.length > 0
          ? noticed
          : found.tests;
    let allFit = true;
    for (const test of suspects) allFit = (await isFit(test)) && allFit;
    if (allFit) return { ...mutant, ...found };
  }
}

function report(tried: readonly Tried[]): void {
  const count = (rows: readonly Tried[]) => {
    const of = (end: Ending): number => rows.filter((row) => row.end === end).length;
    const caught = of("killed") + of("timed out");
    return {
      mutants: rows.length,
      killed: of("killed"),
      timedOut: of("timed out"),
      survived: of("survived"),
      notCovered: of("not covered"),
      caught: `${((100 * caught) / Math.max(1, rows.length - of("not run"))).toFixed(1)} %`,
    };
  };
  const folders = [...new Set(tried.map(({ file }) => folderOf(file)))];
  writeFileSync(
    flags.out,
    `${JSON.stringify(
      {
        seed: Number(flags.seed),
        all: count(tried),
        folders: Object.fromEntries(
          folders.map((name) => [name, count(tried.filter((row) => folderOf(row.file) === name))]),
        ),
        mutants: tried,
      },
      undefined,
      1,
    )}\n`,
  );
}

const until = performance.now() + 60_000 * Number(flags.minutes);
const earlier =
  flags.again === undefined
    ? undefined
    : (JSON.parse(readFileSync(flags.again, "utf8")) as { mutants: Tried[] });
/** Those of an earlier run where the text still stands; its line may have moved. */
function stillThere(mutant: Tried): (Mutant & { file: string }) | undefined {
  const path = join(tree, mutant.file);
  if (!existsSync(path)) return undefined;
  const same = mutantsOf(readFileSync(path, "utf8")).filter(
    ({ kind, from, to }) => kind === mutant.kind && from === mutant.from && to === mutant.to,
  );
  const [nearest] = same.sort((a, b) => Math.abs(a.line - mutant.line) - Math.abs(b.line - mutant.line));
  return nearest && { ...nearest, file: mutant.file };
}

const tried: Tried[] = [];
const random = seeded(Number(flags.seed));
const order =
  earlier?.mutants ??
  draw(Number(flags.count), Number(flags.seed)).map((one): Tried => ({ ...one, end: "not run", tests: [] }));
// Survivors first, then in an order of chance, so that a run that is cut short has seen every folder.
const shuffled = order
  .map((one) => ({ one, key: random.next() - Number(one.end === "survived") }))
  .sort((a, b) => a.key - b.key);
for (const [i, { one }] of shuffled.entries()) {
  const again = one.end === "survived" || one.end === "not covered" || one.end === "not run";
  const mutant = again ? stillThere(one) : undefined;
  // A place that has become another counts no longer.
  if (again && !mutant) continue;
  const begun = performance.now();
  const result = mutant && performance.now() < until ? await attempt(mutant) : one;
  tried.push(result);
  if (mutant) {
    const { end, file, line, kind, from, to } = result;
    const brief = (text: string): string => text.replace(/\s+/g, " ").slice(0, 60);
    console.log(
      `${i + 1}/${shuffled.length} ${end}: ${file}:${line} ${kind}: ${brief(from)} → ${brief(to)} (${((performance.now() - begun) / 1000).toFixed(0)} s)`,
    );
    report([...tried, ...shuffled.slice(i + 1).map(({ one: rest }) => rest)]);
  }
}
report(tried);
await runner.close();
console.log(`${flags.out}: written`);
