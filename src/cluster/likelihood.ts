/** The likeness of two groups of faces. */
export interface Likeness {
  /** The mean cosine over all pairs of a face of one and a face of the other. */
  readonly mean: number;
  /** The cosine of the two groups' directions: what is left of the mean when what differs within each group is taken out. */
  readonly direction: number;
}

/** An answer to what was asked about a likeness. */
export interface Settled extends Likeness {
  readonly same: boolean;
}

/** The slope that is assumed before anything was answered: odds grow e-fold with every 0.05 of cosine. */
const PRIOR_SLOPE = 20;
const PRIOR: readonly number[] = [0, PRIOR_SLOPE / 2, PRIOR_SLOPE / 2];
/** The spread that is allowed to each weight before anything was answered. */
const PRIOR_SPREAD = [3, 10, 10] as const;
const STEPS = 25;

/**
 * The probability that two groups are one person's, learned from answers: logistic in mean cosine and in the cosine of
 * directions, with a prior by which it is even at the threshold.
 *
 * Formula   maximum a posteriori by Newton's method, weights around the prior's with a normal spread
 */
export class SameLikelihood {
  readonly #threshold: number;
  #weights = PRIOR;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  /** In (0, 1). */
  of({ mean, direction }: Likeness): number {
    return probability(this.#weights, [1, mean - this.#threshold, direction - this.#threshold]);
  }

  /** Learns from all answers so far. */
  learn(answers: readonly Settled[]): void {
    const rows = answers.map(({ mean, direction, same }) => ({
      x: [1, mean - this.#threshold, direction - this.#threshold],
      same,
    }));
    let weights = PRIOR;
    let best = logPosterior(weights, rows);
    for (let step = 0; step < STEPS; step++) {
      const gradient = weights.map((weight, i) => (PRIOR[i]! - weight) / PRIOR_SPREAD[i]! ** 2);
      const curvature = PRIOR_SPREAD.map((spread, i) =>
        PRIOR_SPREAD.map((_, j) => (i === j ? spread ** -2 : 0)),
      );
      for (const { x, same } of rows) {
        const p = probability(weights, x);
        for (let i = 0; i < 3; i++) {
          gradient[i]! += ((same ? 1 : 0) - p) * x[i]!;
          for (let j = 0; j < 3; j++) curvature[i]![j]! += p * (1 - p) * x[i]! * x[j]!;
        }
      }
      const change = solve3(curvature, gradient);
      let next: readonly number[] = weights;
      let gained = 0;
      // Newton's step may go too far where the answers are clear.
      for (let share = 1; share > 1e-3 && gained <= 0; share /= 2) {
        next = weights.map((weight, i) => weight + share * change[i]!);
        gained = logPosterior(next, rows) - best;
      }
      if (!(gained > 1e-9)) break;
      weights = next;
      best += gained;
    }
    // A likeness that counts against being the same is chance: a few answers cannot say so.
    this.#weights = [weights[0]!, Math.max(0, weights[1]!), Math.max(0, weights[2]!)];
  }
}

/** An answer's features, and what it was. */
interface Row {
  readonly x: readonly number[];
  readonly same: boolean;
}

function probability(weights: readonly number[], x: readonly number[]): number {
  return 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * weights[i]!, 0)));
}

function logPosterior(weights: readonly number[], rows: readonly Row[]): number {
  let sum = 0;
  for (const [i, weight] of weights.entries()) sum -= ((weight - PRIOR[i]!) / PRIOR_SPREAD[i]!) ** 2 / 2;
  for (const { x, same } of rows) {
    const z = x.reduce((total, value, i) => total + value * weights[i]!, 0);
    // log(1 + e^−z) without overflow.
    sum -= Math.max(0, same ? -z : z) + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum;
}

/** Solves three equations with a symmetric positive matrix. */
function solve3(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let i = 0; i < 3; i++) {
    for (let r = i + 1; r < 3; r++) {
      const factor = rows[r]![i]! / rows[i]![i]!;
      for (let c = i; c < 4; c++) rows[r]![c]! -= factor * rows[i]![c]!;
    }
  }
  const x = [0, 0, 0];
  for (let i = 2; i >= 0; i--) {
    let sum = rows[i]![3]!;
    for (let c = i + 1; c < 3; c++) sum -= rows[i]![c]! * x[c]!;
    x[i] = sum / rows[i]![i]!;
  }
  return x;
}
