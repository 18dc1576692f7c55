import { FaceError } from "../core/index.ts";
import { takenOff } from "./sharing.ts";

/** Counts of one kind of pairs at every threshold, with the variance that shared people cause. */
export interface TalliedRates {
  /** Rising; [T]. */
  readonly threshold: Float64Array;
  /** Pairs that score at least the threshold; [T]. */
  readonly accepted: Float64Array;
  readonly pairs: number;
  /** Share of the weight of pairs that score at least the threshold; equals accepted / pairs where all weigh the same; [T]. */
  readonly share: Float64Array;
  /** Variance of that share over draws of people; [T]. */
  readonly variance: Float64Array;
  /**
   * The number of people of equal weight that they are worth, or pairs of people who are in no other: what the variance's own error
   * depends on.
   */
  readonly people: number;
  /** The number of pairs of equal weight that they are worth, were they independent of each other. */
  readonly worth: number;
}

/**
 * Counts scores of one kind of pairs, genuine or impostor, at fixed thresholds, by the people in them. Memory is people ×
 * thresholds: pairs need not be held, so that 30 million are no more than a thousand.
 *
 * Pairs that share a person are not independent. The variance of a rate p = Σ w·1{score ≥ t} / W counts them all: with the
 * residual w·(1{score ≥ t} − p)/W of each pair, summed to D over the pairs of two people and to S over all pairs of a
 * person, it is Σ S² over people − Σ D² over pairs of people. Pairs that share nobody do not covary; where nobody is in
 * two pairs, it is the binomial variance. S is divided by 1 minus the person's share of the weight: by how much a
 * rate without the person would have differed. Of few people who are each in many pairs less than Σ D² is taken off:
 * see {@link takenOff}.
 *
 * Source    Fafchamps and Gubert, "The formation of risk sharing networks", 2007; Aronow, Samii and Assenova,
 *           "Cluster-robust variance estimation for dyadic data", 2015
 */
export class PairTally {
  readonly #thresholds: Float64Array;
  readonly #steps: number;
  /** Row a person: weight of the pairs with the person, by how many thresholds they reach. */
  readonly #byPerson: Float64Array;
  readonly #count: Float64Array;
  readonly #weight: Float64Array;
  /** Over pairs of people: increments of Σ D_accepted², of Σ D_accepted · D_all; and Σ D_all². */
  readonly #squares: Float64Array;
  readonly #products: Float64Array;
  #allSquares = 0;
  #weightSquares = 0;
  #pairs = 0;

  /** @param thresholds rising */
  constructor(thresholds: Float64Array, people: number) {
    for (let i = 1; i < thresholds.length; i++) {
      if (!(thresholds[i]! > thresholds[i - 1]!))
        throw new FaceError("USAGE", {
          where: "tally",
          expected: "rising thresholds",
          got: `${thresholds[i]} at ${i}`,
        });
    }
    this.#thresholds = thresholds;
    this.#steps = thresholds.length + 1;
    this.#byPerson = new Float64Array(people * this.#steps);
    this.#count = new Float64Array(this.#steps);
    this.#weight = new Float64Array(this.#steps);
    this.#squares = new Float64Array(this.#steps);
    this.#products = new Float64Array(this.#steps);
  }

  /**
   * Counts all pairs of faces of two people, or of one with another picture of the same: once for each two people.
   *
   * @param scores of those pairs; sorted in place
   * @param weight of each pair
   */
  add(a: number, b: number, scores: Float64Array, weight = 1): void {
    scores.sort();
    const [rowA, rowB] = [a * this.#steps, b * this.#steps];
    const all = scores.length * weight;
    for (let i = scores.length - 1, taken = 0; i >= 0; i--, taken += weight) {
      const step = this.#stepOf(scores[i]!);
      this.#count[step]!++;
      this.#weight[step]! += weight;
      this.#byPerson[rowA + step]! += weight;
      if (a === b) continue;
      this.#byPerson[rowB + step]! += weight;
      this.#squares[step]! += weight * (2 * taken + weight);
      this.#products[step]! += weight * all;
    }
    this.#pairs += scores.length;
    this.#weightSquares += scores.length * weight * weight;
    if (a === b) return;
    this.#allSquares += all * all;
  }

  rates(): TalliedRates {
    const steps = this.#steps;
    const [n, people] = [steps - 1, this.#byPerson.length / steps];
    // From the highest step down; step s holds what reaches s thresholds, so threshold t is reached by steps above t. A
    // total that is summed in that order, too, is never less than a part of it: shares are in [0, 1], and 1 of all.
    const total = this.#weight.reduceRight((sum, weight) => sum + weight, 0);
    const own = new Float64Array(people);
    const whole = new Float64Array(people);
    for (let i = 0; i < people; i++)
      for (let s = steps - 1; s >= 0; s--) whole[i]! += this.#byPerson[i * steps + s]!;
    const wholeSquares = whole.reduce((sum, each) => sum + each * each, 0);
    // Of one person alone nothing is known about others: the variance stays what it is then, infinite.
    const lever = whole.map((each) => (1 - each / total) ** -2);
    const present = whole.reduce((sum, each) => sum + (each > 0 ? 1 : 0), 0);
    const off = takenOff(present, wholeSquares / (2 * this.#allSquares));
    const leverSquares = whole.reduce((sum, each, i) => sum + (each === 0 ? 0 : lever[i]! * each * each), 0);
    const accepted = new Float64Array(n);
    const share = new Float64Array(n);
    const variance = new Float64Array(n);
    let [count, weight, squares, products] = [0, 0, 0, 0];
    for (let t = n - 1; t >= 0; t--) {
      const step = t + 1;
      count += this.#count[step]!;
      weight += this.#weight[step]!;
      squares += this.#squares[step]!;
      products += this.#products[step]!;
      let [ownSquares, ownWhole] = [0, 0];
      for (let i = 0; i < people; i++) {
        own[i]! += this.#byPerson[i * steps + step]!;
        const each = own[i]!;
        if (each === 0) continue;
        ownSquares += lever[i]! * each * each;
        ownWhole += lever[i]! * each * whole[i]!;
      }
      const p = total === 0 ? Number.NaN : weight / total;
      accepted[t] = count;
      share[t] = p;
      const bySharing =
        ownSquares -
        off * squares -
        2 * p * (ownWhole - off * products) +
        p * p * (leverSquares - off * this.#allSquares);
      variance[t] = Math.max(0, bySharing) / (total * total);
    }
    return {
      threshold: this.#thresholds,
      accepted,
      pairs: this.#pairs,
      share,
      variance,
      people: wholeSquares === 0 ? 0 : (total * whole.reduce((sum, each) => sum + each, 0)) / wholeSquares,
      worth: this.#weightSquares === 0 ? 0 : (total * total) / this.#weightSquares,
    };
  }

  /** The number of thresholds that a score reaches. */
  #stepOf(score: number): number {
    let low = 0;
    let high = this.#thresholds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#thresholds[middle]! <= score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
