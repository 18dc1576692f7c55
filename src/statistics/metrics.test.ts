import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { incompleteBeta } from "./incomplete-beta.ts";
import {
  areaUnderCurve,
  clopperPearson,
  contiguousFolds,
  detPoints,
  equalErrorRate,
  errorCountsAt,
  exactAccuracy,
  gridAccuracy,
  identificationRate,
  type LabelledScores,
  operatingPoints,
  outcomeOf,
  probit,
  rocPoints,
  ScoreHistogram,
  stratifiedFolds,
  thresholdUnits,
  trueAcceptRate,
} from "./index.ts";

interface Fixture {
  readonly sets: readonly {
    readonly name: string;
    readonly scores: number[];
    readonly same: number[];
    readonly auc: number;
    readonly tar: Readonly<Record<string, number>>;
    readonly roc: { readonly fpr: number[]; readonly tpr: number[]; readonly thresholds: number[] };
    readonly folds: {
      readonly mean: number;
      readonly std: number;
      readonly accuracies: number[];
      readonly thresholds: number[];
    };
  }[];
  readonly intervals: readonly {
    readonly events: number;
    readonly trials: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly betas: readonly {
    readonly x: number;
    readonly a: number;
    readonly b: number;
    readonly value: number;
  }[];
  readonly probit: readonly { readonly share: number; readonly value: number }[];
}

/** Figures of scikit-learn, SciPy, mpmath and NumPy; see tools/make-metric-fixtures.py. */
const FIXTURE = JSON.parse(
  readFileSync(new URL("./fixtures/metrics.json", import.meta.url), "utf8"),
) as Fixture;

const labelled = (scores: readonly number[], same: readonly (number | boolean)[]): LabelledScores => ({
  scores: Float64Array.from(scores),
  same: Uint8Array.from(same, Number),
});

describe.each(FIXTURE.sets)("on $name", ({ scores, same, auc, tar, roc, folds }) => {
  const pairs = labelled(scores, same);
  const points = operatingPoints(pairs);

  test("the ROC curve is scikit-learn's, point for point", () => {
    const curve = rocPoints(points, { every: true });
    expect(curve.map(({ fmr }) => fmr)).toEqual(roc.fpr);
    expect(curve.map(({ tmr }) => tmr)).toEqual(roc.tpr);
    expect(curve.slice(1).map(({ threshold }) => threshold)).toEqual(roc.thresholds);
  });

  test("the area under it is scikit-learn's", () => {
    expect(Math.abs(areaUnderCurve(points) - auc)).toBeLessThan(1e-12);
  });

  test("the 10-fold accuracy is the published algorithm's", () => {
    const found = gridAccuracy(pairs, contiguousFolds(scores.length, 10));
    expect(Math.abs(found.mean - folds.mean)).toBeLessThan(1e-12);
    expect(Math.abs(found.std - folds.std)).toBeLessThan(1e-12);
    found.folds.forEach(({ accuracy, threshold }, f) => {
      expect(accuracy).toBe(folds.accuracies[f]);
      expect(Math.abs(threshold - (1 - folds.thresholds[f]! / 2))).toBeLessThan(1e-12);
    });
  });

  test("the true accept rate is the largest one within the false accept rate", () => {
    for (const [far, value] of Object.entries(tar)) {
      const found = trueAcceptRate(points, Number(far));
      if (found.kind === "measured") {
        expect(found.tar).toBe(value);
        expect(found.far).toBeLessThanOrEqual(Number(far));
      } else expect(1 / Number(far)).toBeGreaterThan(points.impostorPairs);
    }
  });
});

describe("on hand-made lists", () => {
  test("perfectly separable scores have no error at all", () => {
    const pairs = labelled([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0]);
    const points = operatingPoints(pairs);
    expect(areaUnderCurve(points)).toBe(1);
    expect(equalErrorRate(points)).toEqual({ rate: 0, threshold: 0.8 });
    const { mean, std, folds } = exactAccuracy(pairs, Uint16Array.of(0, 1, 0, 1));
    expect([mean, std]).toEqual([1, 0]);
    // The middle of the gap that the other fold leaves: 0.8 above 0.1, and 0.9 above 0.3.
    expect(folds.map(({ threshold }) => threshold)).toEqual([0.45, 0.6]);
  });

  test("scores that are all equal are guessing: one point, half of the area, half of the errors", () => {
    const points = operatingPoints(labelled([0.4, 0.4, 0.4, 0.4], [1, 0, 1, 0]));
    expect(points.threshold).toEqual(Float64Array.of(0.4));
    expect(areaUnderCurve(points)).toBe(0.5);
    expect(equalErrorRate(points).rate).toBe(0.5);
    expect(rocPoints(points)).toEqual([
      { threshold: Number.POSITIVE_INFINITY, fmr: 0, tmr: 0 },
      { threshold: 0.4, fmr: 1, tmr: 1 },
    ]);
  });

  test("tied pairs are accepted together, so a strict rate stops before a tie that would exceed it", () => {
    // 40 impostors, of which two share the score of the weakest genuine pair.
    const scores = [0.9, 0.5, 0.5, 0.5, ...Array.from({ length: 38 }, (_, i) => i / 100)];
    const points = operatingPoints(
      labelled(
        scores,
        scores.map((_, i) => i < 2),
      ),
    );
    const found = trueAcceptRate(points, 0.04);
    expect(found).toMatchObject({ kind: "measured", threshold: 0.9, tar: 0.5, falseAccepts: 0 });
    expect(trueAcceptRate(points, 0.05)).toMatchObject({ threshold: 0.5, tar: 1, falseAccepts: 2 });
  });

  test("a rate that one impostor more or less would decide is not given", () => {
    const scores = Array.from({ length: 1010 }, (_, i) => i / 2000);
    const points = operatingPoints(
      labelled(
        scores,
        scores.map((_, i) => i % 101 === 100),
      ),
    );
    expect(trueAcceptRate(points, 1e-3).kind).toBe("measured");
    expect(trueAcceptRate(points, 1e-4)).toEqual({
      kind: "not-enough-impostors",
      farTarget: 1e-4,
      needed: 10_000,
      impostorPairs: 1000,
    });
    const few = operatingPoints(labelled([0.1, 0.2, 0.9], [0, 0, 1]));
    expect(trueAcceptRate(few, 0.1)).toMatchObject({ kind: "not-enough-impostors", needed: 20 });
  });

  test("an impostor above every genuine pair is let through only where one may be", () => {
    const impostors = [0.9, ...Array.from({ length: 24 }, () => 0.1)];
    const points = operatingPoints(labelled([...impostors, 0.5], [...impostors.map(() => 0), 1]));
    expect(trueAcceptRate(points, 0.04)).toMatchObject({ threshold: 0.5, tar: 1, falseAccepts: 1 });
    const two = operatingPoints(labelled([0.9, ...impostors, 0.5], [0, ...impostors.map(() => 0), 1]));
    expect(trueAcceptRate(two, 0.04)).toMatchObject({
      kind: "measured",
      threshold: Number.POSITIVE_INFINITY,
      tar: 0,
      falseAccepts: 0,
    });
  });

  test("without pairs of one kind a curve is refused in words, and a rate says what is missing", () => {
    const genuineOnly = operatingPoints(labelled([0.9, 0.8], [1, 1]));
    expect(() => areaUnderCurve(genuineOnly)).toThrow("got 2 genuine and 0 impostor");
    expect(() => equalErrorRate(genuineOnly)).toThrow("without impostor pairs");
    expect(() => rocPoints(operatingPoints(labelled([0.1], [0])))).toThrow("without genuine pairs");
    expect(trueAcceptRate(genuineOnly, 0.1)).toMatchObject({
      kind: "not-enough-impostors",
      impostorPairs: 0,
    });
  });

  test("a score that is not a number is refused with its place", () => {
    expect(() => operatingPoints(labelled([0.1, Number.NaN], [0, 1]))).toThrow("got NaN for pair 1");
    expect(() => gridAccuracy(labelled([0.1, Number.NaN], [0, 1]), contiguousFolds(2, 2))).toThrow("pair 1");
    expect(() => new ScoreHistogram().add(Number.NaN, true)).toThrow("got NaN");
  });

  test("errors at a threshold count impostors on it as accepted and genuine pairs on it as accepted", () => {
    const points = operatingPoints(labelled([0.9, 0.5, 0.5, 0.1], [1, 1, 0, 0]));
    expect(errorCountsAt(points, 0.5)).toEqual({ falseMatches: 1, falseNonMatches: 0 });
    expect(errorCountsAt(points, 0.50001)).toEqual({ falseMatches: 0, falseNonMatches: 1 });
    expect(errorCountsAt(points, 2)).toEqual({ falseMatches: 0, falseNonMatches: 2 });
    expect(errorCountsAt(points, -2)).toEqual({ falseMatches: 2, falseNonMatches: 0 });
  });

  test("folds are runs of pairs, the first ones longer by one", () => {
    expect([...contiguousFolds(7, 3)]).toEqual([0, 0, 0, 1, 1, 2, 2]);
    expect(() => contiguousFolds(5, 10)).toThrow("expected 2 to 5 folds");
  });
});

describe("intervals", () => {
  test.each(FIXTURE.intervals)(
    "$events of $trials is that of the exact beta distribution",
    ({ events, trials, low, high }) => {
      const found = clopperPearson(events, trials);
      expect(found.rate).toBe(events / trials);
      // One part in 10¹² up to 10⁵ trials; of 10⁸ the complement 1 − x of a rate keeps eight digits of it.
      const tolerance = trials > 1e5 ? 1e-8 : 1e-12;
      expect(Math.abs(found.low - low)).toBeLessThanOrEqual(tolerance * low);
      expect(Math.abs(found.high - high)).toBeLessThanOrEqual(tolerance * high);
    },
  );

  test.each(FIXTURE.betas)("I($x; $a, $b) is mpmath's", ({ x, a, b, value }) => {
    expect(Math.abs(incompleteBeta(x, a, b) / value - 1)).toBeLessThan(1e-12);
  });

  test.each(FIXTURE.probit)("the normal quantile of $share is SciPy's", ({ share, value }) => {
    expect(Math.abs(probit(share) - value)).toBeLessThan(1e-13 * Math.max(1, Math.abs(value)));
  });

  test("no trials leave everything open; counts that cannot be are refused", () => {
    expect(clopperPearson(0, 0)).toEqual({ rate: Number.NaN, low: 0, high: 1 });
    expect(() => clopperPearson(3, 2)).toThrow("events in 0…trials");
  });
});

test("of twenty strangers a tenth may be named: two, and the threshold lies above the third", () => {
  const strangers = Array.from({ length: 20 }, (_, i) =>
    outcomeOf({ person: i, mate: undefined, others: [(i + 1) / 100, 0] }),
  );
  const known = [0.185, 0.175, 0.19].map((mate, i) =>
    outcomeOf({ person: 100 + i, mate, others: [0.01, 0] }),
  );
  const second = outcomeOf({ person: 200, mate: 0.5, others: [0.5, 0.1] });
  expect([known[0]!.rank, second.rank, strangers[0]!.rank]).toEqual([1, 2, undefined]);
  expect(identificationRate([...strangers, ...known, second], 0.1)).toMatchObject({
    kind: "measured",
    threshold: 0.185,
    far: { rate: 0.1 },
    // Two of four: one lies below, one is not first.
    dir: { rate: 0.5 },
  });
  expect(() => outcomeOf({ person: 0, mate: 0.1, others: [0.2, Number.NaN] })).toThrow(
    "got NaN for person 1",
  );
});

test("folds are drawn so that any pair may come into any of them", () => {
  const first = Array.from(
    { length: 60 },
    (_, seed) => stratifiedFolds(Uint8Array.of(1, 1), 2, seeded(seed))[0],
  );
  expect(new Set(first)).toEqual(new Set([0, 1]));
});

test.each([0, 1, 2.5, 5, Number.NaN])("four pairs are not divided into %d folds", (folds) => {
  expect(() => stratifiedFolds(Uint8Array.of(1, 0, 1, 0), folds, seeded(1))).toThrow(
    `folds: expected 2 to 4 folds of 4 pairs, got ${folds}`,
  );
});

test("a threshold reads the same in every unit", () => {
  const { squaredDistance, distance, angleDeg, cosineDistance } = thresholdUnits(0.5);
  expect([squaredDistance, distance, cosineDistance]).toEqual([1, 1, 0.5]);
  expect(angleDeg).toBeCloseTo(60, 12);
});

test("a thinned curve keeps its ends, its order and about so many points, all of the whole one", () => {
  const scores = Array.from({ length: 20_000 }, (_, i) => Math.sin(i * 1.7) * 0.4 + (i % 2) * 0.4);
  const points = operatingPoints(
    labelled(
      scores,
      scores.map((_, i) => i % 2),
    ),
  );
  const whole = new Set(rocPoints(points, { every: true }).map(({ fmr, tmr }) => `${fmr} ${tmr}`));
  const thinned = detPoints(points, { maxPoints: 200 });
  expect(thinned.length).toBeLessThan(210);
  expect(thinned.length).toBeGreaterThan(35);
  expect(thinned.filter(({ fmr, fnmr }) => !whole.has(`${fmr} ${1 - fnmr}`))).toEqual([]);
  expect(thinned[0]).toMatchObject({ fmr: 0, fnmr: 1 });
  expect(thinned.at(-1)).toMatchObject({ fmr: 1, fnmr: 0 });
});
