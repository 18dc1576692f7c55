/** Elements between neighbours along each axis when the last axis varies fastest. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Tells whether strides are the row-major ones; an axis of one element may have any. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const wanted = rowMajorStrides(shape);
  return shape.includes(0) || shape.every((dim, axis) => dim === 1 || strides[axis] === wanted[axis]);
}
