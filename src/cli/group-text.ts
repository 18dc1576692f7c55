import { wordsOf } from "../core/index.ts";
import type { Differentials } from "../evaluate/index.ts";
import type { Differential, RateInterval } from "../statistics/index.ts";

/** A group's rate for a line: `FMR 0.210 % [0.120, 0.380] of 12,000`. */
export function groupRateText(name: string, rate: RateInterval | null, pairs: number): string {
  if (pairs === 0 || rate === null) return `${name} of no pairs`;
  return `${name} ${percent(rate.rate)} % [${percent(rate.low)}, ${percent(rate.high)}] of ${pairs.toLocaleString("en")}`;
}

/** The inequality of groups, a sentence for each rate. */
export function differentialTexts(
  { fmr, fnmr }: Differentials,
  groups: readonly {
    readonly group: string;
    readonly fmr: RateInterval | null;
    readonly fnmr: RateInterval | null;
  }[],
): string[] {
  const highest = (kind: "fmr" | "fnmr", among: readonly string[]): number =>
    Math.max(...groups.flatMap((own) => (among.includes(own.group) && own[kind] ? [own[kind].high] : [])));
  return [
    `differential FMR: ${differentialText(fmr, "false match", (among) => highest("fmr", among))}`,
    `differential FNMR: ${differentialText(fnmr, "false non-match", (among) => highest("fnmr", among))}`,
  ];
}

function differentialText(
  found: Differential,
  error: string,
  highest: (groups: readonly string[]) => number,
): string {
  switch (found.kind) {
    case "too-few-groups":
      return wordsOf({ expected: "two groups or more with such pairs", got: found.groups });
    case "no-errors": {
      const { without, groups } = found;
      const named = without.length > 3 ? `${without.length} of ${groups} groups` : without.join(", ");
      return `no ratio, because no ${error} was seen among ${named}: too few pairs to compare; all that is known is a rate of at most ${percent(highest(without))} % there`;
    }
    case "measured": {
      const { worst, ratio, interval, groups, byChance } = found;
      const upper = interval[1]?.toFixed(2) ?? "?";
      const chance =
        byChance === null
          ? "the groups have too few errors to say how much of it is chance"
          : ratio <= byChance
            ? `${groups} groups that are alike reach up to ${byChance.toFixed(2)} by chance, so no difference is shown`
            : `${groups} groups that are alike reach ${byChance.toFixed(2)} at most by chance`;
      return `${worst}, the worst, has ${ratio.toFixed(2)} times the geometric mean of ${groups} groups [${interval[0].toFixed(2)}, ${upper}]; ${chance}`;
    }
  }
}

function percent(share: number): string {
  return (100 * share).toFixed(3);
}
