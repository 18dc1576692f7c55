/** Something drawn in the plane with a size, and where it would like to be: middles and half sides, in pixels. */
export interface Body {
  x: number;
  y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** The number of times that bodies push each other at most. */
const ROUNDS = 200;

/** Bodies that reach into each other by less than this are apart, in pixels. */
const TOUCHING_PX = 1;

/**
 * Pushes rectangles apart until none covers another, within a frame: each pair gives way along the axis on which less
 * is needed. Nothing is random, and ties are broken by order.
 *
 * @param cellPx side of the cells in which neighbours are looked for, about that of the most frequent body
 * Returns   how many pairs still overlap: 0 unless the frame is too full
 */
export function spreadBodies(bodies: readonly Body[], width: number, height: number, cellPx: number): number {
  let overlaps = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const body of bodies) keepInside(body, width, height);
    overlaps = pushOnce(bodies, cellPx, Math.ceil(width / cellPx) + 3);
    if (overlaps === 0) break;
  }
  for (const body of bodies) keepInside(body, width, height);
  return overlaps;
}

function keepInside(body: Body, width: number, height: number): void {
  body.x = Math.min(width - body.halfWidth, Math.max(body.halfWidth, body.x));
  body.y = Math.min(height - body.halfHeight, Math.max(body.halfHeight, body.y));
}

/** One push of every pair that overlaps. A body is in every cell that it reaches into, so pairs meet in some cell. */
function pushOnce(bodies: readonly Body[], cell: number, columns: number): number {
  const cells = new Map<number, Body[]>();
  let overlaps = 0;
  for (const body of bodies) {
    const [left, right] = [body.x - body.halfWidth, body.x + body.halfWidth].map((at) =>
      Math.floor(at / cell),
    );
    const [top, bottom] = [body.y - body.halfHeight, body.y + body.halfHeight].map((at) =>
      Math.floor(at / cell),
    );
    for (let row = top!; row <= bottom!; row++)
      for (let column = left!; column <= right!; column++) {
        const key = row * columns + column;
        const others = cells.get(key);
        if (!others) {
          cells.set(key, [body]);
          continue;
        }
        for (const other of others) if (pushApart(other, body)) overlaps++;
        others.push(body);
      }
  }
  return overlaps;
}

/** Moves two bodies apart, half the way each. Returns whether they overlapped. */
function pushApart(a: Body, b: Body): boolean {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const acrossX = a.halfWidth + b.halfWidth - Math.abs(dx);
  const acrossY = a.halfHeight + b.halfHeight - Math.abs(dy);
  if (acrossX <= TOUCHING_PX || acrossY <= TOUCHING_PX) return false;
  if (acrossX < acrossY) {
    const step = (acrossX / 2) * (dx < 0 ? -1 : 1);
    a.x -= step;
    b.x += step;
  } else {
    const step = (acrossY / 2) * (dy < 0 ? -1 : 1);
    a.y -= step;
    b.y += step;
  }
  return true;
}
