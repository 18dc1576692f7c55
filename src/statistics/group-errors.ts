import { FaceError } from "../core/index.ts";
import type { IdentifiedScores } from "./identified-scores.ts";
import type { RateInterval } from "./rate-interval.ts";
import { falseMatchRate, falseNonMatchRate, tallyScores } from "./tally-scores.ts";

/** Error rates of one group at a threshold that is the same for all, with intervals by person. */
export interface GroupErrors {
  /** `women`, or `men × women` for pairs across groups. */
  readonly group: string;
  /** True if the pairs are of one group with another. */
  readonly across: boolean;
  /** People in these pairs. */
  readonly people: number;
  readonly fmr: RateInterval;
  readonly fnmr: RateInterval;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
}

/** The groups of both faces of each pair. */
export interface PairGroups {
  readonly names: readonly string[];
  /** Index into `names` for each side; {@link UNKNOWN_GROUP} where it is not known, and then the pair does not count. */
  readonly a: Uint16Array;
  readonly b: Uint16Array;
}

/** Stands for a face without a group. */
export const UNKNOWN_GROUP = 0xffff;

/** Error rates by group, in order of the groups' names. Pairs across two groups are a group of their own. */
export function groupErrors(
  { scores, same, a, b, people }: IdentifiedScores,
  groups: PairGroups,
  threshold: number,
): GroupErrors[] {
  const { names } = groups;
  if (groups.a.length !== scores.length || groups.b.length !== scores.length) {
    throw new FaceError("SHAPE", {
      where: "groups",
      expected: "two groups a pair",
      got: `${groups.a.length} and ${groups.b.length} for ${scores.length} pairs`,
    });
  }
  const cells = new Map<number, number[]>();
  for (let i = 0; i < scores.length; i++) {
    const [x, y] = [groups.a[i]!, groups.b[i]!];
    if (x === UNKNOWN_GROUP || y === UNKNOWN_GROUP) continue;
    const cell = Math.min(x, y) * names.length + Math.max(x, y);
    const own = cells.get(cell);
    if (own) own.push(i);
    else cells.set(cell, [i]);
  }
  const found = [...cells].map(([cell, pairs]): GroupErrors => {
    const sides = [names[Math.floor(cell / names.length)]!, names[cell % names.length]!];
    const own = {
      scores: Float64Array.from(pairs, (i) => scores[i]!),
      same: Uint8Array.from(pairs, (i) => same[i]!),
      a: Uint32Array.from(pairs, (i) => a[i]!),
      b: Uint32Array.from(pairs, (i) => b[i]!),
      people,
    };
    const tallied = tallyScores(own, [threshold]);
    return {
      group: sides[0] === sides[1] ? sides[0]! : sides.sort().join(" × "),
      across: sides[0] !== sides[1],
      people: new Set([...own.a, ...own.b]).size,
      fmr: falseMatchRate(tallied, threshold),
      fnmr: falseNonMatchRate(tallied, threshold),
      genuinePairs: tallied.genuine.pairs,
      impostorPairs: tallied.impostor.pairs,
    };
  });
  return found.sort((x, y) => (x.group < y.group ? -1 : 1));
}
