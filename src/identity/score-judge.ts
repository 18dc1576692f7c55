import { asUnitVector, cosine, normalize, type UnitVector } from "../core/index.ts";
import {
  type Interval,
  meanByPeople,
  outcomeOf,
  type PeoplesValue,
  quantile,
  type RateInterval,
  rankAccuracy,
  rankCorrelation,
  rateOfPeople,
  type SearchOutcome,
} from "../statistics/index.ts";
import { evidenceOf } from "../verdict/index.ts";
import type { FaceFacts, SeenPicture } from "./face-reader.ts";
import type { IdentityJudge } from "./judge.ts";
import type { IdentityPairs, ResultPair } from "./pairs/identity-pairs.ts";

/** The way in which several sources of a person are one: the best of their cosines, the mean of them, or the cosine to their mean direction. */
export type SourceRule = "best" | "mean" | "template";

/** The rules there are, the default first. */
export const SOURCE_RULES: readonly SourceRule[] = ["template", "mean", "best"];

/** A pair as one judge sees it. */
export interface IdentityPair {
  /** The source picture, or the person's name where there are several. */
  readonly source: string;
  readonly result: string;
  /** Null where a face was not found, on either side: see the report's failures. */
  readonly cosine: number | null;
  /** The picture whose face was replaced, and how like it the result still is. */
  readonly target?: { readonly picture: string; readonly cosine: number | null };
  /** False for a pair of a matrix that is not the result's own; absent otherwise. */
  readonly own?: false;
}

/** Facts of the result's face that explain drops of a score. */
export const EXPLANATIONS = ["yaw", "pitch", "interEyePx", "sharpness"] as const;

/** A mean with its interval under other draws of people. */
export interface IdentityMean {
  readonly mean: number;
  /** Null where the people are too few to say. */
  readonly interval: Interval | null;
}

/** The figures of one judge. */
export interface IdentitySummary {
  /** Pairs, those with a cosine, and those without: `failed` counts as not the same person wherever a share is told. */
  readonly pairs: number;
  readonly scored: number;
  readonly failed: number;
  /** People whose sources were to be kept: intervals are of other draws of them. */
  readonly people: number;
  /** Of the pairs with a cosine; null without any. */
  readonly cosine:
    | (IdentityMean & {
        readonly quantiles: Readonly<Record<"min" | "p5" | "p25" | "median" | "p75" | "p95" | "max", number>>;
      })
    | null;
  /** Pairs at or above the threshold; null where nothing says where it lies. */
  readonly same: {
    readonly threshold: number;
    readonly share: RateInterval;
    /** The rate at which two different people reach the threshold, as its calibration has measured; null for a threshold without one. */
    readonly fmr: RateInterval | null;
  } | null;
  /** Says why there is no calibration; absent where there is one. */
  readonly uncalibrated?: string;
  /** Each result among all people's sources; null for a single person. */
  readonly retrieval: {
    readonly people: number;
    readonly top1: RateInterval;
    readonly top5: RateInterval;
  } | null;
  /** The rest of the target's face; null without targets. */
  readonly leak: {
    readonly pairs: number;
    readonly target: IdentityMean;
    /** Cosine to the source less that to the target. */
    readonly margin: IdentityMean;
    /** Results that are nearer to the target than to the source. */
    readonly nearerTarget: RateInterval;
  } | null;
  /** Of a matrix: pairs of a result and somebody else; null otherwise. */
  readonly others: {
    readonly pairs: number;
    readonly mean: number;
    readonly max: number;
    readonly above: RateInterval | null;
  } | null;
  /** Rank correlation of the cosine with what explains drops, of the result's face; null where it cannot be told. */
  readonly explained: Readonly<Record<(typeof EXPLANATIONS)[number], number | null>>;
}

/** A judge with its pairs and figures. */
export interface JudgedPairs {
  readonly judge: IdentityJudge;
  readonly pairs: readonly IdentityPair[];
  readonly summary: IdentitySummary;
}

/** Pictures by their path, as far as they could be read. */
export type SeenPictures = ReadonlyMap<string, SeenPicture>;

