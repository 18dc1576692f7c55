import type { UnitVector } from "../core/index.ts";
import { FEWEST_DIMENSIONS, type MeasuredShape, MOST_DIMENSIONS } from "./learned-axes.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import { ShapeChange, type VectorOfRow } from "./shape-change.ts";

/** Vectors from which the shape is learned, and by how many times they must have grown for it to be looked at again. */
export const LEARN_FROM = 16_384;
const LEARN_AGAIN = 8;
/** The same after it could not be: a vector was gone from its source, or could not be read. */
const TRY_AGAIN = 1.25;
/** Vectors longer outside of the axes than so many times what is usual, and a little, are strays. */
const [STRAY, STRAY_LEAST] = [1.25, 0.05];
/** The shape is learned anew when one vector in so many is a stray, but never for fewer than some. */
const [STRAY_PART, FEWEST_STRAYS] = [16, 1024];
/** Milliseconds of learning with every vector added, and at a time when nothing else is to do. */
const [LEARN_WITH_ADD_MS, LEARN_IDLE_MS] = [0.05, 2];

/** The way {@link ShapeLearning} is made. */
export interface ShapeLearningOptions {
  /** Vectors from which the shape is learned. */
  readonly learnFrom: number;
  /** False where vectors come from a source, which is not read while one is added: it may be where that comes from. */
  readonly whileAdding: boolean;
  readonly vectorOf: VectorOfRow;
  /** Told the rows that take the place of the old ones. */
  readonly onRows: (rows: QuantisedRows) => void;
}

/** Decides when the shape of an index's vectors is learned, and has it learned in the background. */
export class ShapeLearning {
  readonly #options: ShapeLearningOptions;
  #learnAt: number;
  #shape: MeasuredShape | undefined;
  #change: ShapeChange | undefined;
  #strays = 0;
  #closed = false;

  constructor(options: ShapeLearningOptions) {
    this.#options = options;
    this.#learnAt = options.learnFrom;
  }

  /** The shape; undefined while it has not been learned. */
  get shape(): MeasuredShape | undefined {
    return this.#shape;
  }

  /** Bytes of rows that are to take the place of the old ones. */
  get bytes(): number {
    return this.#change?.rows?.bytes ?? 0;
  }

  /** A vector was added or replaced that has some length outside of the axes: sees to it that the shape is learned when it is time. */
  added(rows: QuantisedRows, residual: number): void {
    if (this.#change) {
      if (this.#options.whileAdding) this.#advance(LEARN_WITH_ADD_MS);
      return;
    }
    const axes = this.#shape?.axes;
    if (axes && residual > STRAY * this.#shape!.usualResidual + STRAY_LEAST) {
      this.#strays++;
      if (this.#strays >= FEWEST_STRAYS && this.#strays * STRAY_PART >= rows.count) this.#learnAt = 0;
    }
    if (rows.count < this.#learnAt || this.#closed) return;
    if (rows.dimension < FEWEST_DIMENSIONS || rows.dimension > MOST_DIMENSIONS) return;
    this.#change = new ShapeChange(rows, this.#options.vectorOf);
    this.#learnWhenIdle();
  }

  /** A row of the rows in use has another vector. */
  replaced(row: number, id: number, vector: UnitVector, group: number | undefined): void {
    this.#change?.replaced(row, id, vector, group);
  }

  /** The moves that remove a row from the rows in use, of which the last is dropped then. */
  remove(rows: QuantisedRows, row: number): readonly (readonly [from: number, to: number])[] {
    return this.#change?.remove(row) ?? [[rows.count - 1, row]];
  }

  /** Resolves once no change of form is under way. */
  async settled(): Promise<void> {
    while (this.#change) {
      this.#advance(LEARN_IDLE_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Learns no more. */
  close(): void {
    this.#closed = true;
    this.#change = undefined;
  }

  /** Goes on learning between other work, a little at a time, and keeps no process alive for it. */
  #learnWhenIdle(): void {
    setImmediate(() => {
      if (!this.#change) return;
      this.#advance(LEARN_IDLE_MS);
      this.#learnWhenIdle();
    }).unref();
  }

  #advance(milliseconds: number): void {
    const change = this.#change!;
    try {
      if (!change.advance(milliseconds)) return;
    } catch {
      // A vector that cannot be read is told to whoever searches for it; the form it is kept in stays as it is.
      this.#change = undefined;
      this.#learnAt = change.count * TRY_AGAIN;
      return;
    }
    this.#change = undefined;
    this.#strays = 0;
    const { shape, rows: changed } = change;
    this.#learnAt = change.count * (shape ? LEARN_AGAIN : TRY_AGAIN);
    this.#shape = shape ?? this.#shape;
    if (changed) this.#options.onRows(changed);
  }
}
