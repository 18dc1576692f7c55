import { describe, expect, test } from "vitest";
import { seeded } from "../../core/index.ts";
import { type Points, pointsOf } from "../points.ts";
import { layoutQuality } from "../quality.ts";
import { rowAffinities } from "./affinities.ts";
import { tsneTransform } from "./transform.ts";
import { embedTsne, type TsneOptions, tsne } from "./tsne.ts";

/** Eight clusters in 16 dimensions. */
function blobs(count: number, shift = 0): Points {
  const random = seeded(3);
  const centres = Array.from({ length: 8 }, () => Array.from({ length: 16 }, () => random.next() * 10));
  return pointsOf(
    Array.from({ length: count }, (_, i) => centres[i % 8]!.map((c) => c + random.next() * 2 + shift)),
  );
}

const quick: TsneOptions = { iterations: 300, perplexity: 12, threads: 1 };

describe("a layout of eight clusters", () => {
  test.each([
    ["exact", 2],
    ["grid", 2],
    ["tree", 2],
    ["exact", 3],
    ["tree", 3],
  ] as const)("by the %s method in %i dimensions keeps who is near whom", async (method, dimensions) => {
    const points = blobs(400);
    const { layout, klDivergence, neighbours } = await embedTsne(points, { ...quick, method, dimensions });
    expect(neighbours.k).toBe(36);
    expect(neighbours.indices.every((j, n) => j % 8 === Math.floor(n / 36) % 8)).toBe(true);
    const { trustworthiness, neighbourhoodPreservation } = await layoutQuality(points, layout);
    expect(trustworthiness).toBeGreaterThan(0.95);
    expect(neighbourhoodPreservation).toBeGreaterThan(0.4);
    // Measured 0.74 to 0.84 in the plane, 0.44 in space; a random layout has 3.6.
    expect(klDivergence).toBeLessThan(1);
    expect(klDivergence).toBeGreaterThan(0.2);
  });

  test("the same seed gives the same bits, and moving all points changes nothing that counts", async () => {
    const [a, again, moved] = [
      await embedTsne(blobs(200), quick),
      await embedTsne(blobs(200), quick),
      await embedTsne(blobs(200, 100), quick),
    ];
    expect(again.layout).toEqual(a.layout);
    expect(moved.klDivergence).toBeCloseTo(a.klDivergence, 1);
    const { trustworthiness } = await layoutQuality(blobs(200), moved.layout);
    expect(trustworthiness).toBeGreaterThan(0.95);
  });

  test("is yielded as it forms, with a falling divergence once nothing is exaggerated", async () => {
    const seen: number[] = [];
    const divergences: number[] = [];
    for await (const snapshot of tsne(blobs(200), { ...quick, snapshotEvery: 100 })) {
      seen.push(snapshot.iteration);
      divergences.push(snapshot.klDivergence);
      expect(snapshot.layout).toHaveLength(400);
      const middle = snapshot.layout.reduce((sum, v) => sum + v) / 400;
      expect(Math.abs(middle)).toBeLessThan(1e-3);
    }
    expect(seen).toEqual([100, 200, 300]);
    expect(divergences[2]).toBeLessThan(divergences[0]!);
  });
});

test.each([1, 2, 3, 4, 5])("%i points have a finite layout", async (count) => {
  const { layout, perplexity, klDivergence } = await embedTsne(blobs(count), { iterations: 100 });
  expect(layout).toHaveLength(2 * count);
  expect(layout.every(Number.isFinite)).toBe(true);
  expect(Number.isFinite(klDivergence)).toBe(true);
  expect(perplexity).toBeLessThanOrEqual(Math.max(1, (count - 1) / 3));
});

test("points that are all equal, and duplicates among others, have finite layouts", async () => {
  const equal = pointsOf(Array.from({ length: 30 }, () => [1, 2, 3]));
  expect((await embedTsne(equal, quick)).layout.every(Number.isFinite)).toBe(true);
  const points = blobs(100);
  points.data.copyWithin(16, 0, 16);
  const { layout } = await embedTsne(points, quick);
  const [x, y] = [layout[0]! - layout[2]!, layout[1]! - layout[3]!];
  const extent = Math.max(...layout) - Math.min(...layout);
  expect(Math.hypot(x, y)).toBeLessThan(extent / 10);
});

