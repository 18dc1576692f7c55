/**
 * Measures how much of what the code does the tests hold: small changes are drawn over all folders of src and put into a copy of the
 * tree, all at once, each behind a switch. Every test file runs once; each of its tests is repeated with each change that it
 * reached. A change that no test notices survives.
 *
 *     npm run mutate -- --count 350 --seed 1 --out mutants.json
 *
 * Where the file is there already, the run goes on: with tests not run yet or changed since, for what still lives.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
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
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { transform } from "esbuild";
import { seeded } from "../../src/core/index.ts";
import { type Mutant, mutantsOf, overlap, switched } from "./mutants.ts";
import { TestFiles, type TestRun } from "./run-tests.ts";

interface Drawn extends Omit<Mutant, "kind"> {
  /** `named`: always there, as named.json says. */
  readonly kind: Mutant["kind"] | "named";
  readonly file: string;
  /** The line, without its indentation: by it the place is found again after other lines have moved. */
  readonly text: string;
  /** From the beginning of that line, with its indentation. */
  readonly column: number;
}
/** `gone`: the code is another since the mutant was drawn. It counts no longer. */
type Ending = "killed" | "timed out" | "survived" | "not reached" | "equivalent" | "gone";
interface Tried extends Drawn {
  readonly id: number;
  end: Ending;
  by?: string;
  reason?: string;
}
/** Of each test file: for which mutants it has been asked. */
interface Asked {
  readonly sha256: string;
  readonly seconds: number;
  /** Reached by its tests. */
  readonly reached: readonly number[];
  /** Reached while its modules were loaded or prepared, or by tests that cannot be repeated: a process of its own for each. */
  readonly apart: readonly number[];
  readonly triedApart: number[];
  /** Tests that fail without any mutant here. */
  readonly failing: readonly string[];
  readonly note?: string;
}
interface State {
  readonly seed: number;
  readonly mutants: Tried[];
  readonly tests: Record<string, Asked>;
}

const { values: flags } = parseArgs({
  options: {
    count: { type: "string", default: "340" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "mutants.json" },
    minutes: { type: "string", default: "600" },
    only: { type: "string" },
    patience: { type: "string", default: "1" },
  },
});
const { out } = flags;

/** Files of which no mutant is made: made by a tool, only there for tests, or run by a browser or a server. */
const LEFT_OUT =
  /\.test\.ts$|\.contract\.ts$|\/made-|\.d\.ts$|self-test-vector\.ts$|scan-bytes\.ts$|\/index\.ts$|^src\/index\.ts$|^src\/study\/page\/|gallery\/(?:milvus|postgres)\//;
/** Tests that kill processes in a loop, need servers, train for minutes, or read the sources as text. */
const NOT_ASKED =
  /gallery-stress|mnist\/mnist\.test|statistics\/coverage\.test|reproduce-mnist|gallery\/(?:milvus|postgres)\/|test\/(?:interrupt|trial|fuzz|privacy|resources|small-disk|report-browser|detectors|under|large-pictures|train|checkpoint-journey|gallery-postgres-disk|gallery-disk|gallery-locks|lost-answer|documents(?:-run)?|layers|doors|comments|bench-cli|spared-inputs-cli|search-threads)\.test/;
/** Tests that start the command line: seconds for each mutant, so they are asked last. */
const STARTS_PROCESSES = /run-cli\.ts"/;
/** On a busy machine everything may take so many times longer. */
const patience = Number(flags.patience);
/** Seconds in which a test file tries mutants, and after which it is ended. */
const TRIES_S = 40 * patience;
const TRIES_WITH_PROCESSES_S = 80 * patience;
const WHOLE_S = 150 * patience;
/** Seconds that may be spent on a mutant in processes of its own. */
const APART_S = 30 * patience;
/** Every folder has at least so many mutants. */
const LEAST_IN_FOLDER = 7;

const root = resolve(import.meta.dirname, "../..");
const until = performance.now() + 60_000 * Number(flags.minutes);
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
})
  .toString()
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));
/** Rows by what they have in common, in the order of the first of each. */
function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const folderOf = (file: string): string => file.split("/")[1]!;
const found = new Map<string, Drawn[]>();

