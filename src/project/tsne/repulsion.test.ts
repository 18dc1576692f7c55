import { describe, expect, test } from "vitest";
import { seeded } from "../../core/index.ts";
import { ExactRepulsion } from "./exact-repulsion.ts";
import { Fft, fastLength } from "./fft.ts";
import { GridRepulsion, gridMemory } from "./grid-repulsion.ts";
import { boundsOf, pairsPerArea } from "./layout-bounds.ts";
import { SPLINE_NODES, splineSlopes, splineWeights } from "./spline.ts";
import { Team } from "./team.ts";
import { TreeRepulsion } from "./tree-repulsion.ts";

/** Five round clusters in a square of the given side. */
function clusters(count: number, dimensions: number, side: number): Float64Array {
  const random = seeded(7);
  const bell = (): number => random.next() + random.next() + random.next() + random.next() - 2;
  const centres = Array.from({ length: 5 * dimensions }, () => (random.next() - 0.5) * side);
  return Float64Array.from({ length: count * dimensions }, (_, n) => {
    const cluster = Math.floor(n / dimensions) % 5;
    return centres[cluster * dimensions + (n % dimensions)]! + (bell() * side) / 8;
  });
}

function exact(layout: Float64Array, dimensions: number) {
  const force = new Float64Array(layout.length);
  const partial = new Float64Array(layout.length);
  const z = new ExactRepulsion(new Team(0, 1, Team.control()), layout, dimensions, force, partial).compute();
  return { z, force };
}

/** Root mean square of the error over that of the forces. */
function relativeError(got: Float64Array, wanted: Float64Array): number {
  let error = 0;
  let size = 0;
  for (let n = 0; n < wanted.length; n++) {
    error += (got[n]! - wanted[n]!) ** 2;
    size += wanted[n]! ** 2;
  }
  return Math.sqrt(error / size);
}

test.each([4, 12, 20, 60, 96, 100, 180, 1000])(
  "a transform of length %i is the sum it stands for",
  (length) => {
    const random = seeded(length);
    const re = Float64Array.from({ length }, () => random.next() - 0.5);
    const im = Float64Array.from({ length }, () => random.next() - 0.5);
    const [fr, fi] = [re.slice(), im.slice()];
    const fft = new Fft(length);
    fft.transform(fr, fi);
    for (const k of [0, 1, length / 2, length - 1]) {
      let [sr, si] = [0, 0];
      for (let n = 0; n < length; n++) {
        const angle = (-2 * Math.PI * k * n) / length;
        sr += re[n]! * Math.cos(angle) - im[n]! * Math.sin(angle);
        si += re[n]! * Math.sin(angle) + im[n]! * Math.cos(angle);
      }
      expect(fr[k]).toBeCloseTo(sr, 10);
      expect(fi[k]).toBeCloseTo(si, 10);
    }
    fft.transform(fi, fr);
    for (let n = 0; n < length; n++) expect(fr[n]! / length).toBeCloseTo(re[n]!, 12);
  },
);

test("fast lengths are multiples of four without other factors than 2, 3 and 5", () => {
  expect([1, 5, 13, 29, 57, 101, 509].map(fastLength)).toEqual([4, 8, 16, 32, 60, 108, 512]);
});

