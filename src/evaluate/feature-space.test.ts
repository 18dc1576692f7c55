import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { measureFeatureSpace } from "./feature-space.ts";

/** Points in the plane at these angles. */
const at = (...degrees: number[]): Float32Array =>
  Float32Array.from(degrees.flatMap((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)]));

describe("a feature space", () => {
  test("is measured in angles that can be read off a drawing", () => {
    // Two classes around 10° and 90°, 10° to either side of it.
    const space = measureFeatureSpace({ features: at(0, 20, 80, 100), dimension: 2, labels: [0, 0, 1, 1] });
    expect(space).toMatchObject({ count: 4, classes: 2, nearestCentreAccuracy: 1 });
    expect(space.intraDeg).toBeCloseTo(10, 4);
    expect(space.intraPairDeg).toBeCloseTo(20, 4);
    expect(space.interDeg).toBeCloseTo(80, 4);
    // 0° is 90° from the other centre and 10° from its own; 20° is 70° and 10°.
    expect(space.marginDeg).toBeCloseTo(70, 4);
    expect(space.margin95Deg).toBeCloseTo(60, 4);
  });

  test("a vector on the wrong side has a margin below zero", () => {
    const space = measureFeatureSpace({
      features: at(0, 0, 60, 90, 90, 90),
      dimension: 2,
      labels: [0, 0, 0, 1, 1, 1],
    });
    expect(space.nearestCentreAccuracy).toBeCloseTo(5 / 6, 12);
    expect(space.margin95Deg).toBeLessThan(0);
  });

  test("does not depend on the length of the vectors", () => {
    const features = at(3, 25, 71, 99, 200, 210);
    const longer = features.map((value, i) => value * (1 + (i >> 1)));
    const labels = [0, 0, 1, 1, 2, 2];
    const [a, b] = [features, longer].map((f) => measureFeatureSpace({ features: f, dimension: 2, labels }));
    for (const key of ["intraDeg", "interDeg", "marginDeg", "silhouette"] as const)
      expect(b![key]).toBeCloseTo(a![key], 4);
  });

  test("the silhouette without pairs is the silhouette with pairs", () => {
    const random = seeded(5);
    const [count, dimension] = [60, 5];
    const labels = Array.from({ length: count }, (_, i) => (i === 0 ? 7 : random.below(3)));
    const features = Float32Array.from({ length: count * dimension }, (_, i) => {
      const label = labels[Math.floor(i / dimension)]!;
      return random.next() - 0.4 + (i % dimension === label ? 1 : 0);
    });
    const row = (i: number) => features.subarray(i * dimension, (i + 1) * dimension);
    const distance = (i: number, j: number): number => {
      const [a, b] = [row(i), row(j)];
      const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, d) => sum + value * y[d]!, 0);
      return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    const mean = (values: number[]) => values.reduce((x, y) => x + y, 0) / values.length;
    const all = [...labels.keys()];
    const expected = mean(
      all.map((i) => {
        const own = all.filter((j) => j !== i && labels[j] === labels[i]);
        if (own.length === 0) return 0;
        const others = [...new Set(labels)].filter((label) => label !== labels[i]);
        const a = mean(own.map((j) => distance(i, j)));
        const b = Math.min(
          ...others.map((l) => mean(all.filter((j) => labels[j] === l).map((j) => distance(i, j)))),
        );
        return (b - a) / Math.max(a, b);
      }),
    );
    expect(measureFeatureSpace({ features, dimension, labels }).silhouette).toBeCloseTo(expected, 9);
  });

  test("refuses one class alone, a vector without a direction, and labels that do not match", () => {
    const measure = (features: Float32Array, labels: number[]) => () =>
      measureFeatureSpace({ features, dimension: 2, labels });
    expect(measure(at(1, 2), [3, 3])).toThrow(/at least 2 classes, got 1/);
    expect(measure(Float32Array.of(0, 0, 1, 0), [0, 1])).toThrow(/direction/);
    expect(measure(at(1, 2), [0, 1, 1])).toThrow(/expected \[3, 2\] numbers, got 4/);
    expect(measure(at(1, 2), [-1, 1])).toThrow(/got -1 at 0/);
  });
});
