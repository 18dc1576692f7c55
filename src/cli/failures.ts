import { FaceError, internal, reasonOf } from "../core/index.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import type { CliIo } from "./io.ts";

/** A failure as the last line of standard error: JSON under `--json`, a sentence otherwise. */
export function reportError(io: Pick<CliIo, "err">, error: FaceError, json: boolean): void {
  const { code, message } = error;
  io.err(json ? `${JSON.stringify({ error: { code, message } })}\n` : `arcface: ${message}\n`);
}

/** Whatever was thrown as this library's error. What is not one of ours is a defect, and says so. */
export function asFaceError(thrown: unknown): FaceError {
  return thrown instanceof FaceError ? thrown : internal(reasonOf(thrown));
}

/** What failed while the rest of a batch went on. */
export class Failures {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #errors: FaceError[] = [];

  constructor(io: CliIo, json: boolean) {
    this.#io = io;
    this.#json = json;
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
   * Returns   the exit code: bad input only when every input failed
   */
  report(inputs: number): number {
    if (this.#errors.length === 0) return EXIT.ok;
    if (inputs > 1 && !this.#json) this.#io.err(`arcface: ${this.#errors.length} of ${inputs} failed:\n`);
    for (const error of this.#errors) reportError(this.#io, error, this.#json);
    const [first] = this.#errors;
    return first && this.#errors.length === inputs ? exitCodeOf(first.code) : EXIT.ok;
  }
}