/** Every mutant of a file. */
function mutantsIn(file: string): Drawn[] {
  if (!found.has(file)) {
    const code = read(file);
    const lines = code.split("\n");
    found.set(
      file,
      mutantsOf(code).map((mutant) => ({
        ...mutant,
        file,
        text: lines[mutant.line - 1]!.trim(),
        column: mutant.start - code.lastIndexOf("\n", mutant.start - 1) - 1,
      })),
    );
  }
  return found.get(file)!;
}

/** Changes that once survived and may never again; they are always tried, and counted apart. */
const NAMED = JSON.parse(readFileSync(join(import.meta.dirname, "named.json"), "utf8")) as {
  readonly file: string;
  /** An expression that is in the file once. */
  readonly from: string;
  readonly to: string;
  readonly change: string;
}[];

function namedMutants(): Drawn[] {
  return NAMED.flatMap(({ file, from, to, change }): Drawn[] => {
    const code = existsSync(join(root, file)) ? read(file) : "";
    const start = code.indexOf(from);
    if (start < 0 || code.includes(from, start + 1)) {
      console.log(`named.json: expected one "${from}" in ${file}; ${change} is not tried`);
      return [];
    }
    const line = code.slice(0, start).split("\n").length;
    const whole = { start, end: start + from.length };
    return [{ kind: "named", file, line, start, from, to, whole, text: change, column: 0 }];
  });
}

/** Mutants drawn by seed: from each folder by its share of all, but a few from every one; none within another. */
function draw(count: number, seed: number): Drawn[] {
  const random = seeded(seed);
  const named = namedMutants();
  const byFolder = groupBy(
    files
      .filter((path) => /^src\/.*\.ts$/.test(path) && !LEFT_OUT.test(path))
      .sort()
      .flatMap(mutantsIn),
    ({ file }) => folderOf(file),
  );
  const all = [...byFolder.values()].reduce((sum, { length }) => sum + length, 0);
  return [...byFolder.values()].flatMap((mutants) => {
    const wanted = Math.max(LEAST_IN_FOLDER, Math.round((count * mutants.length) / all));
    const drawn: Drawn[] = [];
    // Few are in a small folder, and those may overlap.
    for (let draws = 0; drawn.length < wanted && draws < 100 * wanted; draws++) {
      const one = mutants[Math.floor(random.next() * mutants.length)]!;
      if (![...named, ...drawn].some((other) => other.file === one.file && overlap(other, one)))
        drawn.push(one);
    }
    return drawn.sort((a, b) => mutants.indexOf(a) - mutants.indexOf(b));
  });
}

/** A mutant of an earlier run where its line still stands. */
function stillThere(mutant: Tried): Drawn | undefined {
  if (!existsSync(join(root, mutant.file))) return undefined;
  return (mutant.kind === "named" ? namedMutants() : mutantsIn(mutant.file))
    .filter(
      ({ kind, from, to, text, column }) =>
        kind === mutant.kind &&
        from === mutant.from &&
        to === mutant.to &&
        text === mutant.text &&
        column === mutant.column,
    )
    .sort((a, b) => Math.abs(a.line - mutant.line) - Math.abs(b.line - mutant.line))[0];
}

