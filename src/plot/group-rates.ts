import * as Plot from "@observablehq/plot";
import type { RateInterval } from "../statistics/index.ts";
import { type Chart, drawChart } from "./chart.ts";
import { type FigureText, figure } from "./figure.ts";
import { HUES } from "./palette.ts";
import { shorten } from "./svg.ts";

/** Error rates of a group; null or not finite where it has no such pairs. */
export interface GroupRates {
  readonly group: string;
  readonly fmr: RateInterval | null;
  readonly fnmr: RateInterval | null;
}

/** Options for drawing the rates of groups. */
export interface GroupRatesOptions extends FigureText {
  /** Of each of the two charts. */
  readonly widthPx?: number | undefined;
}

/** A rate below a twentieth of the least that is seen, or of an interval that begins at 0, ends at the chart's left. */
const LEAST = 1e-7;

/**
 * False match and false non-match rates of groups side by side, a point with its interval for each, on logarithmic scales;
 * a dashed line where the geometric mean of all groups lies. An open triangle at the left edge is a group without an error.
 *
 * Returns   an SVG document
 */
export function groupRates(groups: readonly GroupRates[], options: GroupRatesOptions = {}): string {
  const names = groups.map(({ group }) => group);
  return figure(
    [
      {
        caption: "false match rate",
        chart: ratesChart(
          names,
          groups.map(({ fmr }) => fmr),
          HUES[1]!,
          options,
        ),
      },
      {
        caption: "false non-match rate",
        chart: ratesChart(
          names,
          groups.map(({ fnmr }) => fnmr),
          HUES[0]!,
          options,
        ),
      },
    ],
    {
      ...options,
      legend: [
        { hue: "#808894", dash: "4 3", label: "geometric mean of the groups" },
        { hue: "#808894", shape: "triangle", label: "no error was seen" },
      ],
    },
  );
}

function ratesChart(
  names: readonly string[],
  rates: readonly (RateInterval | null)[],
  hue: string,
  { widthPx = 360 }: GroupRatesOptions,
): Chart {
  const known = rates.flatMap((own, i) =>
    own && Number.isFinite(own.rate) ? [{ ...own, name: names[i]! }] : [],
  );
  const seen = known.flatMap(({ rate, low, high }) => [low, rate, high]).filter((value) => value > LEAST);
  const from = 10 ** Math.floor(Math.log10(Math.min(0.1, ...seen)));
  const rows = known.map(({ rate, low, high, name }) => ({
    name,
    rate: Math.max(rate, from),
    low: Math.max(low, from),
    high: Math.min(1, Math.max(high, from)),
    none: rate === 0,
  }));
  const mean =
    known.length > 1 && known.every(({ rate }) => rate > 0)
      ? [Math.exp(known.reduce((sum, { rate }) => sum + Math.log(rate), 0) / known.length)]
      : [];
  const decades = Array.from(
    { length: Math.round(-Math.log10(from)) + 1 },
    (_, i) => 10 ** (Math.round(Math.log10(from)) + i),
  );
  const labels = 10 + 7 * Math.max(4, ...names.map((name) => Math.min(22, [...name].length)));
  return drawChart({
    width: widthPx + labels,
    height: 60 + 26 * names.length,
    marginLeft: labels,
    marginRight: 16,
    marginTop: 8,
    marginBottom: 40,
    x: {
      type: "log",
      domain: [from, 1],
      ticks: decades,
      tickFormat: (value: number) => `${Number((100 * value).toPrecision(1))} %`,
      label: "share of pairs",
      labelAnchor: "center",
      labelArrow: "none",
      grid: true,
    },
    y: {
      type: "band",
      domain: [...names],
      label: null,
      tickFormat: (name: string) => shorten(name, 22),
      tickSize: 0,
    },
    marks: [
      Plot.ruleX(mean, { stroke: "currentColor", strokeOpacity: 0.6, strokeDasharray: "4 3" }),
      Plot.ruleY(rows, { y: "name", x1: "low", x2: "high", stroke: hue, strokeWidth: 2 }),
      Plot.dot(
        rows.filter(({ none }) => !none),
        { x: "rate", y: "name", r: 4, fill: hue },
      ),
      Plot.dot(
        rows.filter(({ none }) => none),
        { x: "rate", y: "name", r: 4, symbol: "triangle", fill: "none", stroke: hue, strokeWidth: 1.5 },
      ),
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.3 }),
    ],
  } as Plot.PlotOptions & { width: number; height: number });
}
