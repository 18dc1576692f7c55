import { FONT_STACK } from "./render-png.ts";
import { escapeXml, jpegDataUrl, shorten } from "./svg.ts";

/** One picture of the grid. */
export interface GridPicture {
  /** A square thumbnail, JPEG. */
  readonly jpeg: Uint8Array;
  readonly caption: string;
}

/** A neighbour of a query. */
export interface GridHit extends GridPicture {
  readonly cosine: number;
  /** True if it is the person who was asked for; marked when it is known. */
  readonly right?: boolean | undefined;
}

/** One query with its neighbours by falling cosine. */
export interface GridRow {
  readonly query: GridPicture;
  readonly hits: readonly GridHit[];
}

const SIDE = 132;
const GAP = 14;
const TEXT = 36;
const HEADER = 34;
/** Room between the query's column and its neighbours'. */
const DIVIDE = 26;

/**
 * The article's figure: every query on the left, its most similar other pictures to the right with their cosines.
 *
 * @param options `threshold`: hits that reach it are framed and have an equals sign, and the heading says so
 * Returns   an SVG document
 */
export function topKGrid(
  rows: readonly GridRow[],
  { threshold }: { readonly threshold?: number | undefined } = {},
): string {
  const k = Math.max(0, ...rows.map((row) => row.hits.length));
  const width = GAP + SIDE + DIVIDE + k * (SIDE + GAP);
  const height = HEADER + rows.length * (SIDE + TEXT + GAP) + GAP;
  const left = (column: number): number =>
    column === 0 ? GAP : GAP + SIDE + DIVIDE + (column - 1) * (SIDE + GAP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_STACK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<rect width="${GAP + SIDE + DIVIDE / 2}" height="${height}" fill="#eef2f6"/>`,
    heading(left(0), "query"),
    k > 0 ? heading(left(1), k === 1 ? "most similar" : `${k} most similar, by cosine`) : "",
    ...(k > 0 && threshold !== undefined ? [legend(left(k) + SIDE, threshold, k)] : []),
  ];
  rows.forEach((row, index) => {
    const top = HEADER + index * (SIDE + TEXT + GAP);
    parts.push(picture(left(0), top, row.query, "#4a5568", 15));
    row.hits.forEach((hit, i) => {
      const same = hit.right === undefined && threshold !== undefined && hit.cosine >= threshold;
      const frame = hit.right === undefined ? (same ? SAME_HUE : "#c3cad4") : MARKS[Number(hit.right)]!.hue;
      parts.push(picture(left(i + 1), top, hit, frame, 29, same ? 3 : 1));
      if (same) parts.push(badge(left(i + 1) + SIDE - 11, top + 11, SAME_HUE, EQUALS));
      if (hit.right !== undefined) parts.push(mark(left(i + 1) + SIDE, top, hit.right));
      parts.push(
        `<text x="${left(i + 1) + SIDE / 2}" y="${top + SIDE + 15}" font-size="13" font-weight="bold" fill="#1a202c" text-anchor="middle">${hit.cosine.toFixed(3)}</text>`,
      );
    });
  });
  return `${parts.join("\n")}\n</svg>`;
}

/** Wrong and right, by colour and by sign. */
const MARKS = [
  { hue: "#d55e00", sign: "M-4,-4L4,4M4,-4L-4,4" },
  { hue: "#007a5a", sign: "M-4.5,0.5L-1.5,3.5L4.5,-3.5" },
] as const;

/** Hits from the threshold on: one person by the score, which is not to say that it is right. */
const SAME_HUE = "#0072b2";
const EQUALS = "M-4.5,-2L4.5,-2M-4.5,2L4.5,2";

function mark(right: number, top: number, isRight: boolean): string {
  const { hue, sign } = MARKS[Number(isRight) as 0 | 1];
  return badge(right - 11, top + 11, hue, sign);
}

function badge(x: number, y: number, hue: string, sign: string): string {
  return `<g transform="translate(${x},${y})"><circle r="9" fill="${hue}"/><path d="${sign}" fill="none" stroke="#ffffff" stroke-width="2.2"/></g>`;
}

/** The meaning of the badge, at the right end of the heading; in a grid of one column there is no room for words. */
function legend(right: number, threshold: number, columns: number): string {
  const text = columns === 1 ? threshold.toFixed(3) : `from the threshold of ${threshold.toFixed(3)} on`;
  const width = columns === 1 ? 34 : 186;
  return [
    badge(right - width - 12, 17, SAME_HUE, EQUALS),
    `<text x="${right}" y="22" font-size="12" fill="#4a5568" text-anchor="end">${text}</text>`,
  ].join("\n");
}

function heading(x: number, text: string): string {
  return `<text x="${x}" y="22" font-size="13" font-weight="bold" fill="#4a5568">${escapeXml(text)}</text>`;
}

function picture(
  x: number,
  y: number,
  { jpeg, caption }: GridPicture,
  frame: string,
  captionBelow: number,
  frameWidth = 1,
): string {
  return [
    `<image x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" href="${jpegDataUrl(jpeg)}"/>`,
    `<rect x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" fill="none" stroke="${frame}"${frameWidth === 1 ? "" : ` stroke-width="${frameWidth}"`}/>`,
    `<text x="${x + SIDE / 2}" y="${y + SIDE + captionBelow}" font-size="9.5" fill="#4a5568" text-anchor="middle">${escapeXml(shorten(caption, 24))}</text>`,
  ].join("\n");
}