/** A copy that shares only what is installed; the tests see it as a checkout that was built. */
async function copyTree(mutants: readonly Tried[]): Promise<string> {
  const tree = mkdtempSync(join(tmpdir(), "mutants-"));
  for (const path of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(root, path), join(tree, path));
  }
  cpSync(join(root, "dist"), join(tree, "dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  for (const [file, ofFile] of groupBy(mutants, (mutant) => mutant.file)) {
    const code = switched(read(file), ofFile);
    writeFileSync(join(tree, file), code);
    // Processes and workers of the tests run what is built.
    writeFileSync(
      join(tree, file.replace(/^src/, "dist").replace(/\.ts$/, ".js")),
      (await transform(code, { loader: "ts", format: "esm", target: "node20" })).code.replace(
        /(["'])(\.\.?\/[^"']*)\.ts\1/g,
        "$1$2.js$1",
      ),
    );
  }
  execFileSync(process.execPath, [join(tree, "tools", "bundle-command.js")]);
  return tree;
}

const earlier = existsSync(out) ? (JSON.parse(readFileSync(out, "utf8")) as State) : undefined;
const state: State = earlier ?? {
  seed: Number(flags.seed),
  mutants: [...draw(Number(flags.count), Number(flags.seed)), ...namedMutants()].map((one, i) => ({
    ...one,
    id: i + 1,
    end: "not reached",
  })),
  tests: {},
};
const { mutants, tests } = state;
for (const mutant of mutants) {
  const now = stillThere(mutant);
  if (now) Object.assign(mutant, now);
  else mutant.end = "gone";
}
// Named ones that came after the earlier run.
for (const named of namedMutants()) {
  const there = mutants.filter((one) => one.file === named.file && one.end !== "gone");
  if (!there.some((one) => overlap(one, named)))
    mutants.push({ ...named, id: mutants.length + 1, end: "not reached" });
}
const isAlive = ({ end }: Tried): boolean => !["killed", "timed out", "gone"].includes(end);
const alive = (): Tried[] => mutants.filter(isAlive);

/** Those that change nothing that anybody could see, with reasons, read one by one. */
const EQUIVALENT = JSON.parse(readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8")) as {
  readonly file: string;
  readonly text: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}[];

/** Says of each living mutant how it stands, and writes everything down. */
function report(): void {
  const reached = new Set(Object.values(tests).flatMap((test) => [...test.reached, ...test.apart]));
  for (const mutant of mutants) {
    delete mutant.reason;
    const known = EQUIVALENT.find(
      ({ file, text, from, to }) =>
        file === mutant.file && text === mutant.text && from === mutant.from && to === mutant.to,
    );
    if (known) mutant.reason = known.reason;
    if (!isAlive(mutant)) continue;
    mutant.end = known ? "equivalent" : reached.has(mutant.id) ? "survived" : "not reached";
  }
  writeFileSync(out, `${JSON.stringify(state, undefined, 1)}\n`);
}

/** The share of the mutants that a test noticed, of those that change something, by folder. */
function table(): string {
  const row = (name: string, rows: readonly Tried[]): string => {
    const of = (...ends: Ending[]): number => rows.filter(({ end }) => ends.includes(end)).length;
    const [noticed, equivalent, all] = [
      of("killed", "timed out"),
      of("equivalent"),
      rows.length - of("gone"),
    ];
    const share = ((100 * noticed) / Math.max(1, all - equivalent)).toFixed(1);
    return `| ${[name, all, of("killed"), of("timed out"), of("survived"), of("not reached"), equivalent, `${share} %`].join(" | ")} |`;
  };
  const drawn = mutants.filter(({ kind }) => kind !== "named");
  return [
    "| folder | mutants | killed | timed out | survived | not reached | equivalent | noticed |",
    "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ...[...groupBy(drawn, ({ file }) => folderOf(file))].map(([name, rows]) => row(`\`${name}/\``, rows)),
    row("all", drawn),
    row(
      "named",
      mutants.filter(({ kind }) => kind === "named"),
    ),
  ].join("\n");
}

function kill(id: number, by: string, end: "killed" | "timed out"): void {
  const mutant = mutants[id - 1]!;
  if (!isAlive(mutant)) return;
  Object.assign(mutant, { end, by });
}

/** Runs a test file with everything that still lives. */
async function ask(runner: TestFiles, file: string): Promise<void> {
  const seconds = STARTS_PROCESSES.test(read(file)) ? TRIES_WITH_PROCESSES_S : TRIES_S;
  const reached = new Set<number>();
  const apart = new Set<number>();
  const failing = new Set<string>();
  let run: TestRun;
  let begun = 0;
  // A process that a mutant ends is started again without it.
  for (let starts = 0; ; starts++) {
    run = await runner.run(file, { alive: alive().map(({ id }) => id), seconds: seconds - begun }, WHOLE_S);
    begun += run.seconds;
    for (const event of run.events) {
      if (event.event === "killed") kill(event.mutant, `${file}: ${event.test}`, "killed");
      else if (event.event === "in doubt") apart.add(event.mutant);
      else if (event.event === "baseline failed") failing.add(event.test);
      else if (event.event === "reached")
        for (const id of event.mutants) (event.test === "" ? apart : reached).add(id);
    }
    const last = run.events.at(-1);
    if (last?.event !== "try" || last.mutant === 0) break;
    // It loops, takes memory without an end, or brought the process down.
    kill(last.mutant, `${file}: ${last.test}`, run.ended ? "timed out" : "killed");
    if (starts === 4 || begun > seconds) break;
  }
  if (run.failed.includes("")) failing.add("");
  tests[file] = {
    sha256: createHash("sha256").update(read(file)).digest("hex"),
    seconds: Number(begun.toFixed(1)),
    reached: [...reached],
    apart: [...apart],
    triedApart: [],
    failing: [...failing],
    ...(run.ended && { note: run.ended }),
  };
}

/** Runs test files in a process for a mutant alone, which is on from its start. */
async function askApart(runner: TestFiles, mutant: Tried): Promise<void> {
  let spent = 0;
  const askable = Object.entries(tests)
    .filter(
      ([file, { apart, triedApart, failing, note }]) =>
        existsSync(join(root, file)) &&
        apart.includes(mutant.id) &&
        !triedApart.includes(mutant.id) &&
        !failing.includes("") &&
        note === undefined,
    )
    // Nearest first: the same folder, then the quickest.
    .sort(
      ([a, { seconds: x }], [b, { seconds: y }]) =>
        Number(dirname(b) === dirname(mutant.file)) - Number(dirname(a) === dirname(mutant.file)) || x - y,
    );
  for (const [file, asked] of askable) {
    if (spent > APART_S || performance.now() > until || !isAlive(mutant)) return;
    const limit = Math.max(30 * patience, 3 * asked.seconds);
    const run = await runner.run(
      file,
      { alive: [], only: mutant.id, failing: asked.failing, seconds: limit },
      limit,
    );
    spent += run.seconds;
    asked.triedApart.push(mutant.id);
    const [by] = run.failed.filter((test) => !asked.failing.includes(test));
    if (run.ended) kill(mutant.id, file, "timed out");
    else if (by !== undefined) kill(mutant.id, `${file}: ${by}`, "killed");
  }
}

const tree = await copyTree(mutants.filter(({ end }) => end !== "gone"));
process.once("exit", () => rmSync(tree, { recursive: true, force: true, maxRetries: 20 }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const sharedFiles = join(root, "..", "shared");
if (existsSync(sharedFiles)) process.env["ARCFACE_SHARED"] ??= sharedFiles;

process.env["ARCFACE_TESTS_BUILT"] = "yes";
process.env["CI"] = "yes";
const runner = await TestFiles.open(tree, patience);
const order = files
  .filter((path) => /^(?:src|test)\/.*\.test\.ts$/.test(path) && !NOT_ASKED.test(path))
  .filter((path) => flags.only === undefined || new RegExp(flags.only).test(path))
  .map((path) => ({
    path,
    late: Number(STARTS_PROCESSES.test(read(path))) + Number(path.startsWith("test/")),
  }))
  .sort((a, b) => a.late - b.late || (a.path < b.path ? -1 : 1))
  .map(({ path }) => path)
  .filter(
    (path) =>
      tests[path]?.note !== undefined ||
      tests[path]?.sha256 !== createHash("sha256").update(read(path)).digest("hex"),
  );
let living = alive().length;
for (const [i, file] of order.entries()) {
  if (performance.now() > until) break;
  await ask(runner, file);
  report();
  const { reached, apart, failing, note } = tests[file]!;
  console.log(
    `${i + 1}/${order.length} ${file}: ${living - alive().length} of ${living} killed, ${reached.length} reached, ${apart.length} apart (${tests[file]!.seconds} s)${failing.length > 0 ? `; ${failing.length} fail by themselves` : ""}${note ? `; ended: ${note}` : ""}`,
  );
  living = alive().length;
}
/** Test files in which a mutant was tried in a process of its own; those tried least come first when a run goes on. */
const triesOf = ({ id }: Tried): number =>
  Object.values(tests).filter(({ triedApart }) => triedApart.includes(id)).length;
for (const mutant of mutants.toSorted((a, b) => triesOf(a) - triesOf(b))) {
  if (performance.now() > until) break;
  if (!isAlive(mutant) || mutant.end === "equivalent") continue;
  await askApart(runner, mutant);
  if (!isAlive(mutant)) console.log(`${mutant.end}: ${mutant.file}:${mutant.line} by ${mutant.by}`);
}
report();
await runner.close();
console.log(table());
for (const { end, file, line, kind, from, to, by, reason } of mutants) {
  if (reason !== undefined && by !== undefined)
    console.log(`not equivalent, as ${by} notices it: ${file}:${line}`);
  const brief = (text: string): string => text.replace(/\s+/g, " ").slice(0, 70);
  if (end === "survived" || end === "not reached")
    console.log(`${end}: ${file}:${line} ${kind}: ${brief(from)} → ${brief(to)}`);
}
console.log(`${out}: written`);
