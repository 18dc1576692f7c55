import type { Chart } from "./chart.ts";
import { DASHES, type GroupStyle } from "./palette.ts";
import { FONT_STACK } from "./render-png.ts";
import { escapeXml, shorten } from "./svg.ts";

/** A chart at a place of a figure, below a line of its own. */
export interface Panel {
  readonly chart: Chart;
  readonly caption?: string | undefined;
}

/** One entry of a legend. */
export interface LegendEntry extends Partial<GroupStyle> {
  readonly hue: string;
  readonly label: string;
  /** Drawn as a line with this dash instead of a shape. */
  readonly dash?: string;
}

/** The text around the charts of a figure. */
export interface FigureText {
  readonly title?: string | undefined;
  /** One sentence below the title: what was measured, on what. */
  readonly note?: string | undefined;
}

const MARGIN = 20;
const GAP = 24;

/**
 * Colours that follow the reader's scheme. Drawn with its light values wherever CSS is not followed that far: in PNG
 * files and most viewers.
 */
const SCHEME = `<style>
@media (prefers-color-scheme: dark) {
  .arcface-figure { color: #e4e7eb; }
  .arcface-figure .ground { fill: #16191d; }
  .arcface-figure .halo { stroke: #16191d; }
  .arcface-figure .quiet { fill: #a3abb5; }
}
</style>`;

/**
 * Charts side by side with title, note and legend, as one SVG document.
 *
 * @param columns charts in a row @default all of them
 */
export function figure(
  panels: readonly Panel[],
  text: FigureText & { readonly legend?: readonly LegendEntry[]; readonly columns?: number },
): string {
  const columns = text.columns ?? panels.length;
  const width =
    2 * MARGIN +
    Math.max(
      ...rowsOf(panels, columns).map((row) => sum(row.map((p) => p.chart.width)) + GAP * (row.length - 1)),
    );
  const parts: string[] = [];
  let top = MARGIN;
  if (text.title !== undefined) {
    top += 14;
    parts.push(line(MARGIN, top, text.title, { size: 16, bold: true }));
    top += 10;
  }
  if (text.note !== undefined) {
    for (const row of wrapped(text.note, (width - 2 * MARGIN) / 6.6)) {
      top += 14;
      parts.push(line(MARGIN, top, row, { size: 11.5, quiet: true }));
    }
    top += 8;
  }
  if (text.title !== undefined || text.note !== undefined) top += 4;
  for (const row of rowsOf(panels, columns)) {
    const captioned = row.some((panel) => panel.caption !== undefined);
    let left = MARGIN;
    for (const { chart, caption } of row) {
      if (caption !== undefined) parts.push(line(left, top + 14, caption, { size: 13, bold: true }));
      const down = top + (captioned ? 24 : 0);
      parts.push(
        `<g transform="translate(${left},${down})" fill="currentColor" text-anchor="middle" font-size="11">${chart.markup}</g>`,
      );
      left += chart.width + GAP;
    }
    top += Math.max(...row.map((panel) => panel.chart.height)) + (captioned ? 24 : 0) + GAP;
  }
  top -= GAP;
  if (text.legend && text.legend.length > 0) {
    const { markup, height } = legendRows(text.legend, width - 2 * MARGIN);
    parts.push(`<g transform="translate(${MARGIN},${top + 12})">${markup}</g>`);
    top += 12 + height;
  }
  const height = Math.ceil(top + MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="arcface-figure" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_STACK}" color="#1b2430" role="img" aria-label="${escapeXml(text.title ?? "figure")}">`,
    SCHEME,
    `<rect class="ground" width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

function line(
  x: number,
  y: number,
  text: string,
  how: { readonly size: number; readonly bold?: boolean; readonly quiet?: boolean },
): string {
  const colour = how.quiet ? 'class="quiet" fill="#5b6673"' : 'fill="currentColor"';
  return `<text x="${x}" y="${y}" font-size="${how.size}"${how.bold ? ' font-weight="bold"' : ""} ${colour}>${escapeXml(text)}</text>`;
}

/** Entries in columns of one width, so that names stand below each other. */
function legendRows(entries: readonly LegendEntry[], width: number): { markup: string; height: number } {
  const labels = entries.map((entry) => shorten(entry.label, 48));
  const column = 34 + 6.9 * Math.max(...labels.map((label) => [...label].length));
  const perRow = Math.max(1, Math.floor(width / column));
  const parts = entries.map((entry, i) => {
    const x = (i % perRow) * column;
    const y = Math.floor(i / perRow) * 19 + 8;
    const sample =
      entry.dash === undefined
        ? `<path transform="translate(${x + 8},${y})" d="${shapePath(entry.shape ?? "circle", 5)}" fill="${entry.hue}"/>`
        : `<path d="M${x},${y}h18" stroke="${entry.hue}" stroke-width="2"${entry.dash ? ` stroke-dasharray="${entry.dash}"` : ""}/>`;
    return `${sample}<text x="${x + 24}" y="${y + 4}" font-size="11.5" fill="currentColor">${escapeXml(labels[i]!)}</text>`;
  });
  return { markup: parts.join(""), height: Math.ceil(entries.length / perRow) * 19 };
}

/** Outlines of the shapes of {@link GroupStyle}, about the origin, `r` pixels from centre to edge. */
export function shapePath(shape: string, r: number): string {
  const around = (count: number, radius: (i: number) => number, turn = 0): string =>
    `M${Array.from({ length: count }, (_, i) => {
      const angle = (2 * Math.PI * i) / count - Math.PI / 2 + turn;
      return `${(radius(i) * Math.cos(angle)).toFixed(2)},${(radius(i) * Math.sin(angle)).toFixed(2)}`;
    }).join("L")}Z`;
  switch (shape) {
    case "square":
      return around(4, () => r * 1.2, Math.PI / 4);
    case "triangle":
      return around(3, () => r * 1.2);
    case "diamond":
      return around(4, (i) => (i % 2 === 0 ? r * 1.3 : r * 0.8));
    case "star":
      return around(10, (i) => (i % 2 === 0 ? r * 1.35 : r * 0.55));
    case "cross":
      return `M${-r / 3},${-r}h${(2 * r) / 3}v${(2 * r) / 3}h${(2 * r) / 3}v${(2 * r) / 3}h${(-2 * r) / 3}v${(2 * r) / 3}h${(-2 * r) / 3}v${(-2 * r) / 3}h${(-2 * r) / 3}v${(-2 * r) / 3}h${(2 * r) / 3}Z`;
    case "wye":
      return around(6, (i) => (i % 2 === 0 ? r * 0.45 : r * 1.25));
    default:
      return around(24, () => r);
  }
}

/** The dash of the i-th line of a figure. */
export function dashOf(i: number): string {
  return DASHES[i % DASHES.length]!;
}

/** Words in lines of at most `length` characters, where a word is not longer itself. */
function wrapped(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function rowsOf(panels: readonly Panel[], columns: number): Panel[][] {
  const rows: Panel[][] = [];
  for (let i = 0; i < panels.length; i += columns) rows.push(panels.slice(i, i + columns));
  return rows;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
