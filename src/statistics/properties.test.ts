import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import {
  areaUnderCurve,
  clopperPearson,
  contiguousFolds,
  equalErrorRate,
  errorVersusReject,
  exactAccuracy,
  falseMatchRate,
  gridAccuracy,
  groupErrors,
  identificationRate,
  type LabelledScores,
  operatingPoints,
  outcomeOf,
  rankAccuracy,
  rateOfPeople,
  ScoreHistogram,
  stratifiedFolds,
  tallyScores,
  trueAcceptRate,
} from "./index.ts";
import { allPairs, drawCrowd } from "./made-people.ts";
import { takenOff } from "./sharing.ts";

/** Scores with many ties and both kinds of pairs. */
const labelledScores = fc
  .array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.boolean()), { minLength: 2, maxLength: 80 })
  .filter((pairs) => pairs.some(([, same]) => same) && pairs.some(([, same]) => !same))
  .map(
    (pairs): LabelledScores => ({
      scores: Float64Array.from(pairs, ([score]) => score / 40),
      same: Uint8Array.from(pairs, ([, same]) => Number(same)),
    }),
  );

/** The readable twins: every pair against every pair, every threshold tried. */
const slow = {
  auc({ scores, same }: LabelledScores): number {
    let wins = 0;
    let all = 0;
    scores.forEach((g, i) => {
      scores.forEach((n, j) => {
        if (!same[i] || same[j]) return;
        all++;
        wins += g > n ? 1 : g === n ? 0.5 : 0;
      });
    });
    return wins / all;
  },
  rate({ scores, same }: LabelledScores, kind: number, threshold: number): number {
    const own = scores.filter((_, i) => same[i] === kind);
    return own.filter((score) => score >= threshold).length / own.length;
  },
  right({ scores, same }: LabelledScores, chosen: (i: number) => boolean, threshold: number): number {
    return scores.filter((score, i) => chosen(i) && score >= threshold === (same[i] === 1)).length;
  },
};

describe("every list of scores", () => {
  test("has the area of all comparisons of a genuine with an impostor pair", () => {
    fc.assert(
      fc.property(labelledScores, (pairs) => {
        expect(areaUnderCurve(operatingPoints(pairs))).toBeCloseTo(slow.auc(pairs), 12);
      }),
    );
  });

  test("has counts that do not depend on the order of its pairs", () => {
    fc.assert(
      fc.property(labelledScores, fc.integer(), (pairs, seed) => {
        const order = seeded(seed).shuffle([...pairs.scores.keys()]);
        const shuffled = {
          scores: Float64Array.from(order, (i) => pairs.scores[i]!),
          same: Uint8Array.from(order, (i) => pairs.same[i]!),
        };
        expect(operatingPoints(shuffled)).toEqual(operatingPoints(pairs));
      }),
    );
  });

  test("has an equal error rate between the errors of two neighbouring thresholds", () => {
    fc.assert(
      fc.property(labelledScores, (pairs) => {
        const { rate } = equalErrorRate(operatingPoints(pairs));
        const levels = [Number.POSITIVE_INFINITY, ...new Set([...pairs.scores].sort((a, b) => b - a))];
        const errors = levels.map((t) => ({ fmr: slow.rate(pairs, 0, t), fnmr: 1 - slow.rate(pairs, 1, t) }));
        const crossing = errors.findIndex(({ fmr, fnmr }) => fmr >= fnmr);
        const [before, after] = [errors[Math.max(crossing - 1, 0)]!, errors[crossing]!];
        expect(rate).toBeGreaterThanOrEqual(before.fmr - 1e-12);
        expect(rate).toBeLessThanOrEqual(after.fmr + 1e-12);
        expect(rate).toBeLessThanOrEqual(before.fnmr + 1e-12);
        expect(rate).toBeGreaterThanOrEqual(after.fnmr - 1e-12);
      }),
    );
  });

  test("has no threshold that accepts more genuine pairs within a false accept rate", () => {
    fc.assert(
      fc.property(labelledScores, fc.double({ min: 0.05, max: 1, noNaN: true }), (pairs, far) => {
        const found = trueAcceptRate(operatingPoints(pairs), far);
        if (found.kind !== "measured") return;
        expect(slow.rate(pairs, 0, found.threshold)).toBeLessThanOrEqual(far * (1 + 1e-12));
        for (const t of pairs.scores) {
          if (slow.rate(pairs, 0, t) <= far) expect(slow.rate(pairs, 1, t)).toBeLessThanOrEqual(found.tar);
        }
      }),
    );
  });

  test("has no better threshold on the other folds than the exact one, and the grid's is no better", () => {
    fc.assert(
      fc.property(labelledScores, (pairs) => {
        const fold = contiguousFolds(pairs.scores.length, 2);
        const exact = exactAccuracy(pairs, fold);
        const grid = gridAccuracy(pairs, fold);
        for (const held of [0, 1]) {
          const others = (i: number): boolean => fold[i] !== held;
          const best = slow.right(pairs, others, exact.folds[held]!.threshold);
          for (const t of [...pairs.scores, 2])
            expect(slow.right(pairs, others, t)).toBeLessThanOrEqual(best);
          expect(slow.right(pairs, others, grid.folds[held]!.threshold + 1e-9)).toBeLessThanOrEqual(best);
          const own = slow.right(pairs, (i) => fold[i] === held, exact.folds[held]!.threshold);
          expect(exact.folds[held]!.accuracy).toBe(own / exact.folds[held]!.pairs);
        }
      }),
    );
  });

  test("gives the same table through a histogram whose steps its scores are multiples of", () => {
    fc.assert(
      fc.property(labelledScores, (pairs) => {
        const halves = [0, 1].map(() => new ScoreHistogram({ stepsPerUnit: 40 }));
        for (const [i, score] of pairs.scores.entries()) halves[i % 2]!.add(score, pairs.same[i] === 1);
        halves[0]!.merge(halves[1]!);
        const [whole, streamed] = [operatingPoints(pairs), halves[0]!.operatingPoints()];
        expect([...streamed.threshold]).toEqual([...whole.threshold]);
        expect([...streamed.genuine]).toEqual([...whole.genuine]);
        expect([...streamed.impostor]).toEqual([...whole.impostor]);
      }),
    );
  });
});

