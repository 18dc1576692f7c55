import * as Plot from "@observablehq/plot";
import { drawChart } from "./chart.ts";
import { type FigureText, figure } from "./figure.ts";
import { HUES } from "./palette.ts";

/** Scores of pairs of one person and of pairs of different people. */
export interface Scores {
  readonly genuine: ArrayLike<number>;
  readonly impostor: ArrayLike<number>;
}

/** Options for drawing a histogram of scores. */
export interface ScoreHistogramOptions extends FigureText {
  readonly widthPx?: number | undefined;
  readonly heightPx?: number | undefined;
  /** A line at this score. */
  readonly threshold?: number | undefined;
  /** Bins between the lowest and the highest score. @default 60 */
  readonly bins?: number | undefined;
  /** The counted quantity. @default "cosine" */
  readonly axis?: string | undefined;
}

const GENUINE = HUES[0]!;
const IMPOSTOR = HUES[1]!;

/**
 * The spread of scores of one person's pairs and of different people's, each as a share of its own kind.
 *
 * Told apart by more than colour: genuine pairs are an outline, impostor pairs a filled surface.
 *
 * Returns   an SVG document
 */
export function scoreHistogram(scores: Scores, options: ScoreHistogramOptions = {}): string {
  const [low, high] = extent(scores);
  const count = options.bins ?? 60;
  const step = (high - low) / count;
  const impostor = shares(scores.impostor, low, step, count);
  const genuine = shares(scores.genuine, low, step, count);
  const chart = drawChart({
    width: options.widthPx ?? 680,
    height: options.heightPx ?? 320,
    marginLeft: 52,
    marginBottom: 40,
    marginTop: 38,
    marginRight: 12,
    x: { domain: [low, high], label: options.axis ?? "cosine", labelAnchor: "center", labelArrow: "none" },
    y: { label: "share of pairs, %", grid: true, nice: true },
    marks: [
      Plot.areaY(outline(impostor), { x: "x", y1: 0, y2: "y", fill: IMPOSTOR, fillOpacity: 0.45 }),
      Plot.line(outline(genuine), {
        x: "x",
        y: "y",
        stroke: GENUINE,
        strokeWidth: 2,
        strokeLinejoin: "miter",
      }),
      Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
      options.threshold === undefined
        ? null
        : Plot.ruleX([options.threshold], { stroke: "currentColor", strokeDasharray: "4 3" }),
      options.threshold === undefined
        ? null
        : Plot.text([`threshold ${options.threshold.toFixed(3)}`], {
            x: [options.threshold],
            frameAnchor: "top",
            // Below the axis's own label, which is at the very top where the threshold may be near the left edge.
            dy: -12,
            fontSize: 11,
            fill: "currentColor",
          }),
    ],
  } as Plot.PlotOptions & { width: number; height: number });
  return figure([{ chart }], {
    ...options,
    legend: [
      { hue: GENUINE, label: `one person (${pairsOf(scores.genuine)})`, dash: "" },
      { hue: IMPOSTOR, label: `different people (${pairsOf(scores.impostor)})`, shape: "square" },
    ],
  });
}

/** Scores per bin as percent of all. */
function shares(values: ArrayLike<number>, low: number, step: number, count: number) {
  const counts = new Float64Array(count);
  for (let i = 0; i < values.length; i++) {
    counts[Math.min(count - 1, Math.max(0, Math.floor((values[i]! - low) / step)))]!++;
  }
  return Array.from(counts, (pairs, i) => ({
    from: low + i * step,
    to: low + (i + 1) * step,
    percent: values.length === 0 ? 0 : (100 * pairs) / values.length,
  }));
}

function outline(bins: readonly { from: number; to: number; percent: number }[]): { x: number; y: number }[] {
  const points = bins.flatMap(({ from, to, percent }) => [
    { x: from, y: percent },
    { x: to, y: percent },
  ]);
  return [{ x: bins[0]!.from, y: 0 }, ...points, { x: bins.at(-1)!.to, y: 0 }];
}

function extent({ genuine, impostor }: Scores): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of [genuine, impostor]) {
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  if (!(low < high)) return Number.isFinite(low) ? [low - 0.5, low + 0.5] : [-1, 1];
  return [low, high];
}

function pairsOf(values: ArrayLike<number>): string {
  return `${values.length.toLocaleString("en")} pair${values.length === 1 ? "" : "s"}`;
}
