import { visibleText } from "./visible-text.ts";

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

/** A fault: what a thing should have been and what it was, or what went wrong with it. */
export type Fault = {
  /** A way out, or what became of things: the sentence's end, behind a semicolon. */
  readonly note?: string | undefined;
} & (
  | { readonly expected: string; readonly got: string | number; readonly cause?: unknown }
  /** In the words of another program or library. */
  | { readonly expected: string; readonly reason: string; readonly cause?: unknown }
  /** In the words of the cause. */
  | { readonly expected: string; readonly cause: unknown }
  /** Nothing to compare. */
  | { readonly problem: string; readonly cause?: unknown }
);

/** A failure in its parts: a thing, and what is wrong with it. */
export type Complaint = Fault & {
  /** A file, a flag, an argument; `image` where all that is known is its bytes, empty where nothing is. */
  readonly where: string;
};

/** A failure as a value that can be sent to another thread, where `new FaceError(parts.code, parts)` makes it again. */
export type ErrorParts = { readonly code: ErrorCode; readonly where: string; readonly note?: string } & (
  | { readonly expected: string; readonly got: string | number }
  | { readonly expected: string; readonly reason: string }
  | { readonly problem: string }
);

/** Bytes that no name is known of, as sentences call them. */
const UNNAMED = "image";

/**
 * The only error class this library throws on purpose.
 *
 * The message is one sentence, `where: expected X, got Y`, fit to be shown to the person who gave the input: what would act
 * on a terminal is written out. Its parts are there on their own, too, as they are.
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
  readonly where: string;
  /** Undefined where there was nothing to compare, and so is `got`. */
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly #parts: ErrorParts;

  constructor(code: ErrorCode, complaint: Complaint) {
    const { where } = complaint;
    const parts = { code, where, ...spelledOut(complaint) };
    super(wordsOf(complaint), complaint.cause === undefined ? undefined : { cause: complaint.cause });
    this.code = code;
    this.#parts = parts;
    this.where = where;
    if ("expected" in parts) {
      this.expected = parts.expected;
      this.got = "got" in parts ? String(parts.got) : parts.reason;
    }
  }

  /** The failure without its cause, to be sent to another thread. */
  get parts(): ErrorParts {
    return this.#parts;
  }

  /** The same failure with the name of its file, which bytes do not know; itself where it is about that file already. */
  withName(name: string): FaceError {
    if (this.where.startsWith(name)) return this;
    const where = this.where === UNNAMED || this.where === "" ? name : `${name}: ${this.where}`;
    return new FaceError(this.code, { ...this.parts, where, cause: this });
  }

  /** The same failure with one more note at its end. */
  withNote(note: string): FaceError {
    const { note: before } = this.parts;
    return new FaceError(this.code, {
      ...this.parts,
      note: before === undefined ? note : `${before}; ${note}`,
      cause: this,
    });
  }
}

type WithoutPlace<T> = T extends unknown ? Omit<T, "code" | "where"> : never;

/** The words of a fault, the cause's among them. */
function spelledOut(fault: Fault): WithoutPlace<ErrorParts> {
  const noted = fault.note ? { note: fault.note } : {};
  if ("problem" in fault) return { ...noted, problem: fault.problem };
  const { expected } = fault;
  if ("got" in fault) return { ...noted, expected, got: fault.got };
  return { ...noted, expected, reason: "reason" in fault ? fault.reason : reasonOf(fault.cause) };
}

/** Makes a failure into a sentence, here and nowhere else; it begins with `expected` where nothing says where. */
export function wordsOf(complaint: Fault & { readonly where?: string }): string {
  const { where = "" } = complaint;
  const { note, ...told } = spelledOut(complaint);
  const words =
    "problem" in told
      ? told.problem
      : `expected ${told.expected}, ${"got" in told ? `got ${told.got}` : `got: ${told.reason}`}`;
  return visibleText(`${where && `${where}: `}${words}${note === undefined ? "" : `; ${note}`}`);
}

/** A broken invariant: a defect of this library, not of its input. */
export function internal(told: string | Complaint, cause?: unknown): FaceError {
  return typeof told === "string"
    ? new FaceError("INTERNAL", { where: "internal", problem: told, cause })
    : new FaceError("INTERNAL", { ...told, where: `internal: ${told.where}` });
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
