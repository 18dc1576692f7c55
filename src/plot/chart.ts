import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { internal } from "../core/index.ts";
import { withoutControls } from "./svg.ts";

/** The part of an element drawn by Observable Plot that this folder needs. */
interface ChartElement {
  readonly innerHTML: string;
  querySelectorAll(selector: string): Iterable<ChartElement>;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  remove(): void;
  scale(name: string): ChartScale | undefined;
}

/** A scale of a chart: values to pixels of the chart or to colours. */
export interface ChartScale {
  apply(value: unknown): number;
}

/** A chart as markup, to stand at a place of a figure. */
export interface Chart {
  readonly width: number;
  readonly height: number;
  /** Children of an SVG element; text is anchored in the middle unless it says otherwise. */
  readonly markup: string;
  scale(name: string): ChartScale;
}

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/**
 * Draws a chart with Observable Plot on a document without a browser.
 *
 * Rules of style sheets and variables are taken out, because rasterisers know only part of CSS: what follows the
 * reader's colour scheme is `currentColor` and the classes of {@link figure}.
 */
export function drawChart(options: Plot.PlotOptions & { width: number; height: number }): Chart {
  const drawn = Plot.plot({ ...options, document } as Plot.PlotOptions) as unknown as ChartElement;
  for (const style of drawn.querySelectorAll("style")) style.remove();
  for (const halo of drawn.querySelectorAll('[stroke="var(--plot-background)"]')) {
    halo.setAttribute("stroke", "#ffffff");
    halo.setAttribute("class", "halo");
  }
  return {
    width: options.width,
    height: options.height,
    markup: shortNumbers(withoutControls(drawn.innerHTML)),
    scale(name) {
      const scale = drawn.scale(name);
      if (!scale) throw internal(`chart: expected a scale named ${name}`);
      return scale;
    },
  };
}

/** Hundredths of a pixel are enough; a figure of thousands of points is half as long for it. */
function shortNumbers(markup: string): string {
  return markup.replace(/(?<=[\s"(,MLHVCQAZ-])(\d+\.\d{3,})(?=[\s"),MLHVCQAZ-])/g, (number) =>
    String(Math.round(Number(number) * 100) / 100),
  );
}
