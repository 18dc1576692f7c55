import { cosine, throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { personScore } from "../gallery/index.ts";
import { codeOf } from "./tally-people.ts";

/** Numbers of faces whose effect is counted. */
const COUNTS = [2, 3, 5, 10] as const;
/** False match rates of single faces at which it is. */
const RATES = [1e-3, 1e-4, 1e-5] as const;
/** Strangers who are accepted below which a ratio says too little. */
const ENOUGH = 100;

/** Strangers are taken more often for somebody with several faces; this is by how much. */
export interface SeveralFaces {
  /**
   * Strangers reach a score of somebody with m faces (half the nearest, half the mean) at most m^exponent times as often as
   * that of one face: what the pairs allow at every number of faces and rate that they can speak of; 0…1.
   */
  readonly exponent: number;
  /** The most faces that were counted. */
  readonly faces: number;
}

/**
 * Counts strangers, everybody's first picture, who reach the score of somebody with 2, 3, 5 and 10 faces, beside those who
 * reach one of these faces, at scores where one of 1,000, of 10,000, of 100,000 does. At each of these scores all numbers of
 * faces are counted together and two standard deviations are added; strangers come in clusters near to one person, so the
 * variance is the sum of squares of each person's count. The exponent is the largest of the three.
 *
 * @param faces of each person
 * Returns   undefined where too few people have several faces
 * Throws    FaceError ABORTED
 */
export function tallySeveralFaces(
  faces: readonly (readonly UnitVector[])[],
  aliases: readonly (readonly [number, number])[],
  options: WorkOptions = {},
): SeveralFaces | undefined {
  const people = faces.length;
  const leftOut = new Set(aliases.map(([a, b]) => codeOf(a, b, people)));
  // Single faces' scores in steps of 0.001, and for each number of faces the person scores, by person.
  const strangers = faces.flatMap(([first], who) => (first ? [{ who, first }] : []));
  const most = COUNTS.at(-1)!;
  const cells = 2001;
  const cellOf = (score: number): number =>
    Math.min(cells - 1, Math.max(0, Math.floor((score + 1) * 1000 + 1e-9)));
  const ofSeveral = COUNTS.map(() => ({
    single: new Float64Array(cells),
    person: [] as { who: number; reach: Uint32Array }[],
  }));
  for (const [own, all] of faces.entries()) {
    throwIfAborted(options.signal);
    const used = all.slice(0, most);
    if (used.length < COUNTS[0]) continue;
    const counts = COUNTS.filter((count) => count <= used.length);
    const lengths = counts.map((count) => lengthOfSum(used.slice(0, count)));
    const rows = counts.map(() => new Uint32Array(cells));
    for (const { who, first } of strangers) {
      if (who === own || leftOut.has(codeOf(who, own, people))) continue;
      let [nearest, sum, done] = [-1, 0, 0];
      const before: number[] = [];
      for (const [k, count] of counts.entries()) {
        for (; done < count; done++) {
          const score = cosine(used[done]!, first);
          before.push(score);
          nearest = Math.max(nearest, score);
          sum += score;
        }
        const mean = lengths[k]! > 0 ? sum / lengths[k]! : nearest;
        rows[k]![cellOf(personScore(nearest, mean))]!++;
        const { single } = ofSeveral[k]!;
        for (const score of before) single[cellOf(score)]! += 1 / count;
      }
    }
    for (const [k, row] of rows.entries()) ofSeveral[k]!.person.push({ who: own, reach: cumulated(row) });
  }
  return exponentOf(ofSeveral, people);
}

/** Of some number of faces: single faces that strangers reach, and people that they reach, by score. */
interface Counted {
  readonly single: Float64Array;
  readonly person: readonly { readonly who: number; readonly reach: Uint32Array }[];
}

/** The largest exponent of any rate: the one with which Σ single · m^exponent comes to what was counted and two deviations. */
function exponentOf(ofSeveral: readonly Counted[], people: number): SeveralFaces | undefined {
  const singles = ofSeveral.map(({ single }) => cumulated(single));
  let exponent: number | undefined;
  for (const rate of RATES) {
    const byPerson = new Float64Array(people);
    const expected: { readonly single: number; readonly faces: number }[] = [];
    for (const [k, { person }] of ofSeveral.entries()) {
      const reach = singles[k]!;
      const at = reach.findIndex((count) => count <= rate * reach[0]!);
      if (at < 0 || !(reach[at]! > 0)) continue;
      expected.push({ single: reach[at]!, faces: COUNTS[k]! });
      for (const own of person) byPerson[own.who]! += own.reach[at]!;
    }
    const events = byPerson.reduce((sum, count) => sum + count, 0);
    if (events < ENOUGH) continue;
    const upper = events + 2 * Math.sqrt(byPerson.reduce((sum, count) => sum + count * count, 0));
    const total = (power: number): number =>
      expected.reduce((sum, { single, faces }) => sum + single * faces ** power, 0);
    let [low, high] = [0, 1];
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2;
      if (total(middle) < upper) low = middle;
      else high = middle;
    }
    exponent = Math.max(exponent ?? 0, high);
  }
  const most = ofSeveral.findLastIndex(({ person }) => person.length > 0);
  return exponent === undefined ? undefined : { exponent, faces: COUNTS[most]! };
}

/** The number that reaches each cell or a higher one. */
function cumulated<T extends Uint32Array | Float64Array>(row: T): T {
  for (let i = row.length - 2; i >= 0; i--) row[i]! += row[i + 1]!;
  return row;
}

function lengthOfSum(vectors: readonly UnitVector[]): number {
  const sum = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
  return Math.hypot(...sum);
}
