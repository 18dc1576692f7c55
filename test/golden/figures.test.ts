import { describe, expect, test } from "vitest";
import {
  beforeAfter,
  detCurve,
  drawDetections,
  embeddingMap,
  groupRates,
  rocCurve,
  scoreHistogram,
  similarityMatrix,
  topKGrid,
  trainingCurves,
} from "../../src/plot/index.ts";
import { angleHistogram } from "../../src/study/mnist/angle-histogram.ts";
import { drawMnist } from "../../src/study/mnist/draw-mnist.ts";
import type { HeadReport } from "../../src/study/mnist/run-mnist.ts";
import { expectGolden, goldenNames, normalisedSvg } from "./golden.ts";

/** Bytes that stand for a JPEG: figures carry pictures, they do not read them. */
const picture = (byte: number): Uint8Array => Uint8Array.of(255, 216, byte);

/** Three people at round places. */
const points = ["Ann", "Bo", "Cy"].flatMap((group, person) =>
  Array.from({ length: 5 }, (_, i) => ({
    x: 4 * person + (i % 3) * 0.5,
    y: [0, 5, 1][person]! + Math.floor(i / 2) * 0.5,
    group,
    label: `${group} ${i}`,
  })),
);
const turned = points.map(({ x, y, ...point }) => ({ ...point, x: -y, y: x }));

/** Two ways of deciding; the one errs less. Refusals are rarer than acceptances at the left, more frequent at the right. */
const curves = [
  {
    label: "network A",
    points: [
      { falseMatchRate: 0.001, falseNonMatchRate: 0.1, interval: [0.06, 0.15] as const },
      { falseMatchRate: 0.01, falseNonMatchRate: 0.04, interval: [0.02, 0.07] as const },
      { falseMatchRate: 0.1, falseNonMatchRate: 0.01, interval: [0.005, 0.02] as const },
      { falseMatchRate: 1, falseNonMatchRate: 0 },
    ],
  },
  {
    label: "network B",
    points: [
      { falseMatchRate: 0.2, falseNonMatchRate: 0.02 },
      { falseMatchRate: 0.001, falseNonMatchRate: 0.3 },
      { falseMatchRate: 0.02, falseNonMatchRate: 0.1 },
    ],
  },
];

const measures = (part: Partial<HeadReport>): HeadReport =>
  ({ testAccuracy: 0.9912, silhouette: 0.512, ...part }) as HeadReport;
const digits = Uint8Array.of(0, 0, 1, 1, 2, 2);
const angles = {
  own: Float64Array.of(5, 6, 7, 9, 11, 30),
  nearest: Float64Array.of(60, 62, 70, 71, 72, 139),
};

