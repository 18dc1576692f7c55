import { FaceError, seeded, type UnitVector } from "../core/index.ts";
import {
  BLOCK_ROWS,
  MAX_PAGES,
  newScanMemory,
  openScanKernel,
  type ScanKernel,
  type ScanMemory,
  type ScanProgram,
  scanProgram,
} from "./kernel/scan-kernel.ts";
import type { LearnedAxes } from "./learned-axes.ts";
import { LONGEST_ROW, queryBytes, type TurnedVector } from "./quantised-query.ts";

/** Longest vector: the sums of longer ones would leave 32 bits. */
export const MAX_DIMENSION = 4096;

/** Most threads that scan at the same time; each has its own place for what it found. */
export const MAX_THREADS = 16;

const PAGE = 65_536;
const QUERY_AT = 1024;
/** A turned vector on its way to being quantised, in float32. */
const VECTOR_AT = Math.ceil((QUERY_AT + queryBytes(MAX_DIMENSION)) / 64) * 64;
/** The signs of the rotation; with learned axes the vector before it is turned. */
const SIGNS_AT = VECTOR_AT + 4 * MAX_DIMENSION;
/** Findings of each thread: three arrays of BLOCK_ROWS entries, and a number behind them. */
const FOUND_AT = VECTOR_AT + 8 * MAX_DIMENSION;
const FOUND_BYTES = 3 * 4 * BLOCK_ROWS + 64;
const FREE_AT = FOUND_AT + MAX_THREADS * FOUND_BYTES;

/** Floats of a row: scale, three distances, and the length outside of the axes. */
const FIELDS = 5;

const NO_GROUP = -1;

/** Views on the place where a thread leaves what it finds. */
interface Found {
  readonly numbers: Int32Array;
  readonly cosines: Float32Array;
  readonly radii: Float32Array;
  /** Rows that the last judgement looked at with all their bits. */
  readonly judged: Int32Array;
}

/** The way {@link QuantisedRows} are made. */
export interface QuantisedRowsOptions {
  /** The axes that rows are kept in. @default as many as dimensions, turned so that no component stands out */
  readonly axes?: LearnedAxes | undefined;
  readonly memory?: ScanMemory;
  readonly program?: ScanProgram;
}

/**
 * Vectors as bytes in shared memory, in blocks that the kernel scans. scan.as describes a block.
 *
 * Rows are numbered without gaps; removing one puts the last in its place.
 */
export class QuantisedRows {
  readonly dimension: number;
  readonly memory: ScanMemory;
  readonly program: ScanProgram;
  readonly kernel: ScanKernel;
  /** Bytes of one row in one plane. */
  readonly planeBytes: number;
  readonly blockBytes: number;
  readonly axes: LearnedAxes | undefined;
  #axesAt: number | undefined;
  readonly #blocks: number[] = [];
  readonly #ids: Float64Array[] = [];
  readonly #groups: Float64Array[] = [];
  readonly #residuals: Float32Array[] = [];
  readonly #masks: Uint8Array[] = [];
  readonly #span: number;
  readonly #found: Found[] = [];
  #free = FREE_AT;
  #count = 0;

