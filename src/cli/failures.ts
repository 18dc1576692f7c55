import { FaceError, internal, sentenceOf, systemCode } from "../core/index.ts";
import type { PassedOver } from "../photographs/index.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import type { CliIo } from "./io.ts";

/** A failure as the last line of standard error: JSON under `--json`, a sentence otherwise. */
export function reportError(io: Pick<CliIo, "err">, error: FaceError, json: boolean): void {
  const { code, message } = error;
  io.err(json ? `${JSON.stringify({ error: { code, message } })}\n` : `arcface: ${message}\n`);
}

/**
 * Whatever was thrown as this library's error. What a system call refused is about a file or the machine; anything else
 * that is not one of ours is a defect, and says so.
 */
export function asFaceError(thrown: unknown): FaceError {
  if (thrown instanceof FaceError) return thrown;
  if (thrown instanceof Error && "syscall" in thrown && systemCode(thrown) !== undefined) {
    const path = "path" in thrown && typeof thrown.path === "string" ? thrown.path : "output";
    return new FaceError("STORAGE", { where: path, expected: "it to be read or written", cause: thrown });
  }
  return internal(sentenceOf(thrown));
}

/** Failures of a batch whose rest went on. */
export class Failures {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #errors: FaceError[] = [];

  readonly #incomplete: boolean;

  /** @param passedOver of the inputs: folders that could not be read were told, and make the result partial */
  constructor(io: CliIo, json: boolean, passedOver?: Pick<PassedOver, "unreadable">) {
    this.#io = io;
    this.#json = json;
    this.#incomplete = (passedOver?.unreadable.length ?? 0) > 0;
  }

  get count(): number {
    return this.#errors.length;
  }

  add(error: FaceError): void {
    this.#errors.push(error);
  }

  /**
   * Lists what failed on standard error.
   *
   * Returns   the exit code: the error's own when every input failed, `partial` when some did
   */
  report(inputs: number): number {
    if (this.#errors.length === 0) return this.#incomplete ? EXIT.partial : EXIT.ok;
    if (inputs > 1 && !this.#json) this.#io.err(`arcface: ${this.#errors.length} of ${inputs} failed:\n`);
    for (const error of this.#errors) reportError(this.#io, error, this.#json);
    if (this.#errors.some(({ code }) => exitCodeOf(code) === EXIT.internal)) return EXIT.internal;
    const [first] = this.#errors;
    return first && this.#errors.length === inputs ? exitCodeOf(first.code) : EXIT.partial;
  }
}