const figures: Readonly<Record<string, () => string>> = {
  map: () =>
    embeddingMap(points, {
      title: "A map",
      note: "made up: three people, five photographs each",
      hulls: true,
      sidePx: 360,
    }),
  "map-of-pictures": () =>
    embeddingMap(
      points.slice(0, 8).map((point, i) => ({ ...point, jpeg: i % 2 ? picture(i) : undefined })),
      { sidePx: 300, thumbnailPx: 30, names: false },
    ),
  "before-and-after": () =>
    beforeAfter(
      {
        before: { points, caption: "without a margin" },
        after: { points: turned, caption: "with a margin" },
      },
      { title: "Twice the same faces", sidePx: 240 },
    ),
  similarity: () =>
    similarityMatrix(
      {
        cosines: [1, 0.7, 0.1, 0.3, 0.7, 1, 0, -0.1, 0.1, 0, 1, 0.5, 0.3, -0.1, 0.5, 1],
        groups: ["Ann", "Ann", "Bo", "Cy"],
      },
      { title: "Cosines of four faces" },
    ),
  scores: () =>
    scoreHistogram(
      {
        genuine: [0.4, 0.6, 0.6, 0.7, 0.7, 0.7, 0.8, 0.9],
        impostor: [-0.1, 0, 0, 0, 0.1, 0.1, 0.2, 0.3, 0.5, 0.5],
      },
      { title: "Scores of pairs", threshold: 0.438, bins: 10 },
    ),
  roc: () => rocCurve(curves, { title: "ROC", note: "made-up rates" }),
  det: () => detCurve(curves, { title: "DET", note: "made-up rates" }),
  groups: () =>
    groupRates(
      [
        {
          group: "first",
          fmr: { rate: 0.0012, low: 0.0007, high: 0.002 },
          fnmr: { rate: 0.03, low: 0.01, high: 0.08 },
        },
        { group: "second", fmr: { rate: 0.006, low: 0.003, high: 0.011 }, fnmr: null },
        {
          group: "a third with a long name",
          fmr: { rate: 0.0004, low: 0.00001, high: 0.002 },
          fnmr: { rate: 0, low: 0, high: 0.05 },
        },
      ],
      { title: "Error rates of groups", note: "made-up rates" },
    ),
  "training-curves": () =>
    trainingCurves(
      ["softmax", "arcface"].flatMap((label, i) => [
        {
          quantity: "loss",
          label,
          points: [0, 100, 200, 400].map((step) => ({ step, value: (8 + 4 * i) / (1 + step / 100) })),
        },
        {
          quantity: "accuracy",
          label,
          points: [0, 200, 400].map((step) => ({ step, value: 0.1 + step / (500 + 100 * i) })),
        },
      ]),
      { title: "Two trainings", logarithmic: ["loss"] },
    ),
  "neighbours-with-threshold": () =>
    topKGrid(
      [
        {
          query: { jpeg: picture(1), caption: "ann-1.jpg" },
          hits: [
            { jpeg: picture(2), caption: "ann-2.jpg", cosine: 0.7125 },
            { jpeg: picture(3), caption: "ann-3.jpg", cosine: 0.335 },
            { jpeg: picture(4), caption: "bo-1.jpg", cosine: 0.305 },
          ],
        },
      ],
      { threshold: 0.335 },
    ),
  neighbours: () =>
    topKGrid([
      {
        query: { jpeg: picture(1), caption: "ann-1.jpg" },
        hits: [
          { jpeg: picture(2), caption: "ann-2.jpg", cosine: 0.7125, right: true },
          { jpeg: picture(3), caption: "bo-1.jpg", cosine: 0.305, right: false },
        ],
      },
      {
        query: { jpeg: picture(4), caption: "a-name-of-more-than-twenty-four-characters.jpg" },
        hits: [{ jpeg: picture(5), caption: "cy.jpg", cosine: -0.05 }],
      },
    ]),
  detections: () =>
    drawDetections(picture(6), { width: 400, height: 300 }, [
      {
        box: { x: 100, y: 60, width: 90, height: 120 },
        landmarks: [
          { x: 125, y: 100 },
          { x: 165, y: 102 },
          { x: 146, y: 125 },
          { x: 128, y: 150 },
          { x: 162, y: 152 },
        ],
        score: 0.9876,
      } as Parameters<typeof drawDetections>[2][number],
    ]),
  mnist: () =>
    drawMnist({
      title: "Digits",
      note: "made up: six digits of three classes",
      origin: true,
      labels: digits,
      spaces: ["softmax", "arcface"].map((title, i) => ({
        title,
        report: measures({ testAccuracy: 0.98 + i / 100, silhouette: 0.25 + i / 2 }),
        layout: Float32Array.of(1, 0, 2, 0, 0, 3, 0, 4, -5, -1, -6, -1 - i),
        angles,
      })),
    }),
  "angles-of-digits": () =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="430" height="230" viewBox="0 0 430 230">${angleHistogram(angles, 430, 190)}</svg>`,
};

describe("figures", () => {
  test.each(Object.entries(figures))(
    "the figure %s is drawn as its golden file shows it",
    async (name, draw) => {
      await expectGolden(`${name}.svg`, normalisedSvg(draw()));
    },
  );
});

test("every golden figure is one that is drawn", () => {
  const study = goldenNames(".svg").filter((name) => /^(?:study|evaluation)-/.test(name));
  expect(goldenNames(".svg")).toEqual(
    [...Object.keys(figures).map((name) => `${name}.svg`), ...study].sort(),
  );
});
