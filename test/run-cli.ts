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

/** Standard output as one JSON value a line. */
export function jsonLines<T>({ out }: CliResult): T[] {
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}
