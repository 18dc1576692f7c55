import * as Plot from "@observablehq/plot";
import { FaceError } from "../core/index.ts";
import { type FigureText, figure } from "./figure.ts";
import { pngDataUrl } from "./pixels.ts";
import { escapeXml, shorten } from "./svg.ts";

/** Cosines of everything with everything. */
export interface SimilarityMatrix {
  /** Shapes [N, N], symmetric, each in [−1, 1]. */
  readonly cosines: ArrayLike<number>;
  /** Identity of each row, [N]; rows of one identity stand together. */
  readonly groups: readonly string[];
}

/** Options for drawing a matrix. */
export interface SimilarityMatrixOptions extends FigureText {
  /** Side of the matrix itself, in pixels. @default 16 a row, at least 280 and at most 720 */
  readonly sidePx?: number | undefined;
  /** Cosines at the ends of the colour scale. @default from −0.2 or the lowest, to 1 */
  readonly range?: readonly [number, number] | undefined;
}

/** Names narrower than this many pixels a row would overlap. */
const MIN_NAME_PX = 9;

/**
 * Every cosine as a coloured cell, rows in the order given, identities named and parted by lines: people whom the
 * network knows are bright squares on the diagonal, look-alikes bright squares beside it.
 *
 * Returns   an SVG document
 * Throws    FaceError SHAPE unless there are N × N cosines for N groups
 */
export function similarityMatrix(
  { cosines, groups }: SimilarityMatrix,
  options: SimilarityMatrixOptions = {},
): string {
  const count = groups.length;
  if (count < 1 || cosines.length !== count * count) {
    throw new FaceError("SHAPE", {
      where: "similarity matrix",
      expected: `[${count}, ${count}] cosines for ${count} rows`,
      got: cosines.length,
    });
  }
  const [low, high] = options.range ?? [Math.min(-0.2, smallest(cosines)), 1];
  const side = options.sidePx ?? Math.round(Math.min(720, Math.max(280, 16 * count)));
  const spans = spansOf(groups);
  const named = Math.min(...spans.map((span) => ((span.end - span.start) * side) / count)) >= MIN_NAME_PX;
  const names = named ? spans.map((span) => shorten(span.group, 22)) : [];
  const room = named ? Math.ceil(12 + 6.4 * Math.max(...names.map((name) => [...name].length))) : 0;
  const scale = Plot.scale({
    color: { type: "linear", scheme: "cividis", domain: [low, high], clamp: true },
  });
  const chart = {
    width: room + side + 92,
    height: side + room + 4,
    markup: [
      `<image x="${room}" y="2" width="${side}" height="${side}" preserveAspectRatio="none" href="${cells(cosines, count, Math.ceil((2 * side) / count), (value) => scale.apply(value) as string)}"/>`,
      `<rect x="${room}" y="2" width="${side}" height="${side}" fill="none" stroke="currentColor" stroke-opacity="0.35"/>`,
      ...(spans.length <= 200
        ? spans.slice(1).map((span) => partings(room, side, (span.start * side) / count))
        : []),
      ...names.map((name, i) => {
        const middle = ((spans[i]!.start + spans[i]!.end) * side) / (2 * count);
        const text = `font-size="10.5" fill="currentColor"`;
        return [
          `<text x="${room - 7}" y="${middle + 5.5}" text-anchor="end" ${text}>${escapeXml(name)}</text>`,
          `<text transform="translate(${room + middle + 4},${side + 10}) rotate(-90)" text-anchor="end" ${text}>${escapeXml(name)}</text>`,
        ].join("");
      }),
      colourKey(room + side + 18, side, low, high, (value) => scale.apply(value) as string),
    ].join(""),
    scale: () => scale as never,
  };
  return figure([{ chart }], options);
}

/** Rows of one identity that stand together. */
function spansOf(groups: readonly string[]): { group: string; start: number; end: number }[] {
  const spans: { group: string; start: number; end: number }[] = [];
  groups.forEach((group, i) => {
    const last = spans.at(-1);
    if (last?.group === group) last.end = i + 1;
    else spans.push({ group, start: i, end: i + 1 });
  });
  return spans;
}

function partings(left: number, side: number, at: number): string {
  return `<path d="M${left},${2 + at}h${side}M${left + at},2v${side}" stroke="#ffffff" stroke-opacity="0.35" stroke-width="0.7"/>`;
}

/** The cells as a picture with `zoom` pixels across each: viewers that enlarge a smaller one would blur it. */
function cells(
  cosines: ArrayLike<number>,
  count: number,
  zoom: number,
  colour: (value: number) => string,
): string {
  const STEPS = 256;
  const known = new Map<number, readonly number[]>();
  const width = count * zoom;
  const rgb = new Uint8Array(width * width * 3);
  for (let row = 0; row < count; row++) {
    const start = row * zoom * width * 3;
    for (let column = 0; column < count; column++) {
      const step = Math.round(cosines[row * count + column]! * STEPS);
      let bytes = known.get(step);
      if (!bytes) {
        bytes = rgbOf(colour(step / STEPS));
        known.set(step, bytes);
      }
      for (let x = 0; x < zoom; x++) rgb.set(bytes, start + (column * zoom + x) * 3);
    }
    for (let y = 1; y < zoom; y++) rgb.copyWithin(start + y * width * 3, start, start + width * 3);
  }
  return pngDataUrl(width, width, rgb);
}

/** The bytes of `rgb(r, g, b)` or `#rrggbb`. */
function rgbOf(colour: string): number[] {
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return (colour.match(/\d+(\.\d+)?/g) ?? []).slice(0, 3).map(Number);
}

function colourKey(
  left: number,
  side: number,
  low: number,
  high: number,
  colour: (value: number) => string,
): string {
  const height = Math.min(240, side);
  const steps = 48;
  const bars = Array.from({ length: steps }, (_, i) => {
    const value = high - ((i + 0.5) / steps) * (high - low);
    return `<rect x="${left}" y="${2 + (i * height) / steps}" width="14" height="${height / steps + 0.6}" fill="${colour(value)}"/>`;
  });
  const ticks = [high, (high + low) / 2, low].map((value, i) => {
    const y = 2 + (i * height) / 2 + (i === 0 ? 9 : i === 1 ? 4 : 0);
    return `<text x="${left + 20}" y="${y}" text-anchor="start" font-size="10.5" fill="currentColor">${value.toFixed(2)}</text>`;
  });
  return `${bars.join("")}${ticks.join("")}<text x="${left}" y="${height + 20}" text-anchor="start" font-size="10.5" fill="currentColor">cosine</text>`;
}

function smallest(values: ArrayLike<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) least = Math.min(least, values[i]!);
  return least;
}
