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
 * Returns   an SVG document
 */
export function topKGrid(rows: readonly GridRow[]): string {
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
  ];
  rows.forEach((row, index) => {
    const top = HEADER + index * (SIDE + TEXT + GAP);
    parts.push(picture(left(0), top, row.query, "#4a5568", 15));
    row.hits.forEach((hit, i) => {
      parts.push(
        picture(
          left(i + 1),
          top,
          hit,
          hit.right === undefined ? "#c3cad4" : MARKS[Number(hit.right)]!.hue,
          29,
        ),
      );
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

function mark(right: number, top: number, isRight: boolean): string {
  const { hue, sign } = MARKS[Number(isRight) as 0 | 1];
  return `<g transform="translate(${right - 11},${top + 11})"><circle r="9" fill="${hue}"/><path d="${sign}" fill="none" stroke="#ffffff" stroke-width="2.2"/></g>`;
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
): string {
  return [
    `<image x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" href="${jpegDataUrl(jpeg)}"/>`,
    `<rect x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" fill="none" stroke="${frame}"/>`,
    `<text x="${x + SIDE / 2}" y="${y + SIDE + captionBelow}" font-size="9.5" fill="#4a5568" text-anchor="middle">${escapeXml(shorten(caption, 24))}</text>`,
  ].join("\n");
}