test("an exact interval holds the true rate at least as often as it says", () => {
  // The chance that the interval misses, summed over every outcome of 40 trials.
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
  for (const truth of [0.01, 0.1, 0.37, 0.5, 0.93]) {
    let held = 0;
    for (let k = 0; k <= 40; k++) {
      const { low, high } = clopperPearson(k, 40);
      if (low <= truth && truth <= high) held += choose(40, k) * truth ** k * (1 - truth) ** (40 - k);
    }
    expect(held).toBeGreaterThanOrEqual(0.95);
  }
});

describe("identification", () => {
  let person = 0;
  const search = (mate: number | undefined, ...others: number[]) =>
    outcomeOf({ person: person++, mate, others });

  test("ranks a mate behind everybody who scores the same", () => {
    expect(search(0.7, 0.7, 0.9, 0.1)).toMatchObject({ rank: 3, mate: 0.7, bestOther: 0.9 });
    const outcomes = [
      search(0.9, 0.1, 0.2),
      search(0.5, 0.6, 0.4),
      search(0.3, 0.4, 0.5),
      search(undefined, 0.9),
    ];
    expect(rankAccuracy(outcomes, 1)).toMatchObject({ rate: 1 / 3 });
    expect(rankAccuracy(outcomes, 2)).toMatchObject({ rate: 2 / 3 });
    expect(rankAccuracy(outcomes, 3)).toMatchObject({ rate: 1 });
  });

  test("names at a false alarm rate only whom it may, and gives no number for too few strangers", () => {
    const strangers = Array.from({ length: 20 }, (_, i) => search(undefined, i / 20));
    const known = [search(0.99, 0.2), search(0.92, 0.1), search(0.6, 0.1), search(0.97, 0.98)];
    const found = identificationRate([...strangers, ...known], 0.05);
    // One stranger may pass, 0.95; the next, 0.90, may not. The lowest score between is 0.92.
    expect(found).toMatchObject({
      kind: "measured",
      threshold: 0.92,
      dir: { rate: 0.5 },
      far: { rate: 0.05 },
    });
    expect(identificationRate([...strangers.slice(1), ...known], 0.05)).toMatchObject({
      needed: 20,
      probesWithoutMate: 19,
    });
  });
});

