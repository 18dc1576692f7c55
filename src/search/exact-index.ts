import {
  cosine,
  FaceError,
  threadCount,
  throwIfAborted,
  type UnitVector,
  type WorkOptions,
} from "../core/index.ts";
import { BatchScan } from "./batch-scan.ts";
import { BestGroups, BestNeighbours, type Board, type SearchGoal } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { IdTable } from "./id-table.ts";
import { type IndexShape, indexShape } from "./index-shape.ts";
import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
import { MAX_DIMENSION, MAX_THREADS, QuantisedRows } from "./quantised-rows.ts";
import { RowMasks } from "./row-masks.ts";
import { type Scan, scanBlocks } from "./scan-rows.ts";
import { ScanThreads } from "./scan-threads.ts";
import { LEARN_FROM, ShapeLearning } from "./shape-learning.ts";
import {
  checkGoal,
  checkKey,
  checkVector,
  type GroupNeighbour,
  type IndexMemory,
  type Neighbour,
  type NeighbourOptions,
  type VectorFilter,
  type VectorIndex,
  type VectorSource,
} from "./vector-index.ts";
import { VectorRows } from "./vector-rows.ts";

/** Options of an {@link ExactIndex}. */
export interface ExactIndexOptions {
  /** 1 to 4096. @default that of the first vector */
  readonly dimension?: number | undefined;
  /**
   * Source of the vectors for the last comparison, a few dozen a query. Without it the index keeps them
   * itself, four times the memory of the scan.
   */
  readonly vectors?: VectorSource | undefined;
  /** Threads that scan, this one included; 1 to 16, at most one per core. They need cores of their own: on busy ones they cost time. @default 1 */
  readonly threads?: number | undefined;
  /**
   * Vectors from which the index learns their shape: those of a network rarely fill all their dimensions, and searching them
   * along fewer axes is faster and takes less memory, with the same answers. It looks again each time there are eight times
   * as many, and when vectors come that do not fit. `Infinity` never does. @default 16,384
   */
  readonly learnFrom?: number | undefined;
}

/** Rows that single searches have looked at since an index was made. */
export interface SearchWork {
  readonly searches: number;
  /** Rows there were, all in all: the first look, at half the bits. */
  readonly surveyed: number;
  /** Rows that were looked at with all their bits. */
  readonly judged: number;
  /** Vectors that were compared in float32. */
  readonly compared: number;
}

/** The parts that exist once the dimension is known. */
interface Rows {
  /** Changed for one of another form, with the same rows, when the shape of the vectors has been learned. */
  quantised: QuantisedRows;
  readonly vectors: VectorRows | undefined;
  readonly rowOf: IdTable;
}

/** Fewer queries than this are faster one by one than as a matrix product. */
const SMALLEST_BATCH = 4;

/**
 * Exact nearest neighbours, fast: vectors are scanned as bytes in WebAssembly, and the few whose error bound reaches
 * far enough are compared in float32. The answer is certified: no vector that was passed over can belong to it.
 * docs/decisions/exact-search.md has the bound and the figures.
 *
 * Searches run on the calling thread, with `threads` helped by others. Up to 4 GiB of quantised vectors, which is
 * 7.8 million of 512 dimensions.
 *
 * ```ts
 * import { ExactIndex, normalize } from "arcface-ts";
 *
 * await using index = new ExactIndex();
 * index.add(1, normalize([3, 4]));
 * index.add(2, normalize([4, 3]));
 * index.search(normalize([1, 0]), { k: 1 }); // id 2, cosine about 0.8
 * ```
 */
export class ExactIndex implements VectorIndex {
  readonly #source: VectorSource | undefined;
  readonly #threadCount: number;
  #threads: ScanThreads | undefined;
  #batches: BatchScan | undefined;
  #rows: Rows | undefined;
  /** Counts changes, so that what was derived from the rows is known to be stale. */
  #version = 0;
  readonly #masks = new RowMasks();
  readonly #learning: ShapeLearning;
  readonly #work = { searches: 0, surveyed: 0, judged: 0, compared: 0 };
  #closed = false;

