import type { Place } from "./camera.ts";

/** More lines than this are drawn fainter. */
const MANY_LINKS = 300;

/** Lines between pairs of places. */
export function markLinks(
  context: CanvasRenderingContext2D,
  pairs: Iterable<readonly [Place, Place]>,
  count: number,
  colour: string,
): void {
  context.beginPath();
  for (const [a, b] of pairs) {
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
  }
  context.strokeStyle = colour;
  context.globalAlpha = count > MANY_LINKS ? 0.35 : 0.75;
  context.lineWidth = 1.2;
  context.stroke();
  context.globalAlpha = 1;
}

/** A frame around a place. */
export function markRing(
  context: CanvasRenderingContext2D,
  { x, y }: Place,
  side: number,
  colour: string,
  width: number,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(x - side / 2 - 2, y - side / 2 - 2, side + 4, side + 4);
}

/** An outline while it is drawn. */
export function markLasso(
  context: CanvasRenderingContext2D,
  outline: readonly Place[],
  colour: string,
): void {
  if (outline.length < 2) return;
  context.beginPath();
  for (const { x, y } of outline) context.lineTo(x, y);
  context.closePath();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}