/** Scores every pair by one judge. @param which the judge's place among those that the pictures were shown to */
export function scoreJudge(
  judge: IdentityJudge,
  which: number,
  { people, pairs }: IdentityPairs,
  seen: SeenPictures,
  rule: SourceRule,
): JudgedPairs {
  const vectorOf = (path: string): UnitVector | undefined => {
    const picture = seen.get(path);
    return picture?.kind === "face" ? asUnitVector(picture.vectors[which]!) : undefined;
  };
  const scorers = people.map(({ pictures }) =>
    scorerOf(
      pictures.flatMap((path) => vectorOf(path) ?? []),
      rule,
    ),
  );
  const results = new Map(pairs.map(({ result }) => [result, vectorOf(result)]));
  const targets = new Map(
    pairs.flatMap(({ target }) => (target === undefined ? [] : [[target, vectorOf(target)] as const])),
  );
  const scored = pairs.map((pair): IdentityPair => {
    const vector = results.get(pair.result);
    const { name, pictures } = people[pair.person]!;
    const target = pair.target === undefined ? undefined : targets.get(pair.target);
    return {
      source: pictures.length === 1 ? pictures[0]! : name,
      result: pair.result,
      cosine: vector ? (scorers[pair.person]?.(vector) ?? null) : null,
      ...(pair.target !== undefined && {
        target: { picture: pair.target, cosine: vector && target ? cosine(vector, target) : null },
      }),
      ...(pair.own === false && { own: false as const }),
    };
  });
  return { judge, pairs: scored, summary: summaryOf(judge, pairs, scored, scorers, results, seen) };
}

type Scorer = (result: UnitVector) => number;

/** A person's score of a result; undefined where no source shows a face. */
function scorerOf(sources: readonly UnitVector[], rule: SourceRule): Scorer | undefined {
  if (sources.length === 0) return undefined;
  if (rule === "template") {
    const sum = new Float32Array(sources[0]!.length);
    for (const source of sources) for (let i = 0; i < sum.length; i++) sum[i]! += source[i]!;
    const template = normalize(sum);
    return (result) => cosine(template, result);
  }
  return (result) => {
    const all = sources.map((source) => cosine(source, result));
    return rule === "best" ? Math.max(...all) : all.reduce((sum, each) => sum + each, 0) / all.length;
  };
}

function summaryOf(
  judge: IdentityJudge,
  pairs: readonly ResultPair[],
  scored: readonly IdentityPair[],
  scorers: readonly (Scorer | undefined)[],
  results: ReadonlyMap<string, UnitVector | undefined>,
  seen: SeenPictures,
): IdentitySummary {
  const matrix = pairs.some(({ own }) => own !== undefined);
  // A matrix without names in common has no pairs of its own: all of them are what is asked for.
  const anyOwn = !matrix || pairs.some(({ own }) => own === true);
  const own = [...pairs.keys()].filter((i) => !anyOwn || pairs[i]!.own !== false);
  const values = own.flatMap((i): PeoplesValue[] => {
    const value = scored[i]!.cosine;
    const person = pairs[i]!.person;
    return value === null ? [] : [{ value, a: person, b: person }];
  });
  const { threshold, calibration } = judge;
  const people = new Set(own.map((i) => pairs[i]!.person));
  return {
    pairs: own.length,
    scored: values.length,
    failed: own.length - values.length,
    people: people.size,
    cosine: values.length === 0 ? null : distributionOf(values),
    same:
      threshold === undefined
        ? null
        : {
            threshold,
            share: shareOf(own, pairs, (i) => (scored[i]!.cosine ?? -2) >= threshold),
            fmr: calibration ? evidenceOf(threshold, calibration).fmr : null,
          },
    ...(judge.uncalibrated !== undefined && { uncalibrated: judge.uncalibrated }),
    retrieval: anyOwn ? retrievalOf(own, pairs, scorers, results) : null,
    leak: leakOf(own, pairs, scored),
    others: anyOwn && matrix ? othersOf(pairs, scored, threshold) : null,
    explained: explainedBy(own, scored, seen),
  };
}

function distributionOf(values: readonly PeoplesValue[]): NonNullable<IdentitySummary["cosine"]> {
  const sorted = Float64Array.from(values, ({ value }) => value).sort();
  const at = (share: number): number => quantile(sorted, share);
  return {
    ...meanCosine(values, 1),
    quantiles: {
      min: at(0),
      p5: at(0.05),
      p25: at(0.25),
      median: at(0.5),
      p75: at(0.75),
      p95: at(0.95),
      max: at(1),
    },
  };
}

