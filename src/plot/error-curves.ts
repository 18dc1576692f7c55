import * as Plot from "@observablehq/plot";
import { probit } from "../statistics/index.ts";
import { type Chart, drawChart } from "./chart.ts";
import { dashOf, type FigureText, figure } from "./figure.ts";
import { HUES } from "./palette.ts";

/** Errors of one model or setting as its threshold moves. */
export interface ErrorCurve {
  readonly label: string;
  readonly points: readonly ErrorPoint[];
}

/** The errors at one threshold, each a share in 0…1. */
export interface ErrorPoint {
  /** Share of impostor pairs that are accepted (FMR, also FAR). */
  readonly falseMatchRate: number;
  /** Share of genuine pairs that are refused (FNMR, also FRR). */
  readonly falseNonMatchRate: number;
  /** 95 % interval of the false non-match rate, drawn as a band. */
  readonly interval?: readonly [number, number] | undefined;
}

/** Options for drawing error curves. */
export interface ErrorCurveOptions extends FigureText {
  readonly widthPx?: number | undefined;
  readonly heightPx?: number | undefined;
  /** The smallest false match rate shown. @default the smallest above 0 in the curves, at least 1e-6 */
  readonly from?: number | undefined;
  /** Names of the axes. @default the rates that they show */
  readonly x?: string | undefined;
  readonly y?: string | undefined;
}

/**
 * True match rate over false match rate, the latter on a logarithmic scale, because what matters is far left.
 *
 * Returns   an SVG document
 */
export function rocCurve(curves: readonly ErrorCurve[], options: ErrorCurveOptions = {}): string {
  const from = smallestRate(curves, options);
  const rows = curves.map(({ points }) =>
    byRate(points)
      .filter((point) => point.falseMatchRate >= from)
      .map((point) => ({
        x: point.falseMatchRate,
        y: 1 - point.falseNonMatchRate,
        low: point.interval && 1 - point.interval[1],
        high: point.interval && 1 - point.interval[0],
      })),
  );
  const lowest = Math.min(1, ...rows.flat().map((row) => row.low ?? row.y));
  const chart = drawChart({
    ...sizeOf(options),
    x: {
      type: "log",
      domain: [from, 1],
      label: options.x ?? "false match rate",
      ticks: powers(from),
      tickFormat: power,
      ...CENTRED,
    },
    y: {
      domain: [Math.min(0.95, Math.floor(lowest * 20) / 20), 1],
      label: options.y ?? "true match rate",
      grid: true,
    },
    marks: [
      ...rows.flatMap((row, i) => curveMarks(row, i)),
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.3 }),
    ],
  } as Plot.PlotOptions & { width: number; height: number });
  return curvesFigure(chart, curves, options);
}

/**
 * False non-match rate over false match rate, both on normal-deviate scales: scores that are spread normally give a
 * straight line, and the diagonal meets each curve at its equal error rate. A rate of 0 has no place on such a scale:
 * a curve ends where its errors do.
 *
 * Returns   an SVG document
 * Source    Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997
 */
export function detCurve(curves: readonly ErrorCurve[], options: ErrorCurveOptions = {}): string {
  const from = smallestRate(curves, options);
  const seen = curves
    .flatMap(({ points }) => points.map((point) => point.falseNonMatchRate))
    .filter((r) => r > 0);
  const lowest = Math.max(1e-6, Math.min(0.01, ...seen));
  const rows = curves.map(({ points }) =>
    byRate(points)
      .filter((point) => point.falseMatchRate >= from && point.falseNonMatchRate > 0)
      .map((point) => ({
        x: probit(clampRate(point.falseMatchRate, from)),
        y: probit(clampRate(point.falseNonMatchRate, lowest)),
        low: point.interval && probit(clampRate(point.interval[0], lowest)),
        high: point.interval && probit(clampRate(point.interval[1], lowest)),
      })),
  );
  const axis = (least: number) => ({
    domain: [probit(least), probit(0.6)],
    ticks: RATES.filter((rate) => rate >= least).map(probit),
    tickFormat: (deviate: number) =>
      percent(RATES.find((rate) => Math.abs(probit(rate) - deviate) < 1e-9) ?? 0),
    grid: true,
  });
  const meet = Math.max(from, lowest);
  const chart = drawChart({
    ...sizeOf(options),
    x: { ...axis(from), label: options.x ?? "false match rate", ...CENTRED },
    y: { ...axis(lowest), label: options.y ?? "false non-match rate" },
    marks: [
      Plot.line(
        [
          [probit(meet), probit(meet)],
          [probit(0.6), probit(0.6)],
        ],
        {
          stroke: "currentColor",
          strokeOpacity: 0.35,
          strokeDasharray: "3 3",
        },
      ),
      ...rows.flatMap((row, i) => curveMarks(row, i)),
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.3 }),
    ],
  } as Plot.PlotOptions & { width: number; height: number });
  return curvesFigure(chart, curves, options);
}

interface CurveRow {
  readonly x: number;
  readonly y: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

const RATES = [1e-6, 1e-5, 1e-4, 1e-3, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
const CENTRED = { labelAnchor: "center", labelArrow: "none" } as const;

function curveMarks(rows: readonly CurveRow[], i: number): Plot.Markish[] {
  const hue = HUES[i % HUES.length]!;
  const banded = rows.filter((row) => row.low !== undefined);
  return [
    Plot.areaY(banded, { x: "x", y1: "low", y2: "high", fill: hue, fillOpacity: 0.14, curve: "linear" }),
    Plot.line(rows, { x: "x", y: "y", stroke: hue, strokeWidth: 2, strokeDasharray: dashOf(i) || "none" }),
  ];
}

function curvesFigure(chart: Chart, curves: readonly ErrorCurve[], options: ErrorCurveOptions): string {
  const legend = curves.map(({ label }, i) => ({ label, hue: HUES[i % HUES.length]!, dash: dashOf(i) }));
  return figure([{ chart }], { ...options, legend });
}

function sizeOf(options: ErrorCurveOptions) {
  return {
    width: options.widthPx ?? 560,
    height: options.heightPx ?? 420,
    marginLeft: 58,
    marginBottom: 42,
    marginTop: 24,
    marginRight: 16,
  };
}

function byRate(points: readonly ErrorPoint[]): ErrorPoint[] {
  return [...points].sort(
    (a, b) => a.falseMatchRate - b.falseMatchRate || b.falseNonMatchRate - a.falseNonMatchRate,
  );
}

function smallestRate(curves: readonly ErrorCurve[], options: ErrorCurveOptions): number {
  const rates = curves
    .flatMap(({ points }) => points.map((point) => point.falseMatchRate))
    .filter((r) => r > 0);
  return options.from ?? Math.max(1e-6, Math.min(0.1, ...rates));
}

function clampRate(rate: number, least: number): number {
  return Math.min(0.6, Math.max(least, rate));
}

function powers(from: number): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  return Array.from({ length: 1 - first }, (_, i) => 10 ** (first + i));
}

function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  return exponent === 0 ? "1" : `1e${exponent}`.replace("-", "−");
}

function percent(rate: number): string {
  return `${Number((rate * 100).toPrecision(2))} %`;
}
