import { seeded, type UnitVector } from "../core/index.ts";
import { type MeasuredShape, measureShape, sampleSize } from "./learned-axes.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import type { InSteps } from "./symmetric-eigen.ts";

/** Vectors read between two looks at the clock. */
const READ_AT_ONCE = 8;

/** The vector of a row; undefined for one that cannot be had at the moment. */
export type VectorOfRow = (row: number) => UnitVector | undefined;

/**
 * Looks at the shape of the vectors and, where other axes make searches cheaper, keeps all rows once more along those: a
 * little at a time, while the rows that are there are searched and changed.
 *
 * The new rows are always the first ones of the old: what is added waits for its turn, what is changed is told.
 */
export class ShapeChange {
  readonly #old: QuantisedRows;
  readonly #vectorOf: VectorOfRow;
  readonly #work: InSteps<boolean>;
  #shape: MeasuredShape | undefined;
  #rows: QuantisedRows | undefined;

  constructor(old: QuantisedRows, vectorOf: VectorOfRow) {
    this.#old = old;
    this.#vectorOf = vectorOf;
    this.#work = this.#run();
  }

  /** Rows that there are. */
  get count(): number {
    return this.#old.count;
  }

  /** The shape, once it is measured. */
  get shape(): MeasuredShape | undefined {
    return this.#shape;
  }

  /** The rows along other axes; undefined while there are none. */
  get rows(): QuantisedRows | undefined {
    return this.#rows;
  }

  /**
   * Works for about some milliseconds. Returns true at the end: `shape` is there, and `rows` where the form is to change;
   * without a shape, a vector could not be had. Throws what reading a vector throws.
   */
  advance(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    do {
      if (this.#work.next().done) return true;
    } while (performance.now() < end);
    return false;
  }

  /** A row of the old rows has another vector. */
  replaced(row: number, id: number, vector: UnitVector, group: number | undefined): void {
    if (this.#rows && row < this.#rows.count) this.#rows.set(row, id, vector, group);
  }

  /**
   * The moves that remove a row from the old rows, of which the last is dropped then: so that the new rows, in which the same
   * has been done when this returns, stay the first of the old.
   */
  remove(row: number): readonly (readonly [from: number, to: number])[] {
    const last = this.#old.count - 1;
    const kept = this.#rows;
    if (!kept || row >= kept.count) return [[last, row]];
    const lastKept = kept.count - 1;
    kept.copyRow(lastKept, row);
    kept.dropLast();
    return lastKept === last
      ? [[last, row]]
      : [
          [lastKept, row],
          [last, lastKept],
        ];
  }

  *#run(): InSteps<boolean> {
    const vectors: Float32Array[] = [];
    const size = sampleSize(this.#old.count, this.#old.dimension);
    for (let i = 0; i < size; i++) {
      const vector = this.#vectorOf(Math.floor((i * this.#old.count) / size));
      if (!vector) return false;
      vectors.push(Float32Array.from(vector));
      if (i % READ_AT_ONCE === 0) yield;
    }
    // Those that judge the axes come from all over the gallery.
    const sample = seeded(size).shuffle(vectors);
    const { dimension, axes, threads } = this.#old;
    const shape = yield* measureShape(sample, 2 * this.#old.count, axes);
    if (shape.axes === axes) {
      this.#shape = shape;
      return true;
    }
    const rows = new QuantisedRows(dimension, { axes: shape.axes, threads });
    this.#rows = rows;
    while (rows.count < this.#old.count) {
      const row = rows.count;
      const vector = this.#vectorOf(row);
      if (!vector) {
        this.#rows = undefined;
        return false;
      }
      rows.push(this.#old.idOf(row), vector, this.#old.groupOf(row));
      yield;
    }
    this.#shape = shape;
    return true;
  }
}
