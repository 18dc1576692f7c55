import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { shapePath } from "./figure.ts";
import {
  beforeAfter,
  detCurve,
  embeddingMap,
  groupRates,
  groupStyles,
  renderPng,
  rocCurve,
  scoreHistogram,
  similarityMatrix,
  topKGrid,
  trainingCurves,
} from "./index.ts";
import { pngDataUrl } from "./pixels.ts";

const random = seeded(7);
const points = Array.from({ length: 60 }, (_, i) => ({
  x: (i % 6) * 10 + random.next(),
  y: random.next() * 20,
  group: `person ${i % 6}`,
}));
const figures: Record<string, string> = {
  map: embeddingMap(points, { hulls: true }),
  "before and after": beforeAfter({
    before: { points, caption: "before" },
    after: { points, caption: "after" },
  }),
  matrix: similarityMatrix({ cosines: [1, 0.2, 0.2, 1], groups: ["a", "b"] }),
  histogram: scoreHistogram({ genuine: [0.6, 0.7], impostor: [0.1, 0.2, 0.3] }, { threshold: 0.4 }),
  roc: rocCurve([{ label: "one", points: [{ falseMatchRate: 0.01, falseNonMatchRate: 0.2 }] }]),
  det: detCurve([{ label: "one", points: [{ falseMatchRate: 0.01, falseNonMatchRate: 0.2 }] }]),
  groups: groupRates([{ group: "one", fmr: { rate: 0, low: 0, high: 0.1 }, fnmr: null }]),
  training: trainingCurves([{ quantity: "loss", label: "run", points: [{ step: 0, value: 1 }] }]),
};

