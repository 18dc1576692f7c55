import { pictureSide } from "../../report/page-data.ts";

/** A place on the screen or in the map. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The part of the map that is seen: the map's place in the middle of the view, and pixels per unit of the map. */
export interface Camera {
  readonly middle: Place;
  readonly zoom: number;
}

/** Size of the view, in CSS pixels. */
export interface View {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 0.06;
/** The factor by which one can come closer than the whole map. */
export const MAX_ZOOM = 60;

/** The camera that sees the whole unit square. */
export function wholeMap({ width, height }: View): Camera {
  return { middle: { x: 0.5, y: 0.5 }, zoom: (1 - 2 * MARGIN) * Math.max(1, Math.min(width, height)) };
}

/** Position in the view of a place of the map. */
export function toScreen({ middle, zoom }: Camera, view: View, { x, y }: Place): Place {
  return { x: view.width / 2 + (x - middle.x) * zoom, y: view.height / 2 + (y - middle.y) * zoom };
}

/** Place of the map at a position of the view. */
export function toMap({ middle, zoom }: Camera, view: View, { x, y }: Place): Place {
  return { x: middle.x + (x - view.width / 2) / zoom, y: middle.y + (y - view.height / 2) / zoom };
}

/** Moved by pixels of the screen; the middle of the view stays on the map. */
export function moved({ middle, zoom }: Camera, dx: number, dy: number): Camera {
  const held = (value: number): number => Math.min(1, Math.max(0, value));
  return { zoom, middle: { x: held(middle.x - dx / zoom), y: held(middle.y - dy / zoom) } };
}

/** Closer by a factor, with the place under a point of the screen staying under it. */
export function zoomed(camera: Camera, view: View, factor: number, at: Place): Camera {
  const whole = wholeMap(view).zoom;
  const zoom = Math.min(whole * MAX_ZOOM, Math.max(whole * 0.6, camera.zoom * factor));
  const under = toMap(camera, view, at);
  const middle = {
    x: under.x - (at.x - view.width / 2) / zoom,
    y: under.y - (at.y - view.height / 2) / zoom,
  };
  return moved({ middle, zoom }, 0, 0);
}

/** Tells whether a place lies inside a closed outline, by the number of its edges to the right. */
export function isInside({ x, y }: Place, outline: readonly Place[]): boolean {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const a = outline[i]!;
    const b = outline[j]!;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** Side below which nothing can be seen in a picture of a face: a shape stands for it, until one comes closer. */
export const LEGIBLE_PX = 8;

/**
 * Side of a face so close: as large as fills the view when all are seen, growing slower than the map does. Faces that
 * are so many that their pictures would not be legible grow with the map until they are, so that none covers another.
 */
export function thumbnailSide(faces: number, view: View, camera: Camera, largest: number): number {
  const whole = wholeMap(view).zoom;
  const base = Math.min(44, whole * pictureSide(faces));
  const closer = camera.zoom / whole;
  const legible = Math.max(1, LEGIBLE_PX / base);
  if (closer <= legible) return Math.max(3, base * Math.max(0.8, closer));
  return Math.min(largest, base * legible * (closer / legible) ** 0.75);
}
