import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { pca, pcaTransform } from "./pca.ts";
import { centredPointsOf, type Points, pointsOf } from "./points.ts";
import { layoutQuality } from "./quality.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";
import { embedTsne } from "./tsne/index.ts";
import { umap } from "./umap.ts";

function cloud(count: number, dimension: number, scale: (d: number) => number = () => 1): Points {
  const random = seeded(11);
  return pointsOf(
    Array.from({ length: count }, () =>
      Array.from({ length: dimension }, (_, d) => (random.next() - 0.5) * scale(d)),
    ),
  );
}

/** Distances to all others, sorted. */
function sortedFrom({ data, count, dimension }: Points, i: number): { j: number; distance: number }[] {
  return Array.from({ length: count }, (_, j) => ({
    j,
    distance: Math.hypot(
      ...Array.from({ length: dimension }, (_, d) => data[i * dimension + d]! - data[j * dimension + d]!),
    ),
  }))
    .filter(({ j }) => j !== i)
    .sort((a, b) => a.distance - b.distance || a.j - b.j);
}

describe("nearest neighbours", () => {
  // The second size goes through the inference engine's matrix product, which rounds.
  test.each([
    [60, 5],
    [1200, 80],
  ])("of %i points in %i dimensions are those of a sorted list", async (count, dimension) => {
    const points = cloud(count, dimension);
    const { indices, distances } = await nearestNeighbours(points, 7);
    for (let i = 0; i < count; i += 29) {
      const wanted = sortedFrom(points, i).slice(0, 7);
      expect([...indices.subarray(i * 7, i * 7 + 7)]).toEqual(wanted.map(({ j }) => j));
      for (const [n, { distance }] of wanted.entries()) {
        expect(distances[i * 7 + n]).toBeCloseTo(distance, 5);
      }
    }
  });

  test("far from the origin they are the same", async () => {
    const points = cloud(1200, 80);
    const near = await nearestNeighbours(points, 5);
    const far = await nearestNeighbours({ ...points, data: points.data.map((v) => v + 64) }, 5);
    const same = near.indices.filter((j, n) => j === far.indices[n]).length;
    // float32 keeps 5 digits behind the point at 64, and some neighbours differ by less.
    expect(same / near.indices.length).toBeGreaterThan(0.99);
  });

  test("points at one place are each other's, lower index first, never their own", async () => {
    const points = pointsOf([[0], [5], [5], [5]]);
    const { indices } = await nearestNeighbours(points, 2);
    expect([...indices]).toEqual([1, 2, 2, 3, 1, 3, 1, 2]);
    await expect(nearestNeighbours(points, 4)).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("eigenvectors of a symmetric matrix", () => {
  test("are the known ones of a small matrix, largest value first", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 0, 1, 2, 0, 0, 0, 5), 3);
    expect([...values]).toEqual([5, 3, 1].map((value) => expect.closeTo(value, 12)));
    const half = Math.SQRT1_2;
    expect([...vectors].map(Math.abs)).toEqual(
      [0, 0, 1, half, half, 0, half, half, 0].map((value) => expect.closeTo(value, 12)),
    );
  });

  test("are stretched by their values and stand on each other at right angles", () => {
    const random = seeded(3);
    const n = 8;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.next() - 0.5;
    const { values, vectors } = symmetricEigen(matrix.slice(), n);
    const row = (v: number) => vectors.subarray(v * n, v * n + n);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (let v = 0; v < n; v++) {
      const image = Array.from({ length: n }, (_, i) => dot(matrix.subarray(i * n, i * n + n), row(v)));
      for (let i = 0; i < n; i++) expect(image[i]).toBeCloseTo(values[v]! * row(v)[i]!, 10);
      for (let w = 0; w <= v; w++) expect(dot(row(v), row(w))).toBeCloseTo(v === w ? 1 : 0, 10);
      if (v > 0) expect(values[v]).toBeLessThanOrEqual(values[v - 1]!);
    }
  });
});

describe("PCA", () => {
  test("finds known axes and variances", async () => {
    // Coordinates stretched by 10, 5, 2, 1 and turned by 30° in the plane of the first two.
    const random = seeded(5);
    const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const flat = Array.from({ length: 4000 }, () =>
      [10, 5, 2, 1].map((scale) => (random.next() - 0.5) * scale * Math.sqrt(12)),
    );
    const points = pointsOf(flat.map(([x, y, z, w]) => [c * x! - s * y! + 3, s * x! + c * y!, z!, w!]));
    const { axes, variances, mean, totalVariance, scores } = await pca(points, { components: 3 });
    expect(mean[0]).toBeCloseTo(3, 0);
    const wanted = [
      [c, s, 0, 0],
      [-s, c, 0, 0],
      [0, 0, 1, 0],
    ];
    for (const [n, axis] of wanted.entries()) {
      const dot = axis.reduce((sum, v, d) => sum + v * axes[n * 4 + d]!, 0);
      expect(Math.abs(dot)).toBeGreaterThan(0.999);
      expect(variances[n]! / [100, 25, 4][n]!).toBeCloseTo(1, 1);
    }
    expect(totalVariance / 130).toBeCloseTo(1, 1);
    let first = 0;
    for (let i = 0; i < 4000; i++) first += scores[3 * i]! ** 2 / 4000;
    expect(first).toBeCloseTo(variances[0]!, 2);
  });

  test("the largest coordinate of every axis is positive, whatever chance begins with", async () => {
    const points = cloud(50, 5, (d) => 5 - d);
    const found = await Promise.all([1, 2, 3, 4].map((seed) => pca(points, { components: 4, seed })));
    for (const { axes } of found)
      for (let c = 0; c < 4; c++) {
        const axis = [...axes.subarray(5 * c, 5 * c + 5)];
        expect(Math.max(...axis)).toBeGreaterThanOrEqual(-Math.min(...axis));
        for (const [d, value] of axis.entries()) expect(value).toBeCloseTo(found[0]!.axes[5 * c + d]!, 6);
      }
  });

  test("the matrix product, plain loops and products through the points agree", async () => {
    const decay = (d: number): number => 0.9 ** d;
    const wide = cloud(40, 2100, decay);
    const narrow: Points = {
      count: 40,
      dimension: 200,
      data: Float32Array.from({ length: 8000 }, (_, n) => wide.data[Math.floor(n / 200) * 2100 + (n % 200)]!),
    };
    const [a, b] = [await pca(wide, { components: 4 }), await pca(narrow, { components: 4 })];
    // Beyond 200 dimensions the scale is below 10⁻⁹.
    for (let n = 0; n < 4; n++) expect(a.variances[n]! / b.variances[n]!).toBeCloseTo(1, 5);
    const many: Points = {
      count: 6000,
      dimension: 200,
      data: Float32Array.from({ length: 6000 * 200 }, (_, n) => narrow.data[n % 8000]!),
    };
    const c = await pca(many, { components: 4 });
    for (let n = 0; n < 4; n++) expect(c.variances[n]! / b.variances[n]!).toBeCloseTo(1, 4);
  });

  test("new points land where the old ones with the same values are; equal points have no spread", async () => {
    const points = cloud(50, 6);
    const fitted = await pca(points, { components: 2 });
    expect(pcaTransform(fitted, points)).toEqual(fitted.scores);
    expect(() => pcaTransform(fitted, cloud(5, 7))).toThrow(expect.objectContaining({ code: "SHAPE" }));
    const equal = await pca(
      pointsOf([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
      { components: 5 },
    );
    expect([equal.components, ...equal.variances, ...equal.scores]).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe("layout quality", () => {
  test("is perfect for the points themselves and about chance for a random layout", async () => {
    const points = cloud(300, 2);
    expect(await layoutQuality(points, points.data)).toEqual({
      k: 10,
      neighbourhoodPreservation: 1,
      trustworthiness: 1,
    });
    const random = seeded(99);
    const lost = await layoutQuality(
      points,
      Float32Array.from({ length: 600 }, () => random.next()),
    );
    expect(lost.neighbourhoodPreservation).toBeLessThan(0.08);
    expect(Math.abs(lost.trustworthiness - 0.5)).toBeLessThan(0.05);
  });

  test("trustworthiness is the formula's, computed slowly", async () => {
    const points = cloud(60, 6);
    const layout = Float32Array.from(
      { length: 120 },
      (_, n) => points.data[Math.floor(n / 2) * 6 + (n % 2)]!,
    );
    const flat = { data: layout, count: 60, dimension: 2 };
    let penalty = 0;
    for (let i = 0; i < 60; i++) {
      const ranks = new Map(sortedFrom(points, i).map(({ j }, rank) => [j, rank + 1]));
      for (const { j } of sortedFrom(flat, i).slice(0, 5)) penalty += Math.max(0, ranks.get(j)! - 5);
    }
    const wanted = 1 - (2 * penalty) / (60 * 5 * (2 * 60 - 3 * 5 - 1));
    const { trustworthiness } = await layoutQuality(points, layout, { k: 5 });
    expect(trustworthiness).toBeCloseTo(wanted, 10);
  });
});

test("a float64 cloud far from the origin is laid out as faithfully as near it", async () => {
  const random = seeded(5);
  const near = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 6 }, (_, d) => (i % 5 === d ? 20 : 0) + 4 * random.next()),
  );
  const far = near.map((row) => row.map((value) => 1.7e9 + value));
  const judged = async (points: Points): Promise<number> => {
    const { layout } = await embedTsne(points, { perplexity: 15, iterations: 300 });
    return (await layoutQuality(pointsOf(near), layout)).trustworthiness;
  };
  expect(() => pointsOf(far)).toThrow(/expected numbers whose differences float32 holds, got a cloud/);
  expect(await judged(centredPointsOf(far))).toBeGreaterThan((await judged(pointsOf(near))) - 0.01);
});

test.each([4, 5, 10, 14, 15, 16])("UMAP lays out %i points", async (count) => {
  const layout = await umap(cloud(count, 3), { epochs: 20 });
  expect(layout).toHaveLength(2 * count);
  expect(layout.every(Number.isFinite)).toBe(true);
});

test("UMAP keeps clusters together, the same for the same seed", async () => {
  const random = seeded(1);
  const points = pointsOf(
    Array.from({ length: 120 }, (_, i) =>
      Array.from({ length: 8 }, (_, d) => (i % 4 === d ? 10 : 0) + random.next()),
    ),
  );
  const layout = await umap(points, { epochs: 100 });
  expect((await layoutQuality(points, layout)).trustworthiness).toBeGreaterThan(0.9);
  expect(await umap(points, { epochs: 100 })).toEqual(layout);
  await expect(umap(cloud(3, 2))).rejects.toMatchObject({ code: "USAGE" });
});
