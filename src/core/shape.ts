/** The number of elements that a shape holds: 1 for a single number, which has no axes. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
