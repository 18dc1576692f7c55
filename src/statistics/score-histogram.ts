import { FaceError } from "../core/index.ts";
import type { OperatingPoints } from "./operating-points.ts";

/**
 * Scores counted as they come, for more pairs than can be held: memory depends on the resolution alone.
 *
 * A score counts as the multiple of the resolution at or below it. Every figure is therefore exact for scores rounded
 * so: a threshold may be off by one step, a rate at a threshold that is a multiple of the resolution not at all.
 */
export class ScoreHistogram {
  /** Width of a step, in units of the score. */
  readonly resolution: number;
  readonly #steps: number;
  readonly #genuine: Float64Array;
  readonly #impostor: Float64Array;

  /**
   * @param options.stepsPerUnit how finely scores are told apart @default 100,000, which takes 3.2 MB
   * Ranges    scores in [−1, 1]
   */
  constructor(options: { readonly stepsPerUnit?: number } = {}) {
    const { stepsPerUnit = 100_000 } = options;
    if (!(Number.isInteger(stepsPerUnit) && stepsPerUnit >= 1 && stepsPerUnit <= 50_000_000)) {
      throw new FaceError("USAGE", {
        where: "histogram",
        expected: "a whole number of steps from 1 to 50,000,000",
        got: stepsPerUnit,
      });
    }
    this.#steps = stepsPerUnit;
    this.resolution = 1 / stepsPerUnit;
    this.#genuine = new Float64Array(2 * stepsPerUnit + 1);
    this.#impostor = new Float64Array(2 * stepsPerUnit + 1);
  }

  /** Counts one pair. Throws FaceError USAGE for a score outside [−1, 1], or not a number. */
  add(score: number, same: boolean): void {
    if (!(score >= -1 && score <= 1)) {
      throw new FaceError("USAGE", { where: "histogram", expected: "a score in [-1, 1]", got: score });
    }
    let step = Math.floor(score * this.#steps);
    // A score that is a multiple of the step must land on it whatever the product's rounding.
    if ((step + 1) / this.#steps <= score) step++;
    else if (step / this.#steps > score) step--;
    (same ? this.#genuine : this.#impostor)[step + this.#steps]!++;
  }

  /** Takes over the counts of another one with the same resolution: parts counted side by side. */
  merge(other: ScoreHistogram): void {
    if (other.#steps !== this.#steps) {
      throw new FaceError("SHAPE", {
        where: "histogram",
        expected: `${this.#steps} steps a unit`,
        got: other.#steps,
      });
    }
    for (let i = 0; i < this.#genuine.length; i++) {
      this.#genuine[i]! += other.#genuine[i]!;
      this.#impostor[i]! += other.#impostor[i]!;
    }
  }

  /** The effect of every threshold that is a multiple of the resolution on the pairs counted so far. */
  operatingPoints(): OperatingPoints {
    let count = 0;
    for (let i = 0; i < this.#genuine.length; i++) if (this.#genuine[i]! + this.#impostor[i]! > 0) count++;
    const threshold = new Float64Array(count);
    const genuine = new Float64Array(count);
    const impostor = new Float64Array(count);
    let g = 0;
    let n = 0;
    for (let i = this.#genuine.length - 1, p = 0; i >= 0; i--) {
      if (this.#genuine[i]! + this.#impostor[i]! === 0) continue;
      g += this.#genuine[i]!;
      n += this.#impostor[i]!;
      threshold[p] = (i - this.#steps) / this.#steps;
      genuine[p] = g;
      impostor[p++] = n;
    }
    return { threshold, genuine, impostor, genuinePairs: g, impostorPairs: n };
  }
}
