/** The square around a layout: its lower corner and its side. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly extent: number;
}

/** Shapes    layout [N × 2], N at least 1 */
export function boundsOf(layout: Float64Array): Bounds {
  let minX = layout[0]!;
  let maxX = minX;
  let minY = layout[1]!;
  let maxY = minY;
  for (let i = 2; i < layout.length; i += 2) {
    const px = layout[i]!;
    const py = layout[i + 1]!;
    if (px < minX) minX = px;
    else if (px > maxX) maxX = px;
    if (py < minY) minY = py;
    else if (py > maxY) maxY = py;
  }
  const extent = Math.max(maxX - minX, maxY - minY);
  // The longer side begins at its lowest point to the last bit: no point may lie outside by rounding.
  const lower = (min: number, max: number): number =>
    max - min === extent ? min : Math.min(min, (min + max - extent) / 2);
  return { x: lower(minX, maxX), y: lower(minY, maxY), extent };
}

/** The number of ordered pairs of points for each unit of area that the second may lie in. */
export function pairsPerArea(layout: Float64Array, { x, y, extent }: Bounds): number {
  const cell = Math.max(1, extent / 512);
  const side = Math.floor(extent / cell) + 1;
  const counts = new Int32Array(side * side);
  let pairs = 0;
  for (let i = 0; i < layout.length; i += 2) {
    const place = Math.floor((layout[i + 1]! - y) / cell) * side + Math.floor((layout[i]! - x) / cell);
    const before = counts[place]!;
    counts[place] = before + 1;
    pairs += 2 * before + 1;
  }
  return pairs / (cell * cell);
}
