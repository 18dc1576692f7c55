import * as Plot from "@observablehq/plot";
import { FaceError } from "../core/index.ts";
import { type Chart, drawChart } from "./chart.ts";
import { type FigureText, figure, type LegendEntry } from "./figure.ts";
import { type GroupStyle, groupStyles } from "./palette.ts";
import { placePictures } from "./place-pictures.ts";
import { jpegDataUrl, shorten } from "./svg.ts";

/** A point of a map: where it lies and whose it is. */
export interface MapPoint {
  readonly x: number;
  readonly y: number;
  /** Identity, class or cluster; the colour and shape of the point. */
  readonly group: string;
  /** Shown when the pointer rests on it, in viewers that do so. */
  readonly label?: string | undefined;
  /** A square picture to draw instead of a shape, JPEG. */
  readonly jpeg?: Uint8Array | undefined;
}

/** Options for drawing a map. */
export interface EmbeddingMapOptions extends FigureText {
  /** Side of the square map, in pixels; one of very many pictures is larger. @default 720 */
  readonly sidePx?: number | undefined;
  /** Outline every group. @default false */
  readonly hulls?: boolean | undefined;
  /** Write each group's name at its middle, beside its pictures where it has some. @default up to 30 groups, all with pictures */
  readonly names?: boolean | undefined;
  /** The largest side of pictures, in pixels; they are pushed apart, and smaller where there are many. @default 72 */
  readonly thumbnailPx?: number | undefined;
  /** Order of the groups, which decides their styles. @default by name */
  readonly groups?: readonly string[] | undefined;
}

/** More legend entries than this are noise: the names are then found in the map or not at all. */
const MAX_LEGEND = 60;
const MAX_NAMES = 30;
/** Height of the names among pictures, in pixels. */
const NAME_PX = 11;
const MARGIN_PX = 8;

/**
 * A map of vectors brought down to the plane: shapes or pictures, coloured by group.
 *
 * The axes of such a map have no meaning, so none are drawn; both run at one scale.
 *
 * Returns   an SVG document
 * Throws    FaceError SHAPE when a coordinate is not a number
 *
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { embeddingMap, renderPng } from "arcface-ts/plot";
 *
 * const svg = embeddingMap([
 *   { x: 0, y: 0, group: "Ann" },
 *   { x: 1, y: 2, group: "Bob" },
 * ]);
 * await writeFile("map.png", renderPng(svg));
 * ```
 */
export function embeddingMap(points: readonly MapPoint[], options: EmbeddingMapOptions = {}): string {
  const groups = options.groups ?? groupsOf(points);
  const styles = groupStyles(groups);
  return figure([{ chart: mapChart(points, styles, options) }], {
    ...options,
    legend: legendOf(groups, styles),
  });
}

/** Two maps of the same things side by side. */
export interface BeforeAfter {
  readonly before: { readonly points: readonly MapPoint[]; readonly caption: string };
  readonly after: { readonly points: readonly MapPoint[]; readonly caption: string };
}

/**
 * The article's figure: (left) one map, (right) the other, one legend for both.
 *
 * Returns   an SVG document
 */
export function beforeAfter({ before, after }: BeforeAfter, options: EmbeddingMapOptions = {}): string {
  const groups = options.groups ?? groupsOf([...before.points, ...after.points]);
  const styles = groupStyles(groups);
  const sized = { ...options, sidePx: options.sidePx ?? 520 };
  return figure(
    [before, after].map(({ points, caption }) => ({ chart: mapChart(points, styles, sized), caption })),
    { ...options, legend: legendOf(groups, styles) },
  );
}

function mapChart(
  points: readonly MapPoint[],
  styles: ReadonlyMap<string, GroupStyle>,
  options: EmbeddingMapOptions,
): Chart {
  if (points.some((point) => point.jpeg !== undefined)) return picturedChart(points, styles, options);
  const side = options.sidePx ?? 720;
  const names = options.names ?? styles.size <= MAX_NAMES;
  const { x, y } = squareDomain(points);
  const hue = (point: MapPoint): string => styles.get(point.group)?.hue ?? "#808894";
  // Thousands of points cover each other; smaller and clearer ones still show where they are dense.
  const radius = Math.max(1.3, Math.min(4.5, 90 / Math.sqrt(points.length + 1)));
  const title = (point: MapPoint): string => point.label ?? point.group;
  return drawChart({
    width: side,
    height: side,
    margin: MARGIN_PX,
    x: { domain: x, axis: null },
    y: { domain: y, axis: null },
    marks: [
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.18 }),
      options.hulls
        ? Plot.hull(points, {
            x: "x",
            y: "y",
            z: "group",
            stroke: hue,
            fill: hue,
            fillOpacity: 0.07,
            strokeOpacity: 0.5,
          })
        : null,
      Plot.dot(points, {
        x: "x",
        y: "y",
        r: radius,
        fill: hue,
        fillOpacity: points.length > 2000 ? 0.7 : 0.9,
        symbol: (point: MapPoint) => styles.get(point.group)?.shape ?? "circle",
        ...(points.length <= 2000 ? { title } : {}),
      }),
      ...(names ? [true, false] : []).map((above) =>
        Plot.text(
          namePlaces(points).filter((place) => place.above === above),
          {
            x: "x",
            y: "y",
            dy: above ? -12 : 0,
            text: (place: NamePlace) => shorten(place.group, 22),
            fontSize: 12,
            fontWeight: "bold",
            fill: "currentColor",
            stroke: "var(--plot-background)",
            strokeWidth: 3.5,
          },
        ),
      ),
    ],
    symbol: { type: "identity", legend: false } as Plot.ScaleOptions,
    color: { type: "identity" },
  } as Plot.PlotOptions & { width: number; height: number });
}

