/** What a command may touch of the process it runs in. */
export interface CliIo {
  /** Writes data; whatever a pipe should carry. */
  out(text: string): void;
  /** Writes what only a person should read. */
  err(text: string): void;
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
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    env: process.env,
    signal: controller.signal,
  };
}
