import type { Progress } from "../core/index.ts";

/** A command's access to the process it runs in. */
export interface CliIo {
  /** Writes lines of data, whatever a pipe should carry; each in one line, and visible: see `visible-lines.ts`. */
  out(...lines: readonly string[]): void;
  /** Writes lines that only a person should read, in the same way. */
  err(...lines: readonly string[]): void;
  /** True if progress is watched: standard error is a terminal. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Says how long this command may take from Ctrl-C to its end, in milliseconds; a second without. */
  readonly mayTake?: (ms: number) => void;
  /** Told how far the work is, in place of a bar. */
  readonly onProgress?: (progress: Progress) => void;
}
