import { FaceError } from "./errors.ts";

/** The point that long work has come to. Counts never fall; `total` is absent while it is unknown. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
  /** Further things to see at this point, in a few words. */
  readonly note?: string;
}

/** Options that every long function accepts: a way to stop it and a way to watch it. */
export interface WorkOptions {
  /** Aborting stops the work at its next safe point with FaceError ABORTED. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Throws FaceError ABORTED when the caller has cancelled. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted();
}

/** The error of work that the caller has cancelled. */
export function aborted(): FaceError {
  return new FaceError("ABORTED", { where: "stopped", problem: "the work was cancelled" });
}
