import { FONT_FAMILY } from "../../plot/index.ts";
import { angleHistogram } from "./angle-histogram.ts";
import type { HeadReport } from "./run-mnist.ts";

/** A feature space to be drawn: where each digit lies in the plane, and what was measured in the space itself. */
export interface DrawnSpace {
  readonly title: string;
  readonly report: HeadReport;
  /** Shapes [count, 2] */
  readonly layout: Float32Array;
  /** Angles of each digit to the centre of its own class and to the nearest other, in degrees. */
  readonly angles: { readonly own: Float64Array; readonly nearest: Float64Array };
}

/** The contents of a figure of the experiment. */
export interface MnistFigure {
  /** Side by side, in this order. */
  readonly spaces: readonly DrawnSpace[];
  /** Shapes [count]; 0…9. */
  readonly labels: Uint8Array;
  readonly title: string;
  readonly note: string;
  /** True if the origin means something: drawn when the layout is the feature itself. */
  readonly origin: boolean;
}

/** Ten hues that eyes of every common colour vision tell from their neighbours; digits are written beside as well. */
export const DIGIT_HUES: readonly string[] = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#808894",
  "#7b5fd0",
  "#9c6b3f",
  "#94a02c",
];

const SIDE = 430;
const GAP = 30;
const MARGIN = 24;
const HEADER = 92;
const HISTOGRAM = 190;
const CAPTION = 50;
/** Room that the note takes with the margins. */
const NOTE = 640;

/** Light by default; where CSS is followed that far, dark for readers who prefer it. */
const STYLE = `<style>
.ground { fill: #ffffff; } .ink { fill: #1b2430; } .quiet { fill: #5b6673; } .rule { stroke: #c5ccd4; fill: none; }
.halo { stroke: #ffffff; fill: #1b2430; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #16191d; } .ink { fill: #e4e7eb; } .quiet { fill: #a3abb5; } .rule { stroke: #414953; }
  .halo { stroke: #16191d; fill: #e4e7eb; }
}
</style>`;

/**
 * The article's figure: feature spaces side by side, without the margin on the left, and below each how far its
 * digits lie from their own class and from the nearest other.
 *
 * Returns   an SVG document
 */
export function drawMnist({ spaces, labels, title, note, origin }: MnistFigure): string {
  const width = Math.max(NOTE, 2 * MARGIN + spaces.length * SIDE + (spaces.length - 1) * GAP);
  const height = HEADER + CAPTION + SIDE + HISTOGRAM + MARGIN + 70;
  const parts = spaces.flatMap((space, i) => {
    const { report } = space;
    const summary = `test accuracy ${(100 * report.testAccuracy).toFixed(2)} %, silhouette ${report.silhouette.toFixed(3)}`;
    return [
      `<g transform="translate(${MARGIN + i * (SIDE + GAP)},${HEADER})">`,
      words(0, 16, space.title, 15, "ink", true),
      words(0, 36, summary, 12, "quiet"),
      `<g transform="translate(0,${CAPTION})">${map(space.layout, labels, origin)}</g>`,
      `<g transform="translate(0,${CAPTION + SIDE + 34})">${angleHistogram(space.angles, SIDE, HISTOGRAM)}</g>`,
      "</g>",
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_FAMILY}, Verdana, sans-serif" role="img" aria-label="${title}">`,
    STYLE,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    words(MARGIN, 38, title, 18, "ink", true),
    words(MARGIN, 60, note, 12, "quiet"),
    ...parts,
    "</svg>",
  ].join("\n");
}

function words(x: number, y: number, text: string, size: number, style: string, bold = false): string {
  return `<text x="${x}" y="${y}" class="${style}" font-size="${size}"${bold ? ' font-weight="bold"' : ""}>${text}</text>`;
}

/** Dots of one class are one path of strokes without length, whose round ends are the dots: a tenth of the bytes. */
function map(layout: Float32Array, labels: Uint8Array, origin: boolean): string {
  const place = placesIn(layout, origin);
  const byDigit = DIGIT_HUES.map((): [number, number][] => []);
  for (let i = 0; i < labels.length; i++)
    byDigit[labels[i]!]!.push(place(layout[2 * i]!, layout[2 * i + 1]!));
  const dot = Math.max(1.8, Math.min(5, 190 / Math.sqrt(labels.length)));
  const [cx, cy] = place(0, 0);
  const cross = `<path class="rule" d="M0 ${round(cy)}H${SIDE}M${round(cx)} 0V${SIDE}"/>`;
  return [
    `<rect class="rule" width="${SIDE}" height="${SIDE}"/>`,
    origin ? cross : "",
    ...byDigit.map((points, digit) => {
      const d = points.map(([x, y]) => `M${round(x)} ${round(y)}h0`).join("");
      return `<path d="${d}" stroke="${DIGIT_HUES[digit]}" stroke-width="${round(dot)}" stroke-linecap="round" stroke-opacity="0.65"/>`;
    }),
    ...byDigit.map((points, digit) => {
      if (points.length === 0) return "";
      const [x, y] = [median(points.map(([px]) => px)), median(points.map(([, py]) => py))];
      return `<text class="halo" x="${round(x)}" y="${round(y + 7)}" font-size="20" font-weight="bold" text-anchor="middle" stroke-width="4" paint-order="stroke" stroke-linejoin="round">${digit}</text>`;
    }),
  ].join("\n");
}

/** Both axes at one scale, everything inside, the origin too when it is drawn. */
function placesIn(layout: Float32Array, origin: boolean): (x: number, y: number) => [number, number] {
  const start = origin ? 0 : Number.NaN;
  let [left, right, low, high] = [start, start, start, start];
  for (let i = 0; i < layout.length; i += 2) {
    const [x, y] = [layout[i]!, layout[i + 1]!];
    left = left <= x ? left : x;
    right = right >= x ? right : x;
    low = low <= y ? low : y;
    high = high >= y ? high : y;
  }
  const extent = Math.max(right - left, high - low) || 1;
  const scale = (SIDE - 24) / extent;
  const [middleX, middleY] = [(left + right) / 2, (low + high) / 2];
  return (x, y) => [SIDE / 2 + (x - middleX) * scale, SIDE / 2 - (y - middleY) * scale];
}

const round = (value: number): number => Math.round(value * 10) / 10;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