describe.each(Object.entries(figures))("the %s figure", (_, svg) => {
  test("is an SVG document that a rasteriser without style variables draws on a white ground", () => {
    expect(svg).not.toMatch(/var\(|:where|NaN|undefined/);
    const png = renderPng(svg);
    expect([...png.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  });

  test("follows the reader's colour scheme without fixed dark text", () => {
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).not.toMatch(/<text[^>]*fill="(#000|black)/);
  });
});

test("markup in a name stays text", () => {
  const svg = embeddingMap([{ x: 0, y: 0, group: '<img src=x onerror="alert(1)">' }]);
  expect(svg).not.toContain("<img");
});

test("control characters and halves of characters in a name do not spoil the figure", () => {
  const svg = embeddingMap([{ x: 0, y: 0, group: "a\u001bb\u009bc\ud800d\0" }], { title: "t\u001bt" });
  expect(svg).toContain("abcd");
  expect([...renderPng(svg).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
});

test("a map keeps one scale for both axes and puts every point inside its frame", () => {
  const svg = embeddingMap(
    [
      { x: 0, y: 0, group: "a" },
      { x: 100, y: 1, group: "b" },
    ],
    { sidePx: 400, names: false },
  );
  const dots = svg.slice(svg.indexOf('aria-label="dot"'));
  const places = [...dots.matchAll(/<path[^>]*translate\(([\d.]+),([\d.]+)\)/g)].map(
    ([, x, y]) => [Number(x), Number(y)] as const,
  );
  const [a, b] = places;
  expect(Math.abs(a![0] - b![0])).toBeGreaterThan(350);
  expect(Math.abs(a![1] - b![1])).toBeCloseTo(Math.abs(a![0] - b![0]) / 100, 1);
});

test("a map of a coordinate that is not a number is refused", () => {
  expect(() => embeddingMap([{ x: Number.NaN, y: 0, group: "a" }])).toThrow("expected finite coordinates");
});

test("fifty-six groups differ in hue, shape or both", () => {
  const styles = groupStyles(Array.from({ length: 56 }, (_, i) => String(i)));
  expect(new Set([...styles.values()].map(({ hue, shape }) => hue + shape)).size).toBe(56);
});

test("a matrix of another size than its names is refused", () => {
  expect(() => similarityMatrix({ cosines: [1, 0, 0], groups: ["a", "b"] })).toThrow(
    "expected [2, 2] cosines for 2 rows, got 3",
  );
});

test("a matrix's cells are its cosines: equal ones have one colour, the diagonal the scale's last", async () => {
  const svg = similarityMatrix({ cosines: [1, 0.3, 0.3, 1], groups: ["a", "b"] }, { sidePx: 2 });
  const { readImage } = await import("../image/index.ts");
  const png = /data:image\/png;base64,([^"]+)/.exec(svg)![1]!;
  const { data, width } = await readImage(Buffer.from(png, "base64"));
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
  ];
  expect(at(0, 0)).toEqual(at(width - 1, width - 1));
  expect(at(width - 1, 0)).toEqual(at(0, width - 1));
  expect(at(0, 0)[0]).toBeGreaterThan(at(width - 1, 0)[0]! + 60);
});

test("pixels come back from their address as they went in", async () => {
  const { readImage } = await import("../image/index.ts");
  const rgb = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7, 1, 2, 3, 250, 251, 252]);
  const url = pngDataUrl(3, 2, rgb);
  const image = await readImage(Buffer.from(url.split(",")[1]!, "base64"));
  expect([...image.data]).toEqual([...rgb]);
});

test("the histogram's bars stand upright on the axis, as high as their share of the pairs", () => {
  const scores = { genuine: [0.45, 0.5], impostor: [0.1, 0.1, 0.1, 0.35] };
  const svg = scoreHistogram(scores, { bins: 4 });
  expect(svg).toContain("one person (2 pairs)");
  expect(svg).toContain("different people (4 pairs)");
  const filled = [...svg.matchAll(/ d="(M[^"]*Z)"/g)]
    .map(([, path]) => path!)
    .find((path) => path.length > 100)!;
  const points = filled
    .slice(1, -1)
    .split("L")
    .map((point) => point.split(",").map(Number));
  // Every edge is level or upright: a slanted one would be a bar standing on another.
  for (const [i, [x, y]] of points.slice(1).entries()) {
    const [beforeX, beforeY] = points[i]!;
    expect(x === beforeX || y === beforeY).toBe(true);
  }
  const heights = points.map(([, y]) => y!);
  const [axis, first, third] = [
    Math.max(...heights),
    heights[1]!,
    points.find(([x]) => x! > points[4]![0]!)![1]!,
  ];
  expect((axis - first) / (axis - third)).toBeCloseTo(3, 1);
});

test("a grid of neighbours marks the hits from the threshold on, and no others", () => {
  const jpeg = Uint8Array.of(255, 216);
  const hit = (cosine: number) => ({ jpeg, caption: "a.jpg", cosine });
  const rows = [{ query: { jpeg, caption: "q.jpg" }, hits: [hit(0.7), hit(0.335), hit(0.334)] }];
  const framed = (svg: string): number => svg.split('stroke-width="3"').length - 1;
  const marked = topKGrid(rows, { threshold: 0.335 });
  expect([framed(marked), marked.includes("from the threshold of 0.335 on")]).toEqual([2, true]);
  expect(framed(topKGrid(rows))).toBe(0);
});

test.each(["circle", "square", "triangle", "diamond", "star", "cross", "wye"])(
  "a %s is closed and as large as the others",
  (shape) => {
    const path = shapePath(shape, 6);
    const corners: [number, number][] = [];
    let at: [number, number] = [0, 0];
    for (const [, command, numbers] of path.matchAll(/([MLhv])([^MLhvZ]*)/g)) {
      const [first, second] = numbers!.split(",").map(Number) as [number, number];
      if (command === "h") at = [at[0] + first, at[1]];
      else if (command === "v") at = [at[0], at[1] + first];
      else at = [first, second];
      corners.push(at);
    }
    expect(path.endsWith("Z")).toBe(true);
    for (const axis of [0, 1]) {
      const sides = corners.map((corner) => corner[axis]!);
      expect(Math.max(...sides)).toBeGreaterThan(3);
      expect(Math.max(...sides.map(Math.abs))).toBeLessThan(6 * 1.4);
    }
    // Around the origin, not beside it.
    expect(Math.abs(corners.reduce((sum, [x]) => sum + x, 0) / corners.length)).toBeLessThan(0.1);
  },
);