/** A map of pictures: pushed apart until each can be seen, names clear of them. Lengths no longer mean anything then. */
function picturedChart(
  points: readonly MapPoint[],
  styles: ReadonlyMap<string, GroupStyle>,
  options: EmbeddingMapOptions,
): Chart {
  expectFinite(points);
  const named = options.names === false ? [] : [...styles.keys()];
  const places = placePictures(
    points,
    new Map(named.map((group) => [group, { text: shorten(group, 22), fontPx: NAME_PX }])),
    { sidePx: (options.sidePx ?? 720) - 2 * MARGIN_PX, largestPx: options.thumbnailPx },
  );
  const { sidePx, picturePx } = places;
  const hue = ({ group }: { readonly group: string }): string => styles.get(group)?.hue ?? "#808894";
  const placed = points.map((point, i) => ({ ...point, ...places.pictures[i]! }));
  const pictured = placed.filter((point) => point.jpeg !== undefined);
  const shaped = placed.filter((point) => point.jpeg === undefined);
  const names = [...places.names].map(([group, place]) => ({ group, ...place }));
  const title = (point: MapPoint): string => point.label ?? point.group;
  return drawChart({
    width: sidePx + 2 * MARGIN_PX,
    height: sidePx + 2 * MARGIN_PX,
    margin: MARGIN_PX,
    x: { domain: [0, sidePx], axis: null },
    y: { domain: [sidePx, 0], axis: null },
    marks: [
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.18 }),
      options.hulls
        ? Plot.hull(placed, {
            ...{ x: "x", y: "y", z: "group", stroke: hue, fill: hue },
            ...{ fillOpacity: 0.07, strokeOpacity: 0.35 },
          })
        : null,
      Plot.dot(shaped, {
        ...{ x: "x", y: "y", r: 4, fill: hue, title },
        symbol: (point: MapPoint) => styles.get(point.group)?.shape ?? "circle",
      }),
      Plot.image(pictured, {
        ...{ x: "x", y: "y", width: picturePx, height: picturePx, title },
        src: (point: MapPoint) => jpegDataUrl(point.jpeg!),
      }),
      Plot.dot(pictured, {
        ...{ x: "x", y: "y", symbol: "square", r: picturePx / Math.sqrt(Math.PI) },
        ...{ stroke: hue, strokeWidth: 1.6 },
      }),
      Plot.text(names, {
        ...{ x: "x", y: "y", text: ({ group }: { readonly group: string }) => shorten(group, 22) },
        ...{ fontSize: NAME_PX, fontWeight: "bold", fill: hue },
        ...{ stroke: "var(--plot-background)", strokeWidth: 2.5 },
      }),
    ],
    symbol: { type: "identity", legend: false } as Plot.ScaleOptions,
    color: { type: "identity" },
  } as Plot.PlotOptions & { width: number; height: number });
}

function expectFinite(points: readonly MapPoint[]): void {
  for (const { x, y } of points)
    if (!Number.isFinite(x) || !Number.isFinite(y))
      throw new FaceError("SHAPE", { where: "map", expected: "finite coordinates", got: `(${x}, ${y})` });
}

function legendOf(groups: readonly string[], styles: ReadonlyMap<string, GroupStyle>): LegendEntry[] {
  if (groups.length > MAX_LEGEND) return [];
  return groups.map((group) => ({ ...styles.get(group)!, label: group }));
}

/** Groups by name, numbers by value. */
function groupsOf(points: readonly MapPoint[]): string[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return [...new Set(points.map((point) => point.group))].sort(collator.compare);
}

/** Domains of one length around all points, so that a unit is as long across as down. */
function squareDomain(points: readonly MapPoint[]): { x: [number, number]; y: [number, number] } {
  expectFinite(points);
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  if (points.length === 0) return { x: [-1, 1], y: [-1, 1] };
  const half = Math.max(right - left, high - low, 1e-9) * 0.52;
  const [cx, cy] = [(left + right) / 2, (low + high) / 2];
  return { x: [cx - half, cx + half], y: [cy - half, cy + half] };
}

interface NamePlace extends MapPoint {
  readonly above: boolean;
}

/** Groups of fewer points are named above their highest point, others in their middle. */
const NAMED_WITHIN = 25;

function namePlaces(points: readonly MapPoint[]): NamePlace[] {
  const byGroup = new Map<string, MapPoint[]>();
  for (const point of points) {
    const members = byGroup.get(point.group);
    if (members) members.push(point);
    else byGroup.set(point.group, [point]);
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
  return [...byGroup].map(([group, members]) => {
    const above = members.length < NAMED_WITHIN;
    const heights = members.map((member) => member.y);
    return {
      group,
      above,
      x: median(members.map((member) => member.x)),
      y: above ? Math.max(...heights) : median(heights),
    };
  });
}
