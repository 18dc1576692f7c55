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

/** A failure in its parts: something of the caller's, the thing it should have been, and the thing it was. */
export interface Complaint {
  /** A file, a flag, an argument; `image` where all that is known is its bytes. */
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

/** Bytes that no name is known of, as sentences call them. */
const UNNAMED = "image";

/**
 * The only error class this library throws on purpose.
 *
 * The message is one sentence, `where: expected X, got Y`, fit to be shown to the person who gave the input. Its parts are
 * there on their own, too: undefined in a sentence that is built otherwise.
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
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;

  /** @param said the parts, or the sentence that they make */
  constructor(code: ErrorCode, said: Complaint | string, options?: { readonly cause?: unknown }) {
    super(typeof said === "string" ? said : sentence(said), options);
    this.code = code;
    const { where, expected, got } = typeof said === "string" ? partsOf(said) : said;
    this.where = where;
    this.expected = expected;
    this.got = got;
  }

  /** The same failure with the name of its file, which bytes do not know; itself where the sentence begins with it. */
  withName(name: string): FaceError {
    if (this.message.startsWith(name)) return this;
    const rest = this.where === UNNAMED ? this.message.slice(UNNAMED.length + 2) : this.message;
    return new FaceError(this.code, `${name}: ${rest}`, { cause: this });
  }
}

function sentence({ where, expected, got }: Complaint): string {
  return `${where}: expected ${expected}, got ${got}`;
}

/** The parts of a sentence; only `where` of one that is not about a thing expected. */
function partsOf(said: string): Partial<Complaint> {
  const parts = /^(.*?): expected (.*?), got:? (.*)$/s.exec(said);
  if (parts) return { where: parts[1]!, expected: parts[2]!, got: parts[3]! };
  const [, where] = /^(.*?): /s.exec(said) ?? [];
  return where === undefined ? {} : { where };
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