test("setting aside the worst pictures shows whether quality and error have to do with each other", () => {
  const scores = Float64Array.of(0.1, 0.2, 0.8, 0.9, 0.7, 0.6);
  const quality = Float64Array.of(1, 2, 3, 3, 4, 5);
  const curve = errorVersusReject(scores, quality, [0, 1, 2, 3, 4, 5], 0.5, 6);
  expect(curve.map(({ rejected, fnmr }) => [rejected, fnmr.rate])).toEqual([
    [0, 2 / 6],
    [1 / 6, 1 / 5],
    [2 / 6, 0],
    [4 / 6, 0],
    [5 / 6, 0],
  ]);
});

test("qualities are set aside as a sorted list of them says, whatever their range", () => {
  const random = seeded(9);
  const lists = {
    even: Array.from({ length: 997 }, () => random.next()),
    "mostly one": Array.from({ length: 500 }, () => (random.next() < 0.9 ? 1 : random.next())),
    "one far away": [1e300, ...Array.from({ length: 300 }, () => random.next())],
    infinite: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 3, 3, 0, 0, 2],
    tiny: [0, Number.MIN_VALUE, 2 * Number.MIN_VALUE, 0],
    equal: [7, 7, 7],
    one: [4],
    none: [],
  };
  for (const [name, list] of Object.entries(lists)) {
    const quality = Float64Array.from(list);
    const scores = quality.map(() => random.next());
    const sorted = quality.slice().sort();
    const worst = new Set(
      Array.from({ length: 20 }, (_, step) => sorted[Math.floor((step / 20) * list.length)]),
    );
    const expected = [...worst]
      .filter((worse) => worse !== undefined)
      .map((worse) => {
        const kept = [...scores].filter((_, i) => quality[i]! >= worse);
        return [
          worse,
          1 - kept.length / list.length,
          kept.filter((score) => score < 0.4).length / kept.length,
        ];
      });
    const found = errorVersusReject(scores, quality, [...scores.keys()], 0.4);
    expect(found.length, name).toBe(expected.length);
    found.forEach(({ minQuality, rejected, fnmr }, i) => {
      expect(minQuality, name).toEqual(expected[i]![0]);
      expect(rejected, name).toBeCloseTo(expected[i]![1]!, 12);
      expect(fnmr.rate, name).toBeCloseTo(expected[i]![2]!, 12);
    });
  }
});

test("groups have their own rates at the one threshold, pairs across groups too", () => {
  const pairs = {
    scores: Float64Array.of(0.9, 0.2, 0.6, 0.1, 0.7),
    same: Uint8Array.of(1, 1, 0, 0, 0),
    a: Uint32Array.of(0, 1, 2, 3, 4),
    b: Uint32Array.of(0, 1, 5, 6, 7),
    people: 8,
  };
  const groups = { names: ["b", "a"], a: Uint16Array.of(1, 0, 0, 1, 0), b: Uint16Array.of(1, 0, 0, 1, 1) };
  const found = groupErrors(pairs, groups, 0.5);
  expect(found.map(({ group, fmr, fnmr }) => [group, fmr.rate, fnmr.rate])).toEqual([
    ["a", 0, 0],
    ["a × b", 1, Number.NaN],
    ["b", 1, 1],
  ]);
});

