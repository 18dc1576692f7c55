import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createVitest, type TestModule, type Vitest } from "vitest/node";

/** The way a run of test files ended. */
export interface TestRun {
  readonly end: "passed" | "failed" | "timed out";
  /** The first test that failed, after its file. */
  readonly by?: string | undefined;
}

/** Runs test files of a tree, one process at a time, and keeps what it transformed for the next run. */
export class TestRunner {
  readonly #vitest: Vitest;
  readonly #tree: string;
  /** Seconds that each file took when it last ran, with its imports. */
  readonly seconds = new Map<string, number>();

  private constructor(vitest: Vitest, tree: string) {
    this.#vitest = vitest;
    this.#tree = tree;
  }

  static async open(tree: string): Promise<TestRunner> {
    const quiet = { onInit() {} };
    const vitest = await createVitest("test", {
      root: tree,
      config: join(tree, "vitest.config.ts"),
      watch: false,
      maxWorkers: 1,
      bail: 1,
      reporters: [quiet],
      silent: true,
    });
    await vitest.standalone();
    return new TestRunner(vitest, tree);
  }

  /** Says that a source file is another now. */
  changed(path: string): void {
    this.#vitest.invalidateFile(path);
  }

  /** Runs files until one fails. @param limit seconds, after which the processes that run them are ended */
  async run(files: readonly string[], limit: number): Promise<TestRun> {
    const vitest = this.#vitest;
    // Tests that failed before would count towards this run.
    vitest.state.filesMap.clear();
    vitest.state.idMap.clear();
    const project = vitest.getRootProject();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endChildren(process.pid);
    }, limit * 1000);
    try {
      const specifications = files.map((file) => project.createSpecification(join(this.#tree, file)));
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
      for (const module of testModules) {
        const { collectDuration, duration } = module.diagnostic();
        this.seconds.set(module.moduleId.slice(this.#tree.length + 1), (collectDuration + duration) / 1000);
      }
      if (late) return { end: "timed out" };
      const by = firstFailure(this.#tree, testModules);
      if (by === undefined && unhandledErrors.length === 0) return { end: "passed" };
      return { end: "failed", by };
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.#vitest.close();
  }
}

function firstFailure(tree: string, modules: readonly TestModule[]): string | undefined {
  for (const module of modules) {
    const file = module.moduleId.slice(tree.length + 1);
    for (const test of module.children.allTests("failed")) return `${file}: ${test.fullName}`;
    if (module.state() === "failed") return `${file}: could not be run`;
  }
  return undefined;
}

/** Ends the processes that a process started, and theirs; one that loops hears no other request. */
function endChildren(parent: number): void {
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      // The fields after the command's name, which may hold spaces: state, parent, …
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      if (Number(fields[1]) !== parent) continue;
      endChildren(Number(name));
      // The bundler's own service stays.
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      if (!command.includes("esbuild")) process.kill(Number(name), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
