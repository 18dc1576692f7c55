import { type Body, spreadBodies } from "./spread-bodies.ts";

/** A picture of a map: where it would lie, and whose it is. */
export interface PlacedPoint {
  readonly x: number;
  readonly y: number;
  readonly group: string;
}

/** The room that a name of a map takes. */
export interface NameSize {
  readonly text: string;
  readonly fontPx: number;
}

/** The places of pictures and names so that none covers another, in pixels from the upper left. */
export interface PicturePlaces {
  /** Side of the square map. */
  readonly sidePx: number;
  /** Side of the pictures. */
  readonly picturePx: number;
  /** Middles of the pictures, in their order. */
  readonly pictures: readonly { readonly x: number; readonly y: number }[];
  /** Middles of the groups' names. */
  readonly names: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  /** The number of pairs that cover each other all the same. */
  readonly overlaps: number;
}

/** Share of the map that pictures and names cover: fuller ones could not give way any more. */
const DENSITY = 0.42;
/** Pictures are at least so large, and the map grows where that needs it. */
const MIN_PICTURE_PX = 24;
const MAX_PICTURE_PX = 72;
/** Maps on which something still covers something else grow until they are so many times as large. */
const MAX_GROWTH = 2;
/** The mean width of a bold letter, in its height. */
const LETTER_WIDTH = 0.62;
const LINE_HEIGHT = 1.25;
/** Between two pictures, for their borders and for what counts as apart. */
const GAP_PX = 3;

/**
 * Pictures and their groups' names, pushed apart until every one can be seen. Pictures are as large as the map has room
 * for; a map of very many grows.
 *
 * @param names by group; empty for a map without names
 */
export function placePictures(
  points: readonly PlacedPoint[],
  names: ReadonlyMap<string, NameSize>,
  {
    sidePx,
    largestPx = MAX_PICTURE_PX,
  }: { readonly sidePx: number; readonly largestPx?: number | undefined },
): PicturePlaces {
  const sizes = new Map([...names].map(([group, name]) => [group, sizeOf(name)]));
  const nameArea = [...sizes.values()].reduce((sum, { width, height }) => sum + width * height, 0);
  const sideFor = (picture: number): number =>
    Math.sqrt((points.length * (picture + GAP_PX) ** 2 + nameArea) / DENSITY);
  const room = Math.sqrt(Math.max(0, sidePx ** 2 * DENSITY - nameArea) / Math.max(1, points.length)) - GAP_PX;
  let picture = Math.min(largestPx, Math.max(MIN_PICTURE_PX, Math.floor(room)));
  const first = Math.ceil(Math.max(sidePx, sideFor(picture)));
  for (let side = first; ; ) {
    const places = placeAt(points, sizes, side, picture);
    if (places.overlaps === 0 || side > MAX_GROWTH * first) return places;
    if (picture > MIN_PICTURE_PX) picture = Math.max(MIN_PICTURE_PX, Math.floor(picture * 0.85));
    else side = Math.ceil(side * 1.15);
  }
}

function placeAt(
  points: readonly PlacedPoint[],
  sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>,
  side: number,
  picture: number,
): PicturePlaces {
  const half = (picture + GAP_PX) / 2;
  const pictures: Body[] = fitted(points, side).map((point) => ({
    ...point,
    halfWidth: half,
    halfHeight: half,
  }));
  const names = new Map<string, Body>();
  for (const [group, { width, height }] of sizes) {
    const own = pictures.filter((_, i) => points[i]!.group === group);
    if (own.length === 0) continue;
    const x = own.reduce((sum, body) => sum + body.x, 0) / own.length;
    const y = Math.min(...own.map((body) => body.y)) - half - height / 2;
    names.set(group, { x, y, halfWidth: width / 2, halfHeight: height / 2 });
  }
  const overlaps = spreadBodies([...pictures, ...names.values()], side, side, 2 * half);
  return { sidePx: side, picturePx: picture, pictures, names, overlaps };
}

function sizeOf({ text, fontPx }: NameSize): { width: number; height: number } {
  return { width: [...text].length * fontPx * LETTER_WIDTH + 4, height: fontPx * LINE_HEIGHT };
}

/** The extent to which places go by their order along each axis rather than by their distances: crowds give way, gaps close. */
const EVENNESS = 0.65;

/** Points in a square with its origin in the upper left, spread so that it is filled; heights of a map rise upwards. */
function fitted(points: readonly PlacedPoint[], side: number): { x: number; y: number }[] {
  const across = spreadEvenly(points.map(({ x }) => x));
  const down = spreadEvenly(points.map(({ y }) => -y));
  return points.map((_, i) => ({ x: side * across[i]!, y: side * down[i]! }));
}

/** Values in [0, 1], in the same order. */
function spreadEvenly(values: readonly number[], evenness = EVENNESS): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
  const [least, most] = [values[order[0]!] ?? 0, values[order.at(-1)!] ?? 0];
  const spread: number[] = new Array(values.length).fill(0.5);
  for (const [rank, i] of order.entries()) {
    const linear = most > least ? (values[i]! - least) / (most - least) : 0.5;
    spread[i] = (1 - evenness) * linear + (evenness * (rank + 0.5)) / values.length;
  }
  return spread;
}

/** Steps between what the map says and rows that fill it: the first at which no picture covers another is taken. */
const EVENNESSES = [0, 0.3, EVENNESS];
/** Units of length of a side while bodies are pushed: they count as apart from one unit on. */
const UNITS = 2000;

/**
 * Pictures of one size pushed apart in a square, as little as makes room: those with room around them stay where they are.
 *
 * @param points middles in [0, 1], heights counted downwards
 * @param side of every picture, in [0, 1]
 */
export function spreadPictures(
  points: readonly { readonly x: number; readonly y: number }[],
  side: number,
): { x: number; y: number }[] {
  const half = (side * UNITS) / 2;
  let bodies: Body[] = [];
  for (const evenness of EVENNESSES) {
    const [across, down] = [points.map(({ x }) => x), points.map(({ y }) => y)].map((values) =>
      evenness === 0 ? values : spreadEvenly(values, evenness),
    );
    bodies = points.map((_, i) => ({
      x: UNITS * across![i]!,
      y: UNITS * down![i]!,
      halfWidth: half,
      halfHeight: half,
    }));
    if (spreadBodies(bodies, UNITS, UNITS, 2 * half) === 0) break;
  }
  return bodies.map(({ x, y }) => ({ x: x / UNITS, y: y / UNITS }));
}
