import { FaceError } from "../core/index.ts";
import type { LabelledScores } from "./operating-points.ts";
import { clopperPearson, type RateInterval } from "./rate-interval.ts";

/** Error rates of one group at a threshold that is the same for all. */
export interface GroupErrors {
  /** `women`, or `men × women` for pairs across groups. */
  readonly group: string;
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
  { scores, same }: LabelledScores,
  { names, a, b }: PairGroups,
  threshold: number,
): GroupErrors[] {
  if (a.length !== scores.length || b.length !== scores.length) {
    throw new FaceError(
      "SHAPE",
      `groups: expected two groups a pair, got ${a.length} and ${b.length} for ${scores.length} pairs`,
    );
  }
  const cells = names.length ** 2;
  const [accepted, impostor, missed, genuine] = [0, 1, 2, 3].map(() => new Float64Array(cells));
  for (let i = 0; i < scores.length; i++) {
    if (a[i] === UNKNOWN_GROUP || b[i] === UNKNOWN_GROUP) continue;
    const cell = Math.min(a[i]!, b[i]!) * names.length + Math.max(a[i]!, b[i]!);
    if (same[i]) {
      genuine![cell]!++;
      if (scores[i]! < threshold) missed![cell]!++;
    } else {
      impostor![cell]!++;
      if (scores[i]! >= threshold) accepted![cell]!++;
    }
  }
  const groups: GroupErrors[] = [];
  for (let cell = 0; cell < cells; cell++) {
    if (genuine![cell]! + impostor![cell]! === 0) continue;
    const sides = [names[Math.floor(cell / names.length)]!, names[cell % names.length]!];
    groups.push({
      group: sides[0] === sides[1] ? sides[0]! : sides.sort().join(" × "),
      fmr: clopperPearson(accepted![cell]!, impostor![cell]!),
      fnmr: clopperPearson(missed![cell]!, genuine![cell]!),
      genuinePairs: genuine![cell]!,
      impostorPairs: impostor![cell]!,
    });
  }
  return groups.sort((x, y) => (x.group < y.group ? -1 : 1));
}
