import { visibleLines } from "./visible-text.ts";

/** What a command may touch of the process it runs in. */
export interface CliIo {
  /** Writes lines of data, whatever a pipe should carry; each in one line, and visible: see `visible-text.ts`. */
  out(...lines: readonly string[]): void;
  /** Writes lines that only a person should read, in the same way. */
  err(...lines: readonly string[]): void;
  /** Whether progress is watched: standard error is a terminal. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The process's own. The first Ctrl-C asks the work to stop cleanly, a second one ends the process. */
export function nodeIo(): CliIo {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.once("SIGTERM", () => controller.abort());
  // A reader that went away (`| head`) is no reason for a stack trace.
  process.stdout.on("error", () => process.exit(0));
  return {
    out: (...lines) => void process.stdout.write(visibleLines(lines)),
    err: (...lines) => void process.stderr.write(visibleLines(lines)),
    interactive: process.stderr.isTTY === true,
    env: process.env,
    signal: controller.signal,
  };
}