  constructor(
    dimension: number,
    {
      axes,
      memory = newScanMemory(Math.ceil(FREE_AT / PAGE)),
      program = scanProgram(),
    }: QuantisedRowsOptions = {},
  ) {
    this.dimension = dimension;
    this.axes = axes;
    this.planeBytes = Math.ceil((axes?.count ?? dimension) / 32) * 16;
    this.blockBytes = BLOCK_ROWS * (2 * this.planeBytes + 4 * FIELDS + 16 + 1 + 4);
    this.memory = memory;
    this.program = program;
    this.kernel = openScanKernel(memory, program);
    const size = this.planeBytes * 2;
    // The largest power of two that divides the size.
    this.#span = size & -size;
    if (axes) return;
    const random = seeded(dimension);
    const unit = 1 / Math.sqrt(this.#span);
    new Float32Array(memory.buffer, SIGNS_AT, size).set(
      Float32Array.from({ length: size }, () => (random.next() < 0.5 ? -unit : unit)),
    );
  }

  /**
   * A vector turned as the rows are: lengths and cosines stay, and no component stands out. With learned axes what lies
   * outside of them is cut off, and told.
   *
   * Shapes    vector [D] · result [2 · planeBytes], a view good until the next call
   */
  turned(vector: UnitVector): TurnedVector {
    const components = new Float32Array(this.memory.buffer, VECTOR_AT, this.planeBytes * 2);
    const { axes } = this;
    if (!axes) {
      components.set(vector as unknown as ArrayLike<number>);
      components.fill(0, this.dimension);
      this.kernel.rotate(VECTOR_AT, SIGNS_AT, components.length, this.#span);
      return { components, residual: 0, error: 0 };
    }
    const columns = axes.matrix.length / axes.count;
    const given = new Float32Array(this.memory.buffer, SIGNS_AT, columns);
    given.set(vector as unknown as ArrayLike<number>);
    given.fill(0, this.dimension);
    this.#axesAt ??= this.#placeAxes(axes);
    this.kernel.project(SIGNS_AT, this.#axesAt, columns, axes.count, VECTOR_AT);
    let square = 0;
    for (let i = 0; i < columns; i++) square += given[i]! * given[i]!;
    for (let i = 0; i < components.length; i++) square -= components[i]! * components[i]!;
    // The length of the exact product may be `axes.error` smaller than that of the components.
    const most = Math.max(0, square + 2 * axes.error * (LONGEST_ROW + axes.error));
    return {
      components,
      residual: Math.fround(Math.sqrt(most) * 1.000001),
      error: axes.error * (2 * LONGEST_ROW + axes.error),
    };
  }

  /** The rows of another thread's instance on the same memory, as they are now. */
  follow(count: number, blocks: readonly number[]): void {
    for (const address of blocks.slice(this.#blocks.length)) this.#addBlock(address);
    this.#count = count;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Start of each block. */
  get blocks(): readonly number[] {
    return this.#blocks;
  }

  blockAt(block: number): number {
    return this.#blocks[block]!;
  }

  /** A block's distances between its vectors and what their bytes say. */
  fine(block: number): Float32Array {
    return new Float32Array(this.memory.buffer, this.#fieldsAt(block) + 8 * BLOCK_ROWS, BLOCK_ROWS);
  }

  /** Lengths of what a block's rows have outside of the axes. */
  residuals(block: number): Float32Array {
    return this.#residuals[block]!;
  }

  /** Start of a thread's results. */
  foundAt(thread: number): number {
    return FOUND_AT + thread * FOUND_BYTES;
  }

  /** Findings of a thread: rows by their place in the block, quantised cosines, and how far off these may be. */
  found(thread: number): Found {
    let found = this.#found[thread];
    if (!found) {
      // Memory that grows stays where it is, so the views last.
      const [at, { buffer }] = [this.foundAt(thread), this.memory];
      found = {
        numbers: new Int32Array(buffer, at, BLOCK_ROWS),
        cosines: new Float32Array(buffer, at + 4 * BLOCK_ROWS, BLOCK_ROWS),
        radii: new Float32Array(buffer, at + 8 * BLOCK_ROWS, BLOCK_ROWS),
        judged: new Int32Array(buffer, at + 12 * BLOCK_ROWS, 1),
      };
      this.#found[thread] = found;
    }
    return found;
  }

  /** Start of the scan's query, see `placeQuery`. */
  readonly queryAt = QUERY_AT;

  idOf(row: number): number {
    return this.#ids[Math.floor(row / BLOCK_ROWS)]![row % BLOCK_ROWS]!;
  }

  groupOf(row: number): number | undefined {
    const group = this.#groups[Math.floor(row / BLOCK_ROWS)]![row % BLOCK_ROWS]!;
    return group === NO_GROUP ? undefined : group;
  }

  /** Adds a row at the end. Throws FaceError USAGE when the memory's 4 GiB are full. */
  push(id: number, vector: UnitVector, group: number | undefined): { row: number; residual: number } {
    const row = this.#count;
    if (row === this.#blocks.length * BLOCK_ROWS) this.#addBlock(this.allocate(this.blockBytes));
    const residual = this.set(row, id, vector, group);
    this.#count++;
    return { row, residual };
  }

  /** Returns the length of what the vector has outside of the axes. */
  set(row: number, id: number, vector: UnitVector, group: number | undefined): number {
    const block = Math.floor(row / BLOCK_ROWS);
    const { residual } = this.turned(vector);
    this.#residuals[block]![row % BLOCK_ROWS] = residual;
    this.kernel.quantise(VECTOR_AT, this.blockAt(block), this.planeBytes, row % BLOCK_ROWS);
    this.#ids[block]![row % BLOCK_ROWS] = id;
    this.#groups[block]![row % BLOCK_ROWS] = group ?? NO_GROUP;
    return residual;
  }

  /** Puts a row's contents in the place of another's. */
  copyRow(from: number, to: number): void {
    const [fromBlock, fromRow] = [Math.floor(from / BLOCK_ROWS), from % BLOCK_ROWS];
    const [toBlock, toRow] = [Math.floor(to / BLOCK_ROWS), to % BLOCK_ROWS];
    const bytes = new Uint8Array(this.memory.buffer);
    const copy = (offset: number, size: number): void => {
      const at = this.blockAt(fromBlock) + offset + fromRow * size;
      bytes.copyWithin(this.blockAt(toBlock) + offset + toRow * size, at, at + size);
    };
    const planes = 2 * BLOCK_ROWS * this.planeBytes;
    copy(0, this.planeBytes);
    copy(planes / 2, this.planeBytes);
    for (let field = 0; field < FIELDS; field++) copy(planes + field * 4 * BLOCK_ROWS, 4);
    this.#ids[toBlock]![toRow] = this.#ids[fromBlock]![fromRow]!;
    this.#groups[toBlock]![toRow] = this.#groups[fromBlock]![fromRow]!;
  }

  /** Removes the last row. */
  dropLast(): void {
    this.#count--;
  }

  /** The bytes that say which rows of a block are looked at when a scan is masked: 0 for those that are not. */
  mask(block: number): Uint8Array {
    return this.#masks[block]!;
  }

  /** A piece of the memory, for good; aligned to 64 bytes. Throws FaceError USAGE when its 4 GiB are full. */
  allocate(bytes: number): number {
    const address = this.#free;
    const end = Math.ceil((address + bytes) / 64) * 64;
    const missing = Math.ceil((end - this.bytes) / PAGE);
    if (missing > 0) {
      const pages = this.bytes / PAGE;
      if (pages + missing > MAX_PAGES) {
        throw new FaceError("USAGE", {
          where: "search",
          expected: `at most ${this.#count} vectors of dimension ${this.dimension} in one index`,
          got: "one more",
          note: "use several",
        });
      }
      // Growing is a call into the system: a sixteenth at a time keeps both calls and spare room few.
      this.memory.grow(Math.min(MAX_PAGES - pages, Math.max(missing, pages >> 4)));
    }
    this.#free = end;
    return address;
  }

  #fieldsAt(block: number): number {
    return this.blockAt(block) + BLOCK_ROWS * 2 * this.planeBytes;
  }

  #placeAxes({ matrix }: LearnedAxes): number {
    const address = this.allocate(matrix.byteLength);
    new Float32Array(this.memory.buffer, address, matrix.length).set(matrix);
    return address;
  }

  #addBlock(address: number): void {
    const { buffer } = this.memory;
    const residuals = address + BLOCK_ROWS * (2 * this.planeBytes + 4 * (FIELDS - 1));
    const ids = residuals + 4 * BLOCK_ROWS;
    this.#residuals.push(new Float32Array(buffer, residuals, BLOCK_ROWS));
    this.#blocks.push(address);
    this.#ids.push(new Float64Array(buffer, ids, BLOCK_ROWS));
    this.#groups.push(new Float64Array(buffer, ids + 8 * BLOCK_ROWS, BLOCK_ROWS));
    this.#masks.push(new Uint8Array(buffer, ids + 16 * BLOCK_ROWS, BLOCK_ROWS));
  }
}
