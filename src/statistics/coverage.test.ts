import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import {
  acceptInterval,
  accuracyInterval,
  areaInterval,
  areaUnderCurve,
  clopperPearson,
  curveThresholds,
  equalErrorInterval,
  equalErrorRate,
  errorCountsAt,
  errorVersusReject,
  exactAccuracy,
  falseMatchRate,
  falseNonMatchRate,
  groupErrors,
  type IdentifiedScores,
  type Interval,
  localLikelihoods,
  operatingPoints,
  operatingPointsOf,
  outcomeOf,
  type RateInterval,
  rankAccuracy,
  stratifiedFolds,
  tallyScores,
  thresholdInterval,
  trueAcceptRate,
} from "./index.ts";
import { allPairs, type Crowd, drawCrowd, populationScores, sparsePairs } from "./made-people.ts";

/** The truth about the population that samples are drawn from. */
const population = operatingPointsOf(...populationScores(20_000, 1_000_000));
const TRUTH = { auc: areaUnderCurve(population), eer: equalErrorRate(population).rate };
const truthAt = (threshold: number) => {
  const { falseMatches, falseNonMatches } = errorCountsAt(population, threshold);
  return {
    fmr: falseMatches / population.impostorPairs,
    fnmr: falseNonMatches / population.genuinePairs,
  };
};
const FARS = [0.1, 0.01, 0.001] as const;
const TRUE_TAR = FARS.map((far) => {
  const rate = trueAcceptRate(population, far);
  return rate.kind === "measured" ? rate : undefined!;
});

/** How often each interval held the truth, and how wide it was in the mean. */
class Coverage {
  readonly #seen = new Map<string, { held: number; of: number; width: number }>();

  add(what: string, interval: Interval | RateInterval, truth: number): void {
    const [low, high] = "low" in interval ? [interval.low, interval.high] : interval;
    const own = this.#seen.get(what) ?? { held: 0, of: 0, width: 0 };
    own.of++;
    own.width += high - low;
    if (low <= truth && truth <= high) own.held++;
    this.#seen.set(what, own);
  }

