/**
 * The closed table of failure codes. A code says what kind of thing went wrong; the sentence says where,
 * what was expected and what came instead.
 *
 * Absence is never an error: a photograph without a face is an empty list.
 */
export const ERROR_CODES = {
  USAGE: "the caller asked for something that does not exist or contradicts itself",
  BAD_IMAGE: "the bytes are not a picture that can be decoded",
  BAD_MODEL: "the file is not a network, or not one that can be run",
  BAD_CONTRACT: "a model's preprocessing contract is missing or malformed",
  BAD_FILE: "a file is missing, unreadable, of another kind, or damaged",
  NO_FACE: "exactly one face was required and the photograph has none",
  SEVERAL_FACES: "exactly one face was required and the photograph has several",
  MODEL_MISMATCH: "vectors of two different models were about to be compared",
  PERSON_UNKNOWN: "the gallery has no such person",
  CONFLICT: "what was to be changed is not what it was when the change was asked for",
  MODEL_UNKNOWN: "no model card has this id",
  MODEL_DAMAGED: "a model file differs from its card's checksum",
  LICENCE: "the model's licence has not been accepted",
  NETWORK: "a download failed",
  STORAGE: "the cache or the output could not be written",
  SHAPE: "an array has another shape than the operation needs",
  ZERO_VECTOR: "a vector without a direction cannot be normalised",
  DIVERGED: "training left the finite numbers",
  CLOSED: "the object was used after close()",
  ABORTED: "the caller cancelled the work",
  INTERNAL: "an invariant of this library is broken",
} as const;

/** One of the codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * The only error class this library throws on purpose.
 *
 * The message is one sentence, `where: expected X, got Y`, fit to be shown to the person who gave the input.
 *
 * ```ts
 * import { FaceError, readImage } from "arcface-ts";
 *
 * try {
 *   await readImage("holiday.txt");
 * } catch (error) {
 *   if (!(error instanceof FaceError) || error.code !== "BAD_IMAGE") throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class FaceError extends Error {
  override readonly name = "FaceError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A broken invariant: a defect of this library, not of its input. */
export function internal(message: string): FaceError {
  return new FaceError("INTERNAL", `internal: ${message}`);
}

/** The first line of what an unknown thrown value says, without a stack. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split("\n", 1)[0] ?? "";
}

/**
 * One sentence about an unknown thrown value: a list of issues (zod's) by its first, with its path; anything else by
 * its first line, or by its kind where that is empty.
 */
export function sentenceOf(thrown: unknown): string {
  const issues = thrown instanceof Error && "issues" in thrown ? thrown.issues : undefined;
  if (Array.isArray(issues) && issues.length > 0) {
    const { path = [], message } = issues[0] as { path?: readonly PropertyKey[]; message: string };
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    return `${path.length === 0 ? "" : `${path.map(String).join(".")}: `}${message}${more}`;
  }
  return reasonOf(thrown).trim() || (thrown instanceof Error ? thrown.name : "nothing said");
}

/** The operating system's code of a failed call (`ENOENT`, `ENOSPC`, …), if that is what was thrown. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
