import { FaceError, seeded, type UnitVector } from "../core/index.ts";
import {
  BLOCK_ROWS,
  MAX_PAGES,
  NOTED_ENTRIES,
  newScanMemory,
  openScanKernel,
  type ScanKernel,
  type ScanMemory,
  type ScanProgram,
  scanProgram,
} from "./kernel/scan-kernel.ts";
import type { LearnedAxes } from "./learned-axes.ts";
import { LONGEST_ROW, type QuantisedQuery, queryBytes, SCAN_LEVELS } from "./quantised-query.ts";

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
/** Findings of each thread: three arrays of BLOCK_ROWS entries and a number behind them; then what its survey noted. */
const FOUND_AT = VECTOR_AT + 8 * MAX_DIMENSION;
const NOTED_OFFSET = 3 * 4 * BLOCK_ROWS + 64;
const FOUND_BYTES = NOTED_OFFSET + 4 * 4 * NOTED_ENTRIES + 128;

/** Floats of a row: scale, three distances, and the length outside of the axes. */
const FIELDS = 5;

const NO_GROUP = -1;

/** Start of the memory that blocks may take. */
function freeFrom(threads: number): number {
  return FOUND_AT + threads * FOUND_BYTES;
}

/** Views on the place where a thread leaves what it finds. */
interface Found {
  /** Numbers of rows that the survey noted, their cosines by the upper plane, and the highest they can be but for the query's slack. */
  readonly noted: Int32Array;
  readonly looks: Float32Array;
  readonly highest: Float32Array;
  readonly numbers: Int32Array;
  readonly cosines: Float32Array;
  readonly radii: Float32Array;
  /** Places among those noted. */
  readonly places: Int32Array;
  /** Rows that the last judgement looked at with all their bits. */
  readonly judged: Int32Array;
}

/** The way {@link QuantisedRows} are made. */
export interface QuantisedRowsOptions {
  /** The axes that rows are kept in. @default as many as dimensions, turned so that no component stands out */
  readonly axes?: LearnedAxes | undefined;
  /** Threads that there is room for what they find. @default 1 */
  readonly threads?: number;
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
  readonly threads: number;
  #axesAt: number | undefined;
  readonly #blocks: number[] = [];
  readonly #ids: Float64Array[] = [];
  readonly #groups: Float64Array[] = [];
  readonly #residuals: Float32Array[] = [];
  readonly #masks: Uint8Array[] = [];
  readonly #span: number;
  /** A vector on its way: as it is turned, and with learned axes as it was given. */
  readonly #vector: Float32Array;
  readonly #given: Float32Array;
  readonly #found: Found[] = [];
  #free: number;
  #count = 0;

  constructor(
    dimension: number,
    {
      axes,
      threads = 1,
      memory = newScanMemory(Math.ceil(freeFrom(threads) / PAGE)),
      program = scanProgram(),
    }: QuantisedRowsOptions = {},
  ) {
    this.dimension = dimension;
    this.axes = axes;
    this.threads = threads;
    this.#free = freeFrom(threads);
    this.planeBytes = Math.ceil((axes?.count ?? dimension) / 32) * 16;
    this.blockBytes = BLOCK_ROWS * (2 * this.planeBytes + 4 * FIELDS + 16 + 1);
    this.memory = memory;
    this.program = program;
    this.kernel = openScanKernel(memory, program);
    this.#vector = new Float32Array(memory.buffer, VECTOR_AT, this.size);
    const columns = Math.ceil(dimension / 4) * 4;
    this.#given = new Float32Array(memory.buffer, SIGNS_AT, columns);
    const { size } = this;
    // The largest power of two that divides the size.
    this.#span = size & -size;
    if (axes) return;
    const random = seeded(dimension);
    const unit = 1 / Math.sqrt(this.#span);
    new Float32Array(memory.buffer, SIGNS_AT, size).set(
      Float32Array.from({ length: size }, () => (random.next() < 0.5 ? -unit : unit)),
    );
  }

  /** Components of a row, those that only fill it up among them. */
  get size(): number {
    return 2 * this.planeBytes;
  }

  /**
   * Puts a query in the memory as the scan wants it: turned as the rows are, and rounded to whole numbers.
   *
   * @param at where to, see {@link queryBytes}
   * @param levels the largest integer, at most 127
   */
  ask(query: UnitVector, at = QUERY_AT, levels = SCAN_LEVELS): void {
    const error = this.#turn(query);
    this.kernel.ask(VECTOR_AT, this.size, levels, error * (2 * LONGEST_ROW + error), this.#outside(), at);
  }

  /** The query that was put in the memory last. */
  asked(at = QUERY_AT): QuantisedQuery {
    const { buffer } = this.memory;
    const [step, length, slack] = new Float32Array(buffer, at + 4, 3);
    return {
      values: new Int16Array(buffer, VECTOR_AT, this.size).slice(),
      sum: new Int32Array(buffer, at, 1)[0]!,
      step: step!,
      length: length!,
      slack: slack!,
      residual: new Float32Array(buffer, at + 24, 1)[0]!,
    };
  }

  /**
   * Turns a vector as the rows are: lengths and cosines stay, and no component stands out. With learned axes what lies
   * outside of them is cut off. Returns how much that can miss the exact one, as a length.
   */
  #turn(vector: UnitVector): number {
    const { axes } = this;
    const given = axes ? this.#given : this.#vector;
    given.set(vector as unknown as ArrayLike<number>);
    given.fill(0, this.dimension);
    if (!axes) {
      this.kernel.rotate(VECTOR_AT, SIGNS_AT, given.length, this.#span);
      return 0;
    }
    this.#axesAt ??= this.#placeAxes(axes);
    this.kernel.project(SIGNS_AT, this.#axesAt, given.length, axes.count, VECTOR_AT);
    return axes.error;
  }

  /** Length of what the vector turned last has outside of the axes, rounded up. */
  #outside(): number {
    const { axes } = this;
    return axes ? this.kernel.outside(VECTOR_AT, this.size, SIGNS_AT, this.#given.length, axes.error) : 0;
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

  /** Start of a thread's places among those noted. */
  placesAt(thread: number): number {
    return this.foundAt(thread) + 8 * BLOCK_ROWS;
  }

  /** Start of what a thread's survey noted. */
  notedAt(thread: number): number {
    return this.foundAt(thread) + NOTED_OFFSET;
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
        places: new Int32Array(buffer, this.placesAt(thread), BLOCK_ROWS),
        noted: new Int32Array(buffer, this.notedAt(thread), NOTED_ENTRIES),
        looks: new Float32Array(buffer, this.notedAt(thread) + 8 * NOTED_ENTRIES, NOTED_ENTRIES),
        highest: new Float32Array(buffer, this.notedAt(thread) + 12 * NOTED_ENTRIES, NOTED_ENTRIES),
      };
      this.#found[thread] = found;
    }
    return found;
  }

  /** Start of the scan's query, see {@link ask}. */
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
    this.#turn(vector);
    const residual = this.#outside();
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
