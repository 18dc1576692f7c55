import { type Interval, meanByPeople, rankCorrelation } from "../statistics/index.ts";
import type { JudgeChoice } from "./judge.ts";
import type { IdentityReport } from "./measure-identity.ts";
import { DEFAULT_PROTOCOL, identityProtocols } from "./protocol.ts";
import type { JudgedPairs } from "./score-judge.ts";

/** One network under one convention, beside the same network under the recommended one. */
export interface ConventionRow {
  readonly protocol: string;
  readonly model: string;
  readonly pairs: number;
  readonly mean: number | null;
  readonly median: number | null;
  /** Mean cosine less that of the recommended protocol, over pairs that both scored, with its interval by person. */
  readonly shift: { readonly mean: number; readonly interval: Interval | null } | null;
  /** The furthest that a pair is moved, either way. */
  readonly furthest: number | null;
  /** Of the order in which both put the pairs. */
  readonly rankCorrelation: number | null;
}

/** A judge for every protocol of the package, all with one network: the convention alone differs. */
export function conventionJudges(choice: JudgeChoice & { readonly model: string }): JudgeChoice[] {
  return identityProtocols().map(({ id }) => ({ ...choice, protocol: id }));
}

/** The same pictures under every protocol side by side: how far the convention alone moves the number. */
export function conventionsTable({ judged, pairs }: IdentityReport): ConventionRow[] {
  return judged.map((each): ConventionRow => {
    const { judge, summary } = each;
    const base = judged.find(
      (other) => other.judge.protocol.id === DEFAULT_PROTOCOL && other.judge.spec.model === judge.spec.model,
    );
    const both = base ? scoredByBoth(each, base) : [];
    const moved = both.map((i) => each.pairs[i]!.cosine! - base!.pairs[i]!.cosine!);
    return {
      protocol: judge.protocol.id,
      model: judge.model,
      pairs: summary.scored,
      mean: summary.cosine?.mean ?? null,
      median: summary.cosine?.quantiles.median ?? null,
      shift:
        moved.length === 0
          ? null
          : meanByPeople(
              moved.map((value, k) => {
                const { person } = pairs.pairs[both[k]!]!;
                return { value, a: person, b: person };
              }),
            ),
      furthest:
        moved.length === 0 ? null : moved.reduce((most, by) => (Math.abs(by) > Math.abs(most) ? by : most)),
      rankCorrelation: rankCorrelation(
        both.map((i) => each.pairs[i]!.cosine!),
        both.map((i) => base!.pairs[i]!.cosine!),
      ),
    };
  });
}

function scoredByBoth(a: JudgedPairs, b: JudgedPairs): number[] {
  return [...a.pairs.keys()].filter(
    (i) => a.pairs[i]!.cosine !== null && b.pairs[i]!.cosine !== null && a.pairs[i]!.own !== false,
  );
}