describe("pairs that share people", () => {
  const identified = allPairs(drawCrowd(30, () => 4, seeded(5)));

  test("the variance of a share is that of its residuals over pairs of pairs that share a person", () => {
    const threshold = 0.4;
    const tallied = tallyScores(identified, [threshold]).impostor;
    const at = tallied.threshold.indexOf(threshold);
    const impostor = [...identified.scores.keys()].filter((i) => !identified.same[i]);
    const share = impostor.filter((i) => identified.scores[i]! >= threshold).length / impostor.length;
    // Every person is in 2/30 of the pairs: without one, the rate differs by as much more.
    const residual = impostor.map((i) => Number(identified.scores[i]! >= threshold) - share);
    let [sums, dyads] = [0, 0];
    for (let person = 0; person < 30; person++) {
      const own = impostor.map((i) => identified.a[i] === person || identified.b[i] === person);
      sums += residual.reduce((sum, x, k) => sum + (own[k] ? x : 0), 0) ** 2;
      for (let other = 0; other < person; other++) {
        const both = impostor.map(
          (i, k) => own[k]! && (identified.a[i] === other || identified.b[i] === other),
        );
        dyads += residual.reduce((sum, x, k) => sum + (both[k] ? x : 0), 0) ** 2;
      }
    }
    // Everybody is in pairs with 29 others, of whom four count as few: so much of the squares is taken off.
    const expected = (sums / (1 - 2 / 30) ** 2 - (4 / 29) * dyads) / impostor.length ** 2;
    expect(tallied.share[at]).toBeCloseTo(share, 12);
    expect(tallied.variance[at]).toBeCloseTo(expected, 12);
  });

  test("of few people in many pairs the variance is that of leaving out one at a time; of many, or in few pairs, less", () => {
    expect(takenOff(30, 29)).toBeCloseTo(4 / 29, 12);
    expect(takenOff(30, 3)).toBe(1);
    expect(takenOff(4281, 4280)).toBeCloseTo(0.965, 3);
  });

  test("an interval by person is wider than that of independent pairs where people differ", () => {
    const { low, high, rate } = falseMatchRate(tallyScores(identified, [0.4]), 0.4);
    const pairs = identified.same.filter((same) => !same).length;
    const naive = clopperPearson(Math.round(rate * pairs), pairs);
    expect(high - low).toBeGreaterThan(3 * (naive.high - naive.low));
  });

  test("where nobody is in two pairs it is nearly that of independent pairs", () => {
    const scores = Float64Array.from({ length: 400 }, (_, i) => Number(i % 8 === 0));
    const a = Uint32Array.from(scores, (_, i) => 2 * i);
    const pairs = { scores, same: new Uint8Array(400), a, b: a.map((i) => i + 1), people: 800 };
    const { low, high } = falseMatchRate(tallyScores(pairs, [1]), 1);
    const exact = clopperPearson(50, 400);
    expect((high - low) / (exact.high - exact.low)).toBeCloseTo(1, 1);
  });

  test("of one person nothing is known about others", () => {
    const one = rateOfPeople([0], [50]);
    expect([one.low, one.high]).toEqual([0, 1]);
  });

  test("nothing in 100 trials of 10 people says as little as nothing in 10", () => {
    const none = rateOfPeople(new Array(10).fill(0), new Array(10).fill(10));
    expect(none.high).toBeGreaterThan(clopperPearson(0, 10).high - 1e-12);
  });

  test("refuses a genuine pair of two people", () => {
    const wrong = { ...identified, a: identified.a.map((a) => (a + 1) % 30) };
    expect(() => tallyScores(wrong, [0])).toThrow("one person in a genuine");
  });
});

describe("folds drawn by chance", () => {
  test("hold their share of both kinds of pairs, whatever order the list has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(),
        (g, n, seed) => {
          const same = Uint8Array.from({ length: g + n }, (_, i) => Number(i < g));
          const folds = Math.min(10, g + n);
          const fold = stratifiedFolds(same, folds, seeded(seed));
          for (const [kind, count] of [g, n].entries()) {
            const own = Array.from({ length: folds }, (_, f) =>
              fold.filter((x, i) => x === f && same[i] === 1 - kind),
            );
            for (const { length } of own) expect(Math.abs(length - count / folds)).toBeLessThan(1);
          }
        },
      ),
    );
  });

  test("of a list with all genuine pairs first decide rightly where scores are apart, which contiguous ones do not", () => {
    const same = Uint8Array.from({ length: 88 }, (_, i) => Number(i < 38));
    const random = seeded(2);
    const scores = Float64Array.from(same, (kind) => kind * 0.5 + 0.4 * random.next());
    const mean = (fold: Uint16Array): number => exactAccuracy({ scores, same }, fold).mean;
    expect(mean(stratifiedFolds(same, 10, seeded(1)))).toBe(1);
    expect(mean(contiguousFolds(88, 2))).toBeLessThan(1);
  });
});
