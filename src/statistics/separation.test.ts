import { describe, expect, test } from "vitest";
import { jackknifeInterval } from "./jackknife.ts";
import { separation, separations } from "./separation.ts";

const at = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

describe("separation", () => {
  test("counts how often a genuine pair scores above an impostor pair", () => {
    // Angles of the genuine pairs: 10, 80; of the impostor pairs: 40, 120, 30, 110.
    const pairs = { people: 2, person: [0, 0, 1, 1], vectors: [at(0), at(10), at(40), at(120)] };
    const own = separation(pairs);
    // 10 beats all four, 80 beats 110 and 120.
    expect(own.auc).toBeCloseTo(6 / 8, 10);
    const cosines = (angles: number[]) => angles.map((angle) => Math.cos((angle * Math.PI) / 180));
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2));
    const [g, n] = [cosines([10, 80]), cosines([40, 120, 30, 110])];
    const expected = (mean(g) - mean(n)) / Math.sqrt((variance(g) + variance(n)) / 2);
    expect(own.dPrime).toBeCloseTo(expected, 5);
  });

  test("ties count half", () => {
    const pairs = { people: 2, person: [0, 0, 1], vectors: [at(0), at(0), at(0)] };
    expect(separation(pairs).auc).toBe(0.5);
  });

  test("leaves each person out in turn, as if the person were not there", () => {
    const vectors = [at(0), at(10), at(40), at(120), at(200), at(300)];
    const three = { people: 3, person: [0, 0, 1, 1, 2, 2], vectors };
    const four = { people: 4, person: [0, 0, 1, 1, 2, 2, 3, 3], vectors: [...vectors, at(70), at(95)] };
    expect(separations(four).without[3]).toEqual(separation(three));
    expect(separations(four).without).toHaveLength(4);
  });

  test("says nothing of two people, of whom none can be left out", () => {
    const two = { people: 2, person: [0, 0, 1, 1], vectors: [at(0), at(10), at(40), at(120)] };
    expect(() => separations(two)).toThrow("expected at least 3 people, got 2");
  });
});

describe("an interval by leaving out", () => {
  const withoutEach = (values: readonly number[]): number[] => {
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map((value) => (sum - value) / (values.length - 1));
  };

  test("is that of a mean by Student's t", () => {
    const [low, high] = jackknifeInterval(5, withoutEach([1, 3, 5, 7, 9]));
    // Variance 10 of five values; 2.776 for four degrees of freedom.
    expect(high - 5).toBeCloseTo(2.776445 * Math.sqrt(10 / 5), 5);
    expect(5 - low).toBeCloseTo(high - 5, 12);
  });

  test("reaches further to the side where one person lies far off", () => {
    const [low, high] = jackknifeInterval(3, withoutEach([1, 1, 2, 2, 9]));
    expect(high - 3).toBeGreaterThan(1.4 * (3 - low));
  });

  test("is without the bias that leaving out shows", () => {
    // The variance divided by the count is too small by the share that one of five values has in it.
    const values = [1, 3, 5, 7, 9];
    const spread = (of: readonly number[]): number => {
      const mean = of.reduce((a, b) => a + b, 0) / of.length;
      return of.reduce((sum, value) => sum + (value - mean) ** 2, 0) / of.length;
    };
    const without = values.map((_, i) => spread(values.toSpliced(i, 1)));
    const [low, high] = jackknifeInterval(spread(values), without);
    expect((low + high) / 2).toBeGreaterThan(spread(values));
  });

  test("of one person there is none", () => {
    expect(jackknifeInterval(3, [2])).toEqual([-Infinity, Infinity]);
  });
});
