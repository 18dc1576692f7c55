import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import type { RunnerTestCase } from "vitest";
import { TestRunner } from "vitest";

/** The work that the process of the tests is given. */
export interface Request {
  /** Mutants that still live: each is tried in every test that reaches it. */
  readonly alive: readonly number[];
  /** A mutant that is on from the start; then no other is tried. */
  readonly only?: number;
  /** Tests that fail without it too. */
  readonly failing?: readonly string[];
  /** Seconds from the start after which no further mutant is tried. */
  readonly seconds: number;
  /** Where events go, a JSON object a line. */
  readonly events: string;
}

/** A test that computes or waits for longer is not repeated. */
const SLOW_S = { computing: 3, waiting: 15 };

/** Its answers, in the order in which things happen. */
export type Event =
  | { readonly event: "try"; readonly test: string; readonly mutant: number }
  | { readonly event: "killed"; readonly test: string; readonly mutant: number }
  /** The test failed with it, and afterwards without it, or it timed out: no evidence. Or there was no time to try it. */
  | { readonly event: "in doubt"; readonly test: string; readonly mutant: number }
  | { readonly event: "reached"; readonly test: string; readonly mutants: readonly number[] }
  | { readonly event: "baseline failed"; readonly test: string };

interface Switch {
  on: number;
  readonly reached: Uint8Array;
  note: (id: number) => void;
}

/**
 * Runs each test as it is, a second time to see that it can be repeated, and then once with each living mutant that it
 * reached. A failure counts when the test passes again without the mutant. Vitest's retries do the repeating, hooks included.
 */
// biome-ignore lint/style/noDefaultExport: Vitest takes a runner from there.
export default class MutantRunner extends TestRunner {
  readonly #request = JSON.parse(process.env["ARCFACE_MUTANTS_REQUEST"]!) as Request;
  readonly #switch = (globalThis as unknown as { __mutants: Switch }).__mutants;
  readonly #children = process.env["ARCFACE_MUTANTS_REACHED"]!;
  readonly #alive = new Set(this.#request.alive);
  readonly #until = performance.now() + 1000 * this.#request.seconds;
  readonly #known = new Set<number>();
  #childrenRead = 0;
  /** The mutants to try in the test that runs, and the one that is on. */
  #queue: number[] = [];
  #suspect = 0;
  #begun = 0;
  #computed = 0;

  constructor(...args: ConstructorParameters<typeof TestRunner>) {
    super(...args);
    this.#switch.note = () => {};
    if (existsSync(this.#children)) this.#childrenRead = statSync(this.#children).size;
  }

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    await super.onBeforeRunTask(test);
    if (this.#request.only === undefined) test.retry = 1_000_000;
  }

  override onAfterRunTask(test: RunnerTestCase): void {
    super.onAfterRunTask(test);
    const { only, failing = [] } = this.#request;
    // One failure is enough.
    if (only !== undefined && test.result?.state === "fail" && !failing.includes(nameOf(test)))
      this.cancel("test-failure");
  }

  override onBeforeTryTask(test: RunnerTestCase, state?: { retry: number }): void {
    super.onBeforeTryTask(test);
    if (this.#request.only !== undefined) return;
    const { retry } = state!;
    if (retry === 0) {
      // Reached before a test: while modules were loaded or prepared. Repeating the test does not repeat that.
      this.#report("");
      this.#queue = [];
      this.#suspect = 0;
    }
    this.#begun = performance.now();
    this.#computed = cpuMicroseconds();
    const mutant = this.#suspect === 0 && retry > 1 ? this.#queue[0]! : 0;
    this.#turnOn(mutant);
    this.#tell({ event: "try", test: nameOf(test), mutant });
  }

  onAfterRetryTask(test: RunnerTestCase, { retry }: { retry: number }): void {
    if (this.#request.only !== undefined) return;
    this.#turnOn(0);
    if (test.result!.state === "skip") return;
    const passed = test.result!.state === "pass";
    const name = nameOf(test);
    let more = true;
    if (retry === 0) {
      const reached = this.#report(name);
      this.#queue = reached.filter((id) => this.#alive.has(id));
      const slow =
        (performance.now() - this.#begun) / 1000 > SLOW_S.waiting ||
        (cpuMicroseconds() - this.#computed) / 1e6 > SLOW_S.computing;
      if (slow) for (const mutant of this.#queue) this.#tell({ event: "in doubt", test: name, mutant });
      more = passed && !slow && this.#queue.length > 0;
      if (!passed) this.#tell({ event: "baseline failed", test: name });
    } else if (retry === 1) {
      more = passed;
      if (!passed) for (const mutant of this.#queue) this.#tell({ event: "in doubt", test: name, mutant });
    } else if (this.#suspect > 0) {
      // The check after a failure.
      this.#tell({ event: passed ? "killed" : "in doubt", test: name, mutant: this.#suspect });
      if (passed) this.#alive.delete(this.#suspect);
      this.#suspect = 0;
      more = passed && this.#queue.length > 0;
    } else {
      const mutant = this.#queue.shift()!;
      // On a busy machine a test may time out without any mutant.
      const late = test.result!.errors?.some(({ message }) => message.startsWith("Test timed out")) ?? false;
      if (late) this.#tell({ event: "in doubt", test: name, mutant });
      else if (!passed) this.#suspect = mutant;
      more = this.#suspect > 0 || this.#queue.length > 0;
    }
    if (more && performance.now() > this.#until && this.#suspect === 0) {
      more = false;
      for (const mutant of this.#queue) this.#tell({ event: "in doubt", test: name, mutant });
    }
    this.#repeat(test, more, retry === 0 && !passed);
  }

  /** Vitest tries a test again that failed, and one that passed no more. */
  #repeat(test: RunnerTestCase, again: boolean, failed: boolean): void {
    const result = test.result!;
    if (again) {
      result.state = "fail";
      result.errors = [{ message: "to be repeated" }];
      return;
    }
    test.retry = 0;
    result.state = failed ? "fail" : "pass";
    if (!failed) delete result.errors;
    else result.errors = [];
  }

  #turnOn(mutant: number): void {
    this.#switch.on = mutant;
    // Processes and threads that the test starts inherit it.
    process.env["ARCFACE_MUTANT"] = String(mutant);
  }

  /** Tells what was reached since the last call, here and in processes started meanwhile. */
  #report(test: string): number[] {
    const reached = new Set<number>();
    const { reached: flags } = this.#switch;
    for (let id = flags.indexOf(1); id >= 0; id = flags.indexOf(1, id + 1)) reached.add(id);
    flags.fill(0);
    if (existsSync(this.#children)) {
      const text = readFileSync(this.#children, "utf8");
      for (const line of text.slice(this.#childrenRead).split("\n"))
        if (line !== "") reached.add(Number(line));
      this.#childrenRead = text.length;
    }
    const mutants = [...reached].sort((a, b) => a - b);
    if (mutants.some((id) => !this.#known.has(id)) || (test !== "" && mutants.length > 0))
      this.#tell({ event: "reached", test, mutants });
    for (const id of mutants) this.#known.add(id);
    return mutants;
  }

  #tell(event: Event): void {
    appendFileSync(this.#request.events, `${JSON.stringify(event)}\n`);
  }
}

/** The time for which this process has computed. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** As Vitest's reports name it: without its file. */
function nameOf(test: RunnerTestCase): string {
  return test.fullTestName;
}
