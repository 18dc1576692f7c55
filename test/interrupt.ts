import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** End of a command that was interrupted at a terminal. */
export interface Interrupted {
  /** From the first Ctrl-C to the end; null when the command ended before. */
  readonly seconds: number | null;
  readonly exit: number | null;
  readonly signal: number | null;
  readonly output: string;
  /** True if the terminal's own settings are what they were. */
  readonly sameTerminal: boolean;
}

/** True if there is a Python that can open pseudo-terminals. */
export const hasTerminal = spawnSync("python3", ["-c", "import pty"]).status === 0;

/**
 * Runs the built command line at a pseudo-terminal and presses Ctrl-C.
 *
 * @param when what its output has to show before
 * @param after seconds from then
 * @param times how often, 150 ms apart
 */
export async function interrupt(
  args: readonly string[],
  {
    when,
    after = 0,
    times = 1,
    env = {},
  }: { when?: string; after?: number; times?: number; env?: Record<string, string> },
): Promise<Interrupted> {
  const bin = join(import.meta.dirname, "..", "bin", "arcface.js");
  const task = { command: [process.execPath, bin, ...args], env, when: when ?? null, after, times };
  const { stdout } = await promisify(execFile)(
    "python3",
    [join(import.meta.dirname, "interrupt.py"), JSON.stringify(task)],
    { maxBuffer: 2 ** 28 },
  );
  return JSON.parse(stdout) as Interrupted;
}

/** Tells whether the last that was said about cursor and wrapping switches both on; true where nothing was said. */
export function leftUsable({ output }: Interrupted): boolean {
  return ["25", "7"].every(
    (mode) => output.lastIndexOf(`\u001b[?${mode}h`) >= output.lastIndexOf(`\u001b[?${mode}l`),
  );
}