  /** Throws FaceError USAGE for a dimension or a number of threads out of range. */
  constructor({ dimension, vectors, threads = 1, learnFrom = LEARN_FROM }: ExactIndexOptions = {}) {
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
      throw new FaceError("USAGE", {
        where: "search",
        expected: `1 to ${MAX_THREADS} threads`,
        got: threads,
      });
    this.#source = vectors;
    this.#threadCount = threadCount(threads);
    this.#learning = new ShapeLearning({
      learnFrom,
      whileAdding: !vectors,
      vectorOf: (row) => this.#vectorOf(row),
      onRows: (rows) => this.#follow(rows),
    });
    if (dimension !== undefined) this.#open(dimension);
  }

  get size(): number {
    return this.#rows?.quantised.count ?? 0;
  }

  get dimension(): number | undefined {
    return this.#rows?.quantised.dimension;
  }

  add(id: number, vector: UnitVector, group?: number): void {
    checkKey("id", id);
    if (this.has(id))
      throw new FaceError("USAGE", { where: "search", expected: "an id that is not there yet", got: id });
    const { quantised, vectors, rowOf } = this.#checked(vector, group);
    const { row, residual } = quantised.push(id, vector, group);
    vectors?.set(row, vector);
    rowOf.set(id, row);
    this.#learning.added(quantised, residual);
  }

  replace(id: number, vector: UnitVector, group?: number): void {
    const row = this.#rows?.rowOf.get(id);
    if (row === undefined)
      throw new FaceError("USAGE", { where: "search", expected: "an id that is there", got: id });
    const { quantised, vectors } = this.#checked(vector, group);
    const residual = quantised.set(row, id, vector, group);
    vectors?.set(row, vector);
    this.#learning.replaced(row, id, vector, group);
    this.#learning.added(quantised, residual);
  }

  remove(id: number): boolean {
    const row = this.#rows?.rowOf.get(id);
    if (row === undefined) return false;
    const { quantised, vectors, rowOf } = this.#rows!;
    this.#version++;
    rowOf.delete(id);
    for (const [from, to] of this.#learning.remove(quantised, row)) {
      if (from === to) continue;
      rowOf.set(quantised.idOf(from), to);
      vectors?.set(to, vectors.get(from));
      quantised.copyRow(from, to);
    }
    quantised.dropLast();
    return true;
  }

  has(id: number): boolean {
    return this.#rows?.rowOf.get(id) !== undefined;
  }

  groupOf(id: number): number | undefined {
    const row = this.#rows?.rowOf.get(id);
    return row === undefined ? undefined : this.#rows!.quantised.groupOf(row);
  }

  /**
   * The same filter, asked once per vector and change of the index instead of in every search: rows it excludes are
   * then not even scanned. It must always give the same answer for the same id and group.
   */
  mask(filter: VectorFilter): VectorFilter {
    return this.#masks.remember(filter);
  }

  search(query: UnitVector, { k, filter, floor: least }: NeighbourOptions): Neighbour[] {
    checkGoal({ k, floor: least });
    return this.#find(
      query,
      () => new BestNeighbours(k, least),
      { kind: "vectors", k, least },
      filter,
    ).items();
  }

  searchGroups(query: UnitVector, { k, filter, floor: least }: NeighbourOptions): GroupNeighbour[] {
    checkGoal({ k, floor: least });
    return this.#find(query, () => new BestGroups(k, least), { kind: "groups", k, least }, filter).items();
  }

  async searchBatch(
    queries: readonly UnitVector[],
    { k, filter, floor, ...work }: NeighbourOptions & WorkOptions,
  ): Promise<Neighbour[][]> {
    checkGoal({ k, floor });
    throwIfAborted(work.signal);
    for (const query of queries) checkVector(query, this.dimension);
    const oneByOne = (): Neighbour[][] => queries.map((query) => this.search(query, { k, filter, floor }));
    if (this.size === 0 || queries.length < SMALLEST_BATCH || this.#closed) return oneByOne();
    const before = this.#version;
    this.#batches ??= new BatchScan(this.#rows!.quantised, this.#threadCount);
    // Rows that are kept in another form meanwhile have the same numbers.
    const gathered = await this.#batches.gather(queries, { k, filter, floor, ...work });
    // The index was changed meanwhile: rows are not where they were.
    if (this.#version !== before) return oneByOne();
    return queries.map((query, i) => {
      const best = new BestNeighbours(k, floor);
      const settled = this.#settle(this.#cosinesWith(query), gathered[i]!, best) !== undefined;
      return settled ? best.items() : this.search(query, { k, filter, floor });
    });
  }

  /** The shape of the vectors; undefined while it has not been learned, see `learnFrom`. */
  shape(): IndexShape | undefined {
    const { shape } = this.#learning;
    return shape && indexShape(this.dimension!, shape);
  }

  /** The work of single searches so far: of each, the part of the rows that its bounds left to look at. */
  work(): SearchWork {
    return { ...this.#work };
  }

  /** Resolves once no change of form is under way. Searches need not wait for it. */
  async settled(): Promise<void> {
    await this.#learning.settled();
  }

  memory(): IndexMemory {
    const scanBytes = (this.#rows?.quantised.bytes ?? 0) + this.#learning.bytes;
    const exactBytes = this.#rows?.vectors?.bytes ?? 0;
    const lookupBytes = this.#rows?.rowOf.bytes ?? 0;
    return {
      vectors: this.size,
      bytes: scanBytes + exactBytes + lookupBytes,
      scanBytes,
      exactBytes,
      lookupBytes,
    };
  }

  /** Ends the threads; a second call does nothing. Searches afterwards run on the calling thread. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#learning.close();
    await Promise.all([this.#threads?.close(), this.#batches?.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(dimension: number): Rows {
    if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION)
      throw new FaceError("USAGE", {
        where: "search",
        expected: `a dimension from 1 to ${MAX_DIMENSION}`,
        got: dimension,
      });
    const quantised = new QuantisedRows(dimension, { threads: this.#threadCount });
    const vectors = this.#source ? undefined : new VectorRows(dimension);
    const rows: Rows = { quantised, vectors, rowOf: new IdTable((row) => rows.quantised.idOf(row)) };
    this.#rows = rows;
    return rows;
  }

  /** The rows, about to be changed to hold a vector that has been checked. */
  #checked(vector: UnitVector, group: number | undefined): Rows {
    if (group !== undefined) checkKey("group", group);
    checkVector(vector, this.dimension);
    this.#version++;
    return this.#rows ?? this.#open(vector.length);
  }

  /** Rows of another form, with the same numbers, are searched from now on. */
  #follow(rows: QuantisedRows): void {
    this.#rows!.quantised = rows;
    this.#threads?.follow(rows);
    this.#batches = this.#batches?.over(rows);
  }

  /** The vector of a row; undefined when it is gone from the source. */
  #vectorOf(row: number): UnitVector | undefined {
    const { quantised, vectors } = this.#rows!;
    return vectors ? vectors.get(row) : this.#source!.read(quantised.idOf(row));
  }

  #find<B extends Board>(
    query: UnitVector,
    board: () => B,
    goal: SearchGoal,
    filter: VectorFilter | undefined,
  ): B {
    checkVector(query, this.dimension);
    const best = board();
    if (!this.#rows) return best;
    const { quantised } = this.#rows;
    quantised.ask(query);
    const blocks = Math.ceil(quantised.count / BLOCK_ROWS);
    const helped = this.#threadCount > 1 && !this.#closed && blocks > this.#threadCount;
    const masked = this.#masks.place(filter, quantised, this.#version, helped);
    const scan: Scan = { masked, filter: masked ? undefined : filter };
    const candidates = new Candidates(board());
    const cosineOf = this.#cosinesWith(query);
    if (helped) {
      this.#threads ??= new ScanThreads(quantised, this.#threadCount - 1);
      this.#work.judged += this.#threads.scan(scan, goal, candidates, cosineOf);
    } else {
      let taken = 0;
      this.#work.judged += scanBlocks(quantised, scan, goal, candidates, {
        thread: 0,
        next: () => taken++,
        agree: (floor) => floor,
        cosineOf,
      });
    }
    this.#work.searches++;
    this.#work.surveyed += quantised.count;
    const compared = this.#settle(cosineOf, candidates, best);
    this.#work.compared += compared ?? 0;
    if (compared !== undefined) return best;
    // Vectors that are gone from the source took places that others should have: once more, without them.
    const source = this.#source!;
    const there: VectorFilter = (id, group) => (filter?.(id, group) ?? true) && source.read(id) !== undefined;
    return this.#find(query, board, goal, there);
  }

  /** The cosines of rows with a query, each computed once. */
  #cosinesWith(query: UnitVector): (row: number) => number | undefined {
    const known = new Map<number, number | undefined>();
    return (row) => {
      if (known.has(row)) return known.get(row);
      const vector = this.#vectorOf(row);
      const found = vector && cosine(query, vector);
      known.set(row, found);
      return found;
    };
  }

  /** Compares candidates in float32; returns how many, undefined when one is gone from the source. */
  #settle(
    cosineOf: (row: number) => number | undefined,
    candidates: Candidates,
    best: Board,
  ): number | undefined {
    const { quantised } = this.#rows!;
    let [complete, compared] = [true, 0];
    candidates.settle(
      best,
      (row) => {
        const found = cosineOf(row);
        compared++;
        if (found === undefined) complete = false;
        return found;
      },
      (row) => quantised.idOf(row),
      (row) => quantised.groupOf(row),
    );
    return complete ? compared : undefined;
  }
}