test("spline weights sum to one and their slopes are their derivatives", () => {
  const at = (u: number): Float64Array => {
    const weights = new Float64Array(SPLINE_NODES);
    splineWeights(u, weights);
    return weights;
  };
  for (const u of [0, 0.25, 0.6, 0.999]) {
    const slopes = new Float64Array(SPLINE_NODES);
    splineSlopes(u, slopes);
    expect(at(u).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    const [low, high] = [at(u - 1e-5), at(u + 1e-5)];
    for (let n = 0; n < SPLINE_NODES; n++) expect(slopes[n]).toBeCloseTo((high[n]! - low[n]!) / 2e-5, 7);
  }
});

describe("repulsion agrees with the sum over all pairs", () => {
  // From a start of 10⁻⁴ to a wide layout; 1 % keeps the signs that the optimiser's gains depend on.
  test.each([1e-4, 1, 20, 60, 150, 1000, 20_000])("by the grid, for a layout %d wide", (side) => {
    const layout = clusters(1500, 2, side);
    const wanted = exact(layout, 2);
    const force = new Float64Array(layout.length);
    const z = new GridRepulsion(new Team(0, 1, Team.control()), layout, force, gridMemory()).compute();
    expect(Math.abs(z / wanted.z - 1)).toBeLessThan(2e-3);
    expect(relativeError(force, wanted.force)).toBeLessThan(0.01);
  });

  // Without clusters, attraction that is exaggerated draws a layout together until potentials differ in their last bit.
  test.each([1e-12, 1e-8, 1e-3, 0.049, 0.051, 0.3])(
    "by the grid, for a layout drawn together to %d",
    (side) => {
      const layout = clusters(1500, 2, 1);
      const { extent } = boundsOf(layout);
      const small = layout.map((value) => (value * side) / extent);
      const wanted = exact(small, 2);
      const force = new Float64Array(layout.length);
      const z = new GridRepulsion(new Team(0, 1, Team.control()), small, force, gridMemory()).compute();
      expect(Math.abs(z / wanted.z - 1)).toBeLessThan(1e-4);
      expect(relativeError(force, wanted.force)).toBeLessThan(1e-3);
    },
  );

  test("by the grid, a point feels nothing of itself", () => {
    const random = seeded(3);
    // Corners of a square so wide that the others are hardly felt.
    const layout = Float64Array.from([0, 0, 0, 90, 90, 0, 90, 90], (at) => at + random.next());
    const wanted = exact(layout, 2);
    const force = new Float64Array(8);
    new GridRepulsion(new Team(0, 1, Team.control()), layout, force, gridMemory()).compute();
    for (let n = 0; n < 8; n++) expect(Math.abs(force[n]! - wanted.force[n]!)).toBeLessThan(1e-9);
  });

  test("no point lies outside the square around a layout, not by rounding either, so that pairs can be counted", () => {
    for (let seed = 0; seed < 300; seed++) {
      const layout = clusters(20, 2, 37 + seed / 7).map((value) => value + 0.1 * seed);
      const bounds = boundsOf(layout);
      for (let n = 0; n < layout.length; n++)
        expect(layout[n]! - (n % 2 === 0 ? bounds.x : bounds.y)).toBeGreaterThanOrEqual(0);
      expect(pairsPerArea(layout, bounds)).toBeGreaterThan(0);
    }
  });

  // Barnes–Hut at θ = ½ is known to err by a few per cent of single forces.
  test.each([
    [2, 40],
    [3, 15],
  ])("by the tree, in %i dimensions", (dimensions, side) => {
    const layout = clusters(1500, dimensions, side);
    const wanted = exact(layout, dimensions);
    const force = new Float64Array(layout.length);
    const team = new Team(0, 1, Team.control());
    const z = new TreeRepulsion(team, layout, dimensions, force, new Float64Array(1500)).compute();
    expect(Math.abs(z / wanted.z - 1)).toBeLessThan(0.01);
    expect(relativeError(force, wanted.force)).toBeLessThan(0.03);
  });

  test.each(["grid", "tree"] as const)("by the %s, for points at one place and for two places", (method) => {
    for (const layout of [new Float64Array(40), Float64Array.from({ length: 40 }, (_, n) => n % 4)]) {
      const wanted = exact(layout, 2);
      const force = new Float64Array(layout.length);
      const team = new Team(0, 1, Team.control());
      const repulsion =
        method === "grid"
          ? new GridRepulsion(team, layout, force, gridMemory())
          : new TreeRepulsion(team, layout, 2, force, new Float64Array(20));
      // Ten points at one place feel the interpolation's error at distance 0 most: 0.1 %.
      expect(repulsion.compute() / wanted.z).toBeCloseTo(1, 2);
      for (let n = 0; n < force.length; n++) expect(force[n]).toBeCloseTo(wanted.force[n]!, 2);
    }
  });
});
