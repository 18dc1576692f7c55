declare const space: unique symbol;

/**
 * The coordinate spaces of this library; a point never crosses from one to another by accident.
 *
 * `image` is the upright photograph, `raster` the pixels that were decoded from it (fewer, when it is very large),
 * `crop` an aligned face.
 */
export type Space = "image" | "raster" | "crop";

/** A point in pixels, x to the right and y down; pixel (0, 0) has its centre at (0.5, 0.5). */
export interface Point<S extends Space> {
  readonly x: number;
  readonly y: number;
  readonly [space]?: S;
}

/** An axis-aligned rectangle in pixels by its top-left corner and size. */
export interface Box<S extends Space> {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly [space]?: S;
}

/**
 * Left eye, right eye, nose tip, left mouth corner, right mouth corner, where left and right are the picture's,
 * not the person's.
 */
export type Landmarks<S extends Space> = readonly [Point<S>, Point<S>, Point<S>, Point<S>, Point<S>];

/** Area of the overlap of two boxes, in square pixels. */
export function overlap<S extends Space>(a: Box<S>, b: Box<S>): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Overlap divided by union, 0…1. */
export function intersectionOverUnion<S extends Space>(a: Box<S>, b: Box<S>): number {
  const shared = overlap(a, b);
  return shared === 0 ? 0 : shared / (a.width * a.height + b.width * b.height - shared);
}

/** Overlap divided by the smaller of the two areas, 0…1: 1 when one box lies inside the other. */
export function intersectionOverSmaller<S extends Space>(a: Box<S>, b: Box<S>): number {
  const shared = overlap(a, b);
  return shared === 0 ? 0 : shared / Math.min(a.width * a.height, b.width * b.height);
}

/**
 * A map of the plane, (x, y) ↦ (a·x + b·y + c, d·x + e·y + f), between two coordinate spaces.
 */
export interface Affine<From extends Space, To extends Space> {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
  readonly [space]?: readonly [From, To];
}

/** Image of a point under an affine map. */
export function applyAffine<F extends Space, T extends Space>(m: Affine<F, T>, p: Point<F>): Point<T> {
  return { x: m.a * p.x + m.b * p.y + m.c, y: m.d * p.x + m.e * p.y + m.f };
}

/** The map back. Its numbers are not finite when the map sends the plane to a line. */
export function invertAffine<F extends Space, T extends Space>(m: Affine<F, T>): Affine<T, F> {
  const determinant = m.a * m.e - m.b * m.d;
  const [a, b, d, e] = [m.e / determinant, -m.b / determinant, -m.d / determinant, m.a / determinant];
  return { a, b, c: -(a * m.c + b * m.f), d, e, f: -(d * m.c + e * m.f) };
}
