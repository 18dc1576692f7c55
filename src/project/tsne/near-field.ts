/**
 * The kernel in two parts: a far one that a coarse grid can carry, and a near one that is zero from `radius` on.
 *
 * Formula   K = 1/(1 + r²), x = (R² − r²)/(1 + R²) for r < R, else 0; near = K·x³, far = K·(1 − x³), which is the
 *           Taylor series of K in r² about R² and so twice continuously differentiable there
 */
export function farKernel(square: number, radius: number): number {
  const x = Math.max(0, (radius * radius - square) / (1 + radius * radius));
  return (1 - x * x * x) / (1 + square);
}

/** Points of the plane sorted into square cells, for sums over pairs nearer than a radius. */
export class NearField {
  readonly #layout: Float64Array;
  readonly #order: Int32Array;
  readonly #sorted: Float64Array;
  #starts = new Int32Array(0);
  #columns = 0;
  #rows = 0;
  #radius = 0;

  constructor(layout: Float64Array) {
    this.#layout = layout;
    this.#order = new Int32Array(layout.length / 2);
    this.#sorted = new Float64Array(layout.length);
  }

  /**
   * Sorts the layout into cells of half a radius.
   *
   * @param bounds of the layout
   */
  sort(radius: number, bounds: { readonly x: number; readonly y: number; readonly extent: number }): void {
    const y = this.#layout;
    const count = y.length / 2;
    const scale = 2 / radius;
    // Two empty cells on every side, so that the neighbourhood of a cell never leaves the field.
    this.#columns = Math.floor(bounds.extent * scale) + 5;
    this.#rows = this.#columns;
    this.#radius = radius;
    const cells = this.#columns * this.#rows;
    if (this.#starts.length < cells + 1) this.#starts = new Int32Array(Math.ceil(cells * 1.2) + 1);
    const starts = this.#starts.fill(0);
    const cellOf = (i: number): number =>
      (Math.floor((y[2 * i + 1]! - bounds.y) * scale) + 2) * this.#columns +
      Math.floor((y[2 * i]! - bounds.x) * scale) +
      2;
    for (let i = 0; i < count; i++) {
      const cell = cellOf(i) + 1;
      starts[cell] = starts[cell]! + 1;
    }
    for (let cell = 0; cell < cells; cell++) starts[cell + 1] = starts[cell + 1]! + starts[cell]!;
    // Filled backwards from each cell's end, which leaves the starts as they were one cell on.
    for (let i = count - 1; i >= 0; i--) {
      const cell = cellOf(i) + 1;
      const place = starts[cell]! - 1;
      starts[cell] = place;
      this.#order[place] = i;
      this.#sorted[2 * place] = y[2 * i]!;
      this.#sorted[2 * place + 1] = y[2 * i + 1]!;
    }
  }

  /** The number of rows of cells. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds the near forces of all points in rows from…to−1 of cells. Returns their part of Z, each point itself included. */
  addForces(force: Float64Array, from: number, to: number): number {
    let normaliser = 0;
    for (let row = Math.max(2, from); row < Math.min(to, this.#rows - 2); row++) {
      for (let column = 2; column < this.#columns - 2; column++) {
        const first = this.#start(row, column);
        const last = this.#start(row, column + 1);
        if (first === last) continue;
        for (let other = row - 2; other <= row + 2; other++) {
          normaliser += nearPairs(
            this.#sorted,
            this.#order,
            force,
            this.#radius,
            first,
            last,
            this.#start(other, column - 2),
            this.#start(other, column + 3),
          );
        }
      }
    }
    return normaliser;
  }

  /** Start of a cell's points: after sorting, each entry holds the start of the cell before. */
  #start(row: number, column: number): number {
    return this.#starts[row * this.#columns + column + 1]!;
  }
}

/** Forces on points first…last−1 from points begin…end−1, all in sorted order. */
function nearPairs(
  sorted: Float64Array,
  order: Int32Array,
  force: Float64Array,
  radius: number,
  first: number,
  last: number,
  begin: number,
  end: number,
): number {
  const limit = radius * radius;
  const inverse = 1 / (1 + limit);
  const slope = 3 * inverse;
  let z = 0;
  for (let a = first; a < last; a++) {
    const x0 = sorted[2 * a]!;
    const x1 = sorted[2 * a + 1]!;
    let f0 = 0;
    let f1 = 0;
    for (let b = begin; b < end; b++) {
      const d0 = x0 - sorted[2 * b]!;
      const d1 = x1 - sorted[2 * b + 1]!;
      const square = d0 * d0 + d1 * d1;
      if (square < limit) {
        const x = (limit - square) * inverse;
        const k = 1 / (1 + square);
        const kx2 = k * x * x;
        z += kx2 * x;
        const w = kx2 * (k * x + slope);
        f0 += w * d0;
        f1 += w * d1;
      }
    }
    const i = 2 * order[a]!;
    force[i] = force[i]! + f0;
    force[i + 1] = force[i + 1]! + f1;
  }
  return z;
}
