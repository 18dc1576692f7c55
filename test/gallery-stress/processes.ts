import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Line, Owners } from "./lines.ts";
import { stressProgram } from "./program.ts";

/** The words of a process until it ended. */
export class Account {
  readonly name: string;
  /** The people whose the writer's faces are, by what it acknowledged. */
  readonly owners = new Map<string, string | null>();
  /** A step that had begun and not ended. */
  pending: { readonly what: string; readonly owners: Owners; readonly counts: boolean } | undefined;
  /** Log sequences that were acknowledged. */
  readonly sequences: number[] = [];
  readonly steps = new Map<string, number>();
  readonly wrong: string[] = [];
  asked = 0;
  counted = 0;
  ended = false;

  constructor(name: string) {
    this.name = name;
  }

  take(line: Line): void {
    if ("begins" in line)
      this.pending = { what: line.begins, owners: line.owners, counts: line.counts ?? false };
    else if ("done" in line) {
      for (const [source, to] of Object.entries(this.pending!.owners)) this.owners.set(source, to);
      if (this.pending!.counts) this.counted++;
      if (line.sequence !== null) this.sequences.push(line.sequence);
      this.steps.set(line.done, (this.steps.get(line.done) ?? 0) + 1);
      this.pending = undefined;
    } else if ("asked" in line) this.asked = line.asked;
    else if ("wrong" in line) this.wrong.push(`${this.name}: ${line.wrong}`);
    else this.ended = true;
  }
}

/** A process under stress. */
export interface StressProcess {
  readonly account: Account;
  /** Resolves when it has acknowledged something for the first time. */
  readonly going: Promise<void>;
  /** Resolves when it is gone and everything it said was taken down. */
  readonly gone: Promise<void>;
  kill(signal: "SIGKILL" | "SIGTERM"): void;
}

/** Starts a writer, a reader, or somebody who opens and closes. A signal that was not sent here is wrong. */
export function startProcess(
  role: "write" | "read" | "visit",
  address: string,
  name: string,
  seed: number,
): StressProcess {
  const account = new Account(name);
  const child = spawn(process.execPath, [stressProgram(), role, address, name, String(seed)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let markGoing = (): void => undefined;
  const going = new Promise<void>((resolve) => {
    markGoing = resolve;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (text) => {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      // The line that the process was killed in.
      return;
    }
    account.take(line);
    markGoing();
  });
  const read = new Promise<void>((resolve) => lines.on("close", resolve));
  let sent: NodeJS.Signals | undefined;
  const closed = new Promise<void>((resolve) =>
    child.on("close", (_, signal) => {
      if (signal !== null && signal !== sent) account.wrong.push(`${name}: was ended by ${signal}`);
      resolve();
    }),
  );
  const gone = Promise.all([read, closed]).then(() => {
    if (errors !== "") account.wrong.push(`${name}: ${errors.slice(0, 500)}`);
    markGoing();
  });
  const kill = (signal: "SIGKILL" | "SIGTERM"): void => {
    sent = signal;
    child.kill(signal);
  };
  return { account, going, gone, kill };
}