  /** Those that hold the truth less often than in `least` of the samples. */
  below(least: number): string[] {
    return [...this.#seen]
      .filter(([, { held, of }]) => held / of < least)
      .map(([what, { held, of }]) => `${what}: ${held} of ${of}`);
  }

  width(what: string): number {
    const { width, of } = this.#seen.get(what)!;
    return width / of;
  }
}

interface Regime {
  readonly name: string;
  readonly people: number;
  readonly faces: (person: number) => number;
  readonly pairs: (crowd: Crowd, seed: number) => IdentifiedScores;
}

const REGIMES: readonly Regime[] = [
  { name: "all pairs of 30 people with 4 pictures", people: 30, faces: () => 4, pairs: allPairs },
  {
    name: "all pairs of 30 people with 2 to 10",
    people: 30,
    faces: (p) => 2 + ((7 * p) % 9),
    pairs: allPairs,
  },
  { name: "all pairs of 100 people with 2", people: 100, faces: () => 2, pairs: allPairs },
  {
    name: "few pairs of each of 300 people, as LFW's list",
    people: 300,
    faces: () => 2,
    pairs: (crowd, seed) => sparsePairs(crowd, 225, seeded(seed)),
  },
];
const SAMPLES = 100;

function measure({ people, faces, pairs }: Regime): Coverage {
  const coverage = new Coverage();
  for (let sample = 0; sample < SAMPLES; sample++) {
    const own = pairs(drawCrowd(people, faces, seeded(9000 + 7 * sample)), sample);
    const points = operatingPoints(own);
    const eer = equalErrorRate(points);
    const rates = FARS.map((far) => trueAcceptRate(points, far));
    // Thresholds of the user's own, where errors are frequent, rare, and none at all in most samples.
    const fixed = [0.4, 0.65, 0.8, 0.9, 0.1];
    const tallied = tallyScores(own, [
      ...curveThresholds(points),
      ...fixed,
      eer.threshold,
      ...rates.flatMap((rate) => (rate.kind === "measured" ? rate.threshold : [])),
    ]);
    for (const threshold of fixed) {
      coverage.add(`FMR at ${threshold}`, falseMatchRate(tallied, threshold), truthAt(threshold).fmr);
      coverage.add(`FNMR at ${threshold}`, falseNonMatchRate(tallied, threshold), truthAt(threshold).fnmr);
    }
    const fold = stratifiedFolds(own.same, 5, seeded(sample));
    const accuracy = exactAccuracy(own, fold);
    const genuine = points.genuinePairs / own.scores.length;
    const expected = accuracy.folds.reduce((sum, { threshold, pairs: count }) => {
      const { fmr, fnmr } = truthAt(threshold);
      return sum + (count / own.scores.length) * (1 - genuine * fnmr - (1 - genuine) * fmr);
    }, 0);
    coverage.add("accuracy", accuracyInterval(own, fold, accuracy), expected);
    coverage.add("AUC", areaInterval(own, points), TRUTH.auc);
    coverage.add("EER", equalErrorInterval(tallied, eer, points), TRUTH.eer);
    rates.forEach((rate, i) => {
      if (rate.kind !== "measured" || rate.threshold > 1) return;
      const far = FARS[i]!;
      coverage.add(`TAR at FAR ${far}`, acceptInterval(tallied, rate.threshold, far), TRUE_TAR[i]!.tar);
      coverage.add(
        `FAR at the threshold for ${far}`,
        falseMatchRate(tallied, rate.threshold),
        truthAt(rate.threshold).fmr,
      );
      coverage.add(
        `FNMR at the threshold for ${far}`,
        falseNonMatchRate(tallied, rate.threshold),
        truthAt(rate.threshold).fnmr,
      );
      const threshold = thresholdInterval(tallied, far);
      coverage.add(`threshold for ${far}`, threshold, TRUE_TAR[i]!.threshold);
      // A threshold whose upper bound meets the target lets through more than it in few samples.
      const within = threshold[1] > 1 || truthAt(threshold[1]).fmr <= far;
      coverage.add(`at most ${far}`, [within ? 0 : 1, 1], 0);
    });
  }
  return coverage;
}

describe.each(REGIMES)("of $name", (regime) => {
  const coverage = measure(regime);

  test("the 95 % intervals of every rate hold the truth in 92 of 100 samples, within what so many samples show", () => {
    // A hundred samples of an interval that holds in 92 show 87 or more in 19 of 20 runs.
    expect(coverage.below(0.86)).toEqual([]);
  });

  test("a threshold for at most so many false matches lets more through in no more than 10 of 100 samples", () => {
    // Five at most but for 30 people who are to keep a tenth: nine, since their differences decide it.
    expect(coverage.below(0.9).filter((what) => what.startsWith("at most"))).toEqual([]);
  });
});

test("intervals of a list like LFW's are hardly wider than those of independent pairs", () => {
  const sparse = REGIMES.at(-1)!;
  const [own, naive] = [new Coverage(), new Coverage()];
  for (let sample = 0; sample < 30; sample++) {
    const pairs = sparse.pairs(drawCrowd(sparse.people, sparse.faces, seeded(sample)), sample);
    const rate = falseMatchRate(tallyScores(pairs, [0.4]), 0.4);
    own.add("FMR", rate, 0);
    naive.add("FMR", clopperPearson(Math.round(rate.rate * 225), 225), 0);
  }
  expect(own.width("FMR") / naive.width("FMR")).toBeLessThan(1.15);
});

test("intervals of groups, of searches and of what is left after rejecting hold the truth", () => {
  const coverage = new Coverage();
  const threshold = 0.65;
  const truth = truthAt(threshold);
  // One gallery for all samples: the intervals are of other people's probes in it.
  const gallery = drawCrowd(20, () => 1, seeded(5)).faces;
  const score = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  const bestOf = (face: Float64Array): number =>
    Math.max(...gallery.map((enrolled) => score(face, enrolled)));
  const many = drawCrowd(4000, () => 1, seeded(6)).faces.filter((face) => bestOf(face) >= 0.75).length / 4000;
  for (let sample = 0; sample < 200; sample++) {
    const crowd = drawCrowd(60, (p) => 1 + (p % 4), seeded(31 * sample));
    const pairs = allPairs(crowd);
    const groupOf = Uint16Array.from(pairs.a, (person) => person % 2);
    const groups = {
      names: ["even", "odd"],
      a: groupOf,
      b: Uint16Array.from(pairs.b, (person) => person % 2),
    };
    for (const { group, fmr, fnmr, genuinePairs } of groupErrors(pairs, groups, threshold)) {
      coverage.add(`FMR of ${group}`, fmr, truth.fmr);
      if (genuinePairs > 0) coverage.add(`FNMR of ${group}`, fnmr, truth.fnmr);
    }
    const genuine = [...pairs.same.keys()].filter((i) => pairs.same[i] === 1);
    const random = seeded(sample);
    const reject = errorVersusReject(
      Float64Array.from(genuine, (i) => pairs.scores[i]!),
      Float64Array.from(genuine, () => random.next()),
      genuine.map((i) => pairs.a[i]!),
      threshold,
      3,
    );
    for (const [step, { fnmr }] of reject.entries())
      coverage.add(`FNMR left after ${step} thirds`, fnmr, truth.fnmr);
    const alarms = crowd.faces.map((face, i) =>
      outcomeOf({ person: crowd.person[i]!, mate: bestOf(face), others: [0.75] }),
    );
    coverage.add("searches", rankAccuracy(alarms, 1), many);
  }
  expect(coverage.below(0.9)).toEqual([]);
});

test("a likelihood ratio's interval holds the density ratio, and its bounds where one kind has no such pair", () => {
  const coverage = new Coverage();
  const grid = Float64Array.from({ length: 401 }, (_, i) => (i - 200) / 200);
  // Higher, the population itself has too few impostor pairs to know the truth by.
  const cosines = [0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9];
  const near = (cosine: number): number => {
    const [low, high] = [truthAt(cosine - 0.01), truthAt(cosine + 0.01)];
    return Math.log10((high.fnmr - low.fnmr) / (low.fmr - high.fmr));
  };
  const truth = cosines.map(near);
  for (let sample = 0; sample < 100; sample++) {
    const pairs = allPairs(drawCrowd(60, () => 3, seeded(77 * sample)));
    const all = localLikelihoods(tallyScores(pairs, [...grid]), [...grid.subarray(120, 400)]);
    for (const [i, cosine] of cosines.entries()) {
      const { low, high } = all.find((each) => Math.abs(each.cosine - cosine) < 1e-9)!;
      coverage.add(
        `at ${cosine}`,
        [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY],
        truth[i]!,
      );
    }
  }
  expect(coverage.below(0.9)).toEqual([]);
});
