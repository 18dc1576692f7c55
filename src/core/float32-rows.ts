/**
 * Rows of numbers as one float32 array.
 *
 * Where float32 cannot hold the numbers as they are, the rows are first moved so that their mean lies at the origin:
 * rounding then costs digits of their differences, not of how far away they all lie (times in seconds since 1970, say).
 * Distances, layouts and principal components do not depend on where the origin is.
 *
 * Shapes    rows [N × dimension] · result [N × dimension], row-major
 */
export function float32Rows(
  rows: readonly ArrayLike<number>[],
  dimension: number,
): Float32Array<ArrayBuffer> {
  const mean = rows.every(isFloat32) ? new Float64Array(dimension) : meanOf(rows, dimension);
  const data = new Float32Array(rows.length * dimension);
  for (const [r, row] of rows.entries()) {
    for (let i = 0; i < dimension; i++) data[r * dimension + i] = row[i]! - mean[i]!;
  }
  return data;
}

function isFloat32(row: ArrayLike<number>): boolean {
  if (row instanceof Float32Array) return true;
  for (let i = 0; i < row.length; i++) if (Math.fround(row[i]!) !== row[i]) return false;
  return true;
}

/** Summed as differences from the first row, so that a large offset costs the mean no digits either. */
function meanOf(rows: readonly ArrayLike<number>[], dimension: number): Float64Array {
  const sum = new Float64Array(dimension);
  const first = rows[0]!;
  for (const row of rows) {
    for (let i = 0; i < dimension; i++) sum[i]! += row[i]! - first[i]!;
  }
  return sum.map((value, i) => first[i]! + value / rows.length);
}