/** A mean with its interval, which ends where no value can be: few people's would reach beyond. */
function meanCosine(values: readonly PeoplesValue[], furthest: number): IdentityMean {
  const { mean, interval } = meanByPeople(values);
  return {
    mean,
    interval: interval && [Math.max(-furthest, interval[0]), Math.min(furthest, interval[1])],
  };
}

/** A share of pairs with its interval by person. Pairs without a cosine are asked like the others. */
function shareOf(
  own: readonly number[],
  pairs: readonly ResultPair[],
  is: (pair: number) => boolean,
): RateInterval {
  const events = new Map<number, { events: number; trials: number }>();
  for (const i of own) {
    const tally = events.get(pairs[i]!.person) ?? { events: 0, trials: 0 };
    events.set(pairs[i]!.person, tally);
    tally.trials++;
    if (is(i)) tally.events++;
  }
  const tallies = [...events.values()];
  return rateOfPeople(
    tallies.map((each) => each.events),
    tallies.map((each) => each.trials),
  );
}

/** Each result is looked for among all people's sources; one without a face is found nowhere. */
function retrievalOf(
  own: readonly number[],
  pairs: readonly ResultPair[],
  scorers: readonly (Scorer | undefined)[],
  results: ReadonlyMap<string, UnitVector | undefined>,
): IdentitySummary["retrieval"] {
  if (scorers.length < 2) return null;
  const outcomes = own.map((i): SearchOutcome => {
    const { person, result } = pairs[i]!;
    const vector = results.get(result);
    const mate = vector && scorers[person]?.(vector);
    if (vector === undefined || mate === undefined)
      return { person, rank: Number.POSITIVE_INFINITY, mate: undefined, bestOther: Number.NEGATIVE_INFINITY };
    const others = scorers.flatMap((score, other) => (other === person || !score ? [] : [score(vector)]));
    return outcomeOf({ person, mate, others });
  });
  return { people: scorers.length, top1: rankAccuracy(outcomes, 1), top5: rankAccuracy(outcomes, 5) };
}

function leakOf(
  own: readonly number[],
  pairs: readonly ResultPair[],
  scored: readonly IdentityPair[],
): IdentitySummary["leak"] {
  const both = own.filter((i) => scored[i]!.cosine !== null && typeof scored[i]!.target?.cosine === "number");
  if (both.length === 0) return null;
  const meanOf = (value: (pair: IdentityPair) => number, furthest: number): IdentityMean =>
    meanCosine(
      both.map((i) => ({ value: value(scored[i]!), a: pairs[i]!.person, b: pairs[i]!.person })),
      furthest,
    );
  return {
    pairs: both.length,
    target: meanOf(({ target }) => target!.cosine!, 1),
    margin: meanOf((pair) => pair.cosine! - pair.target!.cosine!, 2),
    nearerTarget: shareOf(both, pairs, (i) => scored[i]!.target!.cosine! > scored[i]!.cosine!),
  };
}

function othersOf(
  pairs: readonly ResultPair[],
  scored: readonly IdentityPair[],
  threshold: number | undefined,
): IdentitySummary["others"] {
  const others = [...pairs.keys()].filter((i) => pairs[i]!.own === false && scored[i]!.cosine !== null);
  if (others.length === 0) return null;
  const values = others.map((i) => scored[i]!.cosine!);
  return {
    pairs: others.length,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    max: values.reduce((most, value) => Math.max(most, value), -1),
    above: threshold === undefined ? null : shareOf(others, pairs, (i) => scored[i]!.cosine! >= threshold),
  };
}

function explainedBy(
  own: readonly number[],
  scored: readonly IdentityPair[],
  seen: SeenPictures,
): IdentitySummary["explained"] {
  const known = own.flatMap((i) => {
    const { cosine: value, result } = scored[i]!;
    const picture = seen.get(result);
    return value !== null && picture?.kind === "face" && picture.face ? [{ value, face: picture.face }] : [];
  });
  const values = known.map(({ value }) => value);
  const entries = EXPLANATIONS.map(
    (name) =>
      [
        name,
        rankCorrelation(
          values,
          known.map(({ face }) => explanationOf(face, name)),
        ),
      ] as const,
  );
  return Object.fromEntries(entries) as IdentitySummary["explained"];
}

/** The angle by which a head is turned counts, not its side. */
function explanationOf({ quality }: FaceFacts, name: (typeof EXPLANATIONS)[number]): number {
  if (name === "yaw" || name === "pitch") return Math.abs(quality.pose?.[name] ?? 0);
  return quality[name];
}
