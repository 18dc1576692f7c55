import { spawn } from "node:child_process";
import { join } from "node:path";

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the built command line as a process of its own.
 *
 * @param interruptWhen sends Ctrl-C as soon as this becomes true
 */
export async function arcface(
  args: readonly string[],
  env: Record<string, string> = {},
  interruptWhen?: () => boolean,
): Promise<CliResult> {
  const bin = join(import.meta.dirname, "..", "bin", "arcface.js");
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watch =
    interruptWhen &&
    setInterval(() => {
      if (!interruptWhen()) return;
      child.kill("SIGINT");
      clearInterval(watch);
    }, 20);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  // A command that has not stopped a second after Ctrl-C ends by the signal itself, which a shell shows as 130.
  const code = await new Promise<number>((resolve) =>
    child.on("close", (exit, signal) => resolve(exit ?? (signal === "SIGINT" ? 130 : -1))),
  );
  clearInterval(watch);
  return { code, out, err };
}

/** True while a command is running here: what it sets in the environment is the process's. */
let running = false;

/**
 * Runs the built command line in this process, which saves the second in which a process of its own would start. What a
 * process is made of, as exit codes, signals and pipes, is for {@link arcface}.
 */
export async function arcfaceHere(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CliResult> {
  if (running) throw new Error("one command at a time: they share this process's environment");
  const [{ main }, { visibleLines }] = await Promise.all([
    import("../dist/cli/main.js"),
    import("../dist/cli/visible-lines.js"),
  ]);
  const before = { ...process.env };
  let out = "";
  let err = "";
  running = true;
  Object.assign(process.env, env);
  try {
    const code = await main(args, {
      out: (...lines) => {
        out += visibleLines(lines);
      },
      err: (...lines) => {
        err += visibleLines(lines);
      },
      interactive: false,
      env: process.env,
      signal: new AbortController().signal,
    });
    return { code, out, err };
  } finally {
    running = false;
    for (const name of Object.keys(env))
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  }
}

/** Standard output as one JSON value a line. */
export function jsonLines<T>({ out }: CliResult): T[] {
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}
