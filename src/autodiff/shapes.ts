import { elementCount, FaceError } from "../core/index.ts";
import type { Value } from "./value.ts";
import type { ValueType } from "./value-type.ts";

/**
 * The shape that operands take together, axes aligned at the right, an axis of 1 repeated.
 *
 * Throws    FaceError SHAPE when they do not fit
 */
export function broadcastShape(where: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((s) => s !== 1) ?? 1;
    if (sizes.some((s) => s !== 1 && s !== size)) {
      const named = shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
      throw new FaceError("SHAPE", { where, expected: "shapes that broadcast", got: named });
    }
    return size;
  });
}

/** For each element of `to`, the place of its element in a tensor of shape `from` that is repeated to it. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  const steps = strides(from);
  const pad = to.length - from.length;
  const step = to.map((_, axis) => (axis < pad || from[axis - pad] === 1 ? 0 : steps[axis - pad]!));
  const indices = new Int32Array(elementCount(to));
  forEachIndex(to, (index, at) => {
    let place = 0;
    for (const [axis, i] of index.entries()) place += i * step[axis]!;
    indices[at] = place;
  });
  return indices;
}

/** Row-major distances between neighbours along each axis. */
export function strides(shape: readonly number[]): number[] {
  const out = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) out[axis] = out[axis + 1]! * shape[axis + 1]!;
  return out;
}

/** Visits every index of a shape in row-major order. The array passed in is reused. */
export function forEachIndex(
  shape: readonly number[],
  visit: (index: readonly number[], at: number) => void,
): void {
  const index = new Array<number>(shape.length).fill(0);
  const count = elementCount(shape);
  for (let at = 0; at < count; at++) {
    visit(index, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** The result's type of an operation that gives floats. */
export function float(shape: readonly number[]): ValueType {
  return { shape, type: "float" };
}

/** Throws FaceError SHAPE unless it holds. */
export function expectThat(holds: boolean, where: string, expected: string, ...got: Value[]): void {
  if (holds) return;
  const shapes = got.map(({ shape, type }) => `${type} [${shape.join(", ")}]`).join(" and ");
  throw new FaceError("SHAPE", { where, expected, got: shapes });
}

/** Throws FaceError SHAPE unless the value is a float of that many axes; returns its sizes. */
export function axesOf(where: string, value: Value, rank: number): readonly number[] {
  expectThat(value.type === "float" && value.shape.length === rank, where, `floats of ${rank} axes`, value);
  return value.shape;
}

/** Tells whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
