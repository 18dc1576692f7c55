import * as Plot from "@observablehq/plot";
import { drawChart } from "./chart.ts";
import { dashOf, type FigureText, figure } from "./figure.ts";
import { HUES } from "./palette.ts";

/** One quantity of one training run as it went. */
export interface TrainingSeries {
  /** The measured quantity: "loss", "accuracy", …; every quantity gets a chart of its own. */
  readonly quantity: string;
  /** The name of the run: the same label has the same colour and dash in every chart. */
  readonly label: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** Options for drawing training curves. */
export interface TrainingCurvesOptions extends FigureText {
  /** Size of each chart, in pixels. @default 460 × 260 */
  readonly widthPx?: number | undefined;
  readonly heightPx?: number | undefined;
  /** The name of a step. @default "step" */
  readonly stepLabel?: string | undefined;
  /** Quantities on a logarithmic scale. */
  readonly logarithmic?: readonly string[] | undefined;
}

/**
 * The course of training: a chart for every quantity, a line for every run.
 *
 * Returns   an SVG document
 */
export function trainingCurves(
  series: readonly TrainingSeries[],
  options: TrainingCurvesOptions = {},
): string {
  const quantities = [...new Set(series.map(({ quantity }) => quantity))];
  const labels = [...new Set(series.map(({ label }) => label))];
  const panels = quantities.map((quantity) => ({
    caption: quantity,
    chart: drawChart({
      width: options.widthPx ?? 460,
      height: options.heightPx ?? 260,
      marginLeft: 52,
      marginBottom: 40,
      marginTop: 14,
      marginRight: 14,
      x: { label: options.stepLabel ?? "step", labelAnchor: "center", labelArrow: "none" },
      y: {
        label: null,
        grid: true,
        nice: true,
        ...(options.logarithmic?.includes(quantity) ? { type: "log" as const } : {}),
      },
      marks: [
        Plot.frame({ stroke: "currentColor", strokeOpacity: 0.3 }),
        ...series
          .filter((one) => one.quantity === quantity)
          .map(({ label, points }) => {
            const i = labels.indexOf(label);
            return Plot.line(points, {
              x: "step",
              y: "value",
              stroke: HUES[i % HUES.length]!,
              strokeWidth: 1.8,
              strokeDasharray: dashOf(i) || "none",
            });
          }),
      ],
    } as Plot.PlotOptions & { width: number; height: number }),
  }));
  const legend = labels.map((label, i) => ({ label, hue: HUES[i % HUES.length]!, dash: dashOf(i) }));
  return figure(panels, { ...options, legend, columns: Math.min(2, Math.max(1, panels.length)) });
}
