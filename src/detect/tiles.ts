import type { Box, Space } from "../core/index.ts";

/** Faces up to this many times larger are looked for in tiles too, so that none falls between the two. */
export const SHARED_RANGE = 1.25;
/** Room around a face that has to lie inside a tile, as a fraction of its longer side. */
const ROOM = 0.25;
/** The factor by which a box may come out larger than its face. */
const BOX_ERROR = 1.15;

/** The overlap of tiles by which every face up to a size lies whole in one of them. */
export function overlapFor(largest: number): number {
  return BOX_ERROR * (1 + 2 * ROOM) * largest;
}

/**
 * Rectangles that cover a photograph, each of at most `pixels`, neighbours overlapping by at least `overlap`: bands
 * along the file's rows, which are read fastest, unless they would be all overlap.
 */
export function tilesOf<S extends Space>(
  picture: { readonly width: number; readonly height: number; readonly rowsAlong: "x" | "y" },
  pixels: number,
  overlap: number,
): Box<S>[] {
  const alongX = picture.rowsAlong === "x";
  const [breadth, length] = alongX ? [picture.width, picture.height] : [picture.height, picture.width];
  const shared = Math.ceil(overlap);
  const banded = pixels / breadth >= Math.min(length, 3 * shared);
  const square = Math.floor(pixels / Math.min(length, Math.sqrt(pixels)));
  const across = banded ? breadth : Math.min(breadth, Math.max(square, shared + 1));
  const along = Math.max(Math.floor(pixels / across), shared + 1);
  const tiles: Box<S>[] = [];
  for (const [v, height] of steps(length, along, shared)) {
    for (const [u, width] of steps(breadth, across, shared))
      tiles.push(alongX ? { x: u, y: v, width, height } : { x: v, y: u, width: height, height: width });
  }
  return tiles;
}

/** Places and sizes of the fewest pieces of at most `size` that cover `length`, spread evenly. */
function steps(length: number, size: number, overlap: number): (readonly [number, number])[] {
  if (length <= size) return [[0, length]];
  const count = Math.ceil((length - overlap) / (size - overlap));
  return Array.from({ length: count }, (_, i) => [Math.round((i * (length - size)) / (count - 1)), size]);
}

/** Tells whether a tile shows a face with its surroundings; the photograph's own border may cut it. */
export function isWholeIn<S extends Space>(
  box: Box<S>,
  tile: Box<S>,
  picture: { readonly width: number; readonly height: number },
  largest: number,
): boolean {
  const side = Math.max(box.width, box.height);
  const room = ROOM * side;
  return (
    side <= largest &&
    (tile.x === 0 || box.x - room >= tile.x) &&
    (tile.y === 0 || box.y - room >= tile.y) &&
    (tile.x + tile.width === picture.width || box.x + box.width + room <= tile.x + tile.width) &&
    (tile.y + tile.height === picture.height || box.y + box.height + room <= tile.y + tile.height)
  );
}
