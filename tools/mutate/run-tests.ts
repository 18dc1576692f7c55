import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createVitest, type Vitest } from "vitest/node";
import type { Event, Request } from "./mutant-runner.ts";

/** The end of a run of a test file. */
export interface TestRun {
  readonly events: readonly Event[];
  /** Tests that failed, by full name; the file itself as "" where it could not be run. */
  readonly failed: readonly string[];
  /** The process was ended: it was silent for too long, took too much memory or took too long altogether. */
  readonly ended?: "silent" | "memory" | "too long";
  readonly seconds: number;
}

/** Seconds after which a test with a mutant hangs: of waiting, and of computing, which a busy machine does not stretch. */
const HANGS_S = { waiting: 30, computing: 8 };
/** Seconds for which a test may run as it is. */
const BASELINE_S = 60;
/** Resident memory that a mutant may take. */
const MOST_GIB = 5;

/** Runs test files of a tree, one process at a time, and keeps what it transformed for the next run. */
export class TestFiles {
  readonly #vitest: Vitest;
  readonly #tree: string;
  readonly #patience: number;

  private constructor(vitest: Vitest, tree: string, patience: number) {
    this.#patience = patience;
    this.#vitest = vitest;
    this.#tree = tree;
  }

  /**
   * @param tree a copy of the checkout whose sources ask `__mutant`
   * @param patience how many times longer than on a machine that does nothing else everything may take
   */
  static async open(tree: string, patience: number): Promise<TestFiles> {
    const quiet = { onInit() {} };
    const vitest = await createVitest("test", {
      root: tree,
      config: join(tree, "vitest.config.ts"),
      runner: join(tree, "tools/mutate/mutant-runner.ts"),
      watch: false,
      maxWorkers: 1,
      testTimeout: 500 * HANGS_S.waiting * patience,
      reporters: [quiet],
      silent: true,
      update: false,
    });
    await vitest.standalone();
    // From here on, so that this process goes without.
    process.env["NODE_OPTIONS"] = `--import=${join(tree, "tools/mutate/switch.js")}`;
    return new TestFiles(vitest, tree, patience);
  }

  /** @param limit seconds for the whole file */
  async run(file: string, request: Omit<Request, "events">, limit: number): Promise<TestRun> {
    const vitest = this.#vitest;
    // Tests that failed before would count towards this run.
    vitest.state.filesMap.clear();
    vitest.state.idMap.clear();
    const events = join(this.#tree, "mutant-events");
    const reached = join(this.#tree, "mutants-reached");
    rmSync(reached, { force: true });
    writeFileSync(events, "");
    process.env["ARCFACE_MUTANTS_REQUEST"] = JSON.stringify({ ...request, events });
    process.env["ARCFACE_MUTANTS_REACHED"] = reached;
    process.env["ARCFACE_MUTANT"] = String(request.only ?? 0);
    const begun = performance.now();
    const seconds = (): number => (performance.now() - begun) / 1000;
    let ended: TestRun["ended"];
    let quietSince = performance.now();
    let computed = 0;
    let size = -1;
    const watch = setInterval(() => {
      const now = statSync(events).size;
      const { cpuSeconds, residentGiB } = usageOf(process.pid);
      if (now !== size) [quietSince, computed] = [performance.now(), cpuSeconds];
      size = now;
      const last = lastOf(events);
      const isMutant = request.only !== undefined || (last?.event === "try" && last.mutant > 0);
      const silent = (performance.now() - quietSince) / 1000;
      const hangs = isMutant
        ? silent > HANGS_S.waiting * this.#patience || cpuSeconds - computed > HANGS_S.computing
        : silent > BASELINE_S * this.#patience;
      if (request.only === undefined && hangs) ended ??= "silent";
      else if (residentGiB > MOST_GIB) ended ??= "memory";
      else if (seconds() > limit) ended ??= "too long";
      if (ended) endChildren(process.pid);
    }, 500);
    try {
      const specification = vitest.getRootProject().createSpecification(join(this.#tree, file));
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
      const failed = testModules.flatMap((module) => {
        const tests = [...module.children.allTests("failed")].map(({ fullName }) => fullName);
        return tests.length === 0 && module.state() === "failed" ? [""] : tests;
      });
      // A mutant that makes an error come too late for any test fails the run as well.
      if (request.only !== undefined && failed.length === 0 && unhandledErrors.length > 0) failed.push("");
      return { events: eventsIn(events), failed, ...(ended && { ended }), seconds: seconds() };
    } finally {
      clearInterval(watch);
    }
  }

  async close(): Promise<void> {
    await this.#vitest.close();
  }
}

function eventsIn(path: string): Event[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);
}

function lastOf(path: string): Event | undefined {
  return existsSync(path) ? eventsIn(path).at(-1) : undefined;
}

/** The processes that a process started, and theirs; the bundler's own service is none of them. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((name) => {
      try {
        // The fields after the command's name, which may hold spaces: state, parent, …
        const fields = readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        if (Number(fields[1]) !== parent) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return command.includes("esbuild") ? [] : [...childrenOf(Number(name)), Number(name)];
      } catch {
        // It has ended by itself.
        return [];
      }
    });
}

/** The memory that the processes started by one hold, and the time for which those that still run have computed. */
function usageOf(parent: number): { residentGiB: number; cpuSeconds: number } {
  let [pages, ticks] = [0, 0];
  for (const id of childrenOf(parent)) {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")
        .map(Number);
      ticks += fields[11]! + fields[12]!;
      pages += fields[21]!;
    } catch {
      // It has ended by itself.
    }
  }
  return { residentGiB: (pages * 4096) / 2 ** 30, cpuSeconds: ticks / 100 };
}

/** A process that loops hears no other request. */
function endChildren(parent: number): void {
  for (const id of childrenOf(parent)) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