test("what cannot be laid out is refused with a sentence", async () => {
  const refused = async (points: Points, options: TsneOptions, message: RegExp): Promise<void> => {
    await expect(embedTsne(points, options)).rejects.toThrow(message);
  };
  const bad = blobs(10);
  bad.data[37] = Number.NaN;
  await refused(bad, {}, /expected finite numbers, got NaN in row 2/);
  await refused({ data: new Float32Array(0), count: 0, dimension: 3 }, {}, /at least one point/);
  await refused(blobs(10), { perplexity: 0 }, /perplexity: expected a number above 0, got 0/);
  await refused(blobs(10), { iterations: 1.5 }, /iterations: expected a whole number/);
  await refused(blobs(10), { dimensions: 3, method: "grid" }, /exact or tree in space/);
  await refused(blobs(10), { start: [1, 2, 3] }, /start: expected 20 numbers, got 3/);
});

test("an aborted layout stops with ABORTED", async () => {
  const controller = new AbortController();
  const run = async (): Promise<void> => {
    for await (const { iteration } of tsne(blobs(200), {
      ...quick,
      snapshotEvery: 10,
      signal: controller.signal,
    })) {
      if (iteration === 20) controller.abort();
      expect(iteration).toBeLessThanOrEqual(30);
    }
  };
  await expect(run()).rejects.toMatchObject({ code: "ABORTED" });
});

// The larger reference is read from a grid, the smaller summed.
test.each([
  [300, 2],
  [1100, 2],
  [300, 3],
] as const)(
  "new points among %i old ones in %i dimensions land with their own kind",
  async (count, dimensions) => {
    const all = blobs(count + 80);
    const points = { ...all, count, data: all.data.slice(0, count * 16) };
    const fresh = { ...all, count: 80, data: all.data.slice(count * 16) };
    const { layout } = await embedTsne(points, { ...quick, dimensions });
    const reference = { points, layout, dimensions };
    const places = await tsneTransform(reference, fresh);
    let own = 0;
    for (let i = 0; i < 80; i++) {
      let [nearest, least] = [-1, Number.POSITIVE_INFINITY];
      for (let j = 0; j < count; j++) {
        let square = 0;
        for (let d = 0; d < dimensions; d++) {
          square += (places[i * dimensions + d]! - layout[j * dimensions + d]!) ** 2;
        }
        if (square < least) [nearest, least] = [j, square];
      }
      if (nearest % 8 === (count + i) % 8) own++;
    }
    expect(own).toBe(80);
    const one = { ...fresh, count: 1, data: fresh.data.slice(16, 32) };
    expect(await tsneTransform(reference, one)).toEqual(places.slice(dimensions, 2 * dimensions));
    const flat = { ...fresh, dimension: 8, count: 160 };
    await expect(tsneTransform(reference, flat)).rejects.toMatchObject({ code: "SHAPE" });
  },
);

test.each([2, 3] as const)(
  "each step of a new point goes down the divergence of its affinities, in %i dimensions",
  async (dimensions) => {
    const random = seeded(5);
    const all = blobs(25);
    const points = { ...all, count: 24, data: all.data.slice(0, 24 * 16) };
    const fresh = { ...all, count: 1, data: all.data.slice(24 * 16) };
    const layout = Float64Array.from({ length: 24 * dimensions }, () => 4 * random.next());
    const placed = async (iterations: number): Promise<number[]> => [
      ...(await tsneTransform({ points, layout, dimensions }, fresh, { perplexity: 8, iterations })),
    ];
    const squares = Array.from({ length: 24 }, (_, j) => ({
      j,
      square: fresh.data.reduce((sum, x, i) => sum + (x - points.data[16 * j + i]!) ** 2, 0),
    })).sort((a, b) => a.square - b.square);
    const affinities = new Float64Array(24);
    rowAffinities(
      Float64Array.from(squares, ({ square }) => square),
      8,
      affinities,
    );
    const near = (place: readonly number[], j: number): number =>
      1 / (1 + place.reduce((sum, x, d) => sum + (x - layout[j * dimensions + d]!) ** 2, 0));
    const divergence = (place: readonly number[]): number => {
      const all = squares.reduce((sum, { j }) => sum + near(place, j), 0);
      return squares.reduce((sum, { j }, n) => sum - affinities[n]! * Math.log(near(place, j) / all), 0);
    };
    const start = await placed(0);
    const step = (await placed(1)).map((x, d) => x - start[d]!);
    const downhill = start.map((_, d) => {
      const moved = (by: number): number => divergence(start.map((x, e) => (e === d ? x + by : x)));
      return (moved(-1e-4) - moved(1e-4)) / 2e-4;
    });
    // The gradient is twice what a step is 0.5 times of.
    for (const [d, slope] of downhill.entries()) expect(step[d]).toBeCloseTo(0.25 * slope, 4);
    const path = await Promise.all([0, 1, 2, 5, 20, 100].map(placed));
    const falling = path.map(divergence);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
  },
);
