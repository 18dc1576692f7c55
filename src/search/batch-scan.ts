import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { IntegerProduct } from "../onnx/index.ts";
import { BestNeighbours } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
import { PRODUCT_LEVELS, type QuantisedQuery, quantiseQuery } from "./quantised-query.ts";
import type { LargestTerms, QuantisedRows } from "./quantised-rows.ts";
import type { NeighbourOptions } from "./vector-index.ts";

/** Queries of one matrix product. */
const QUERIES = 64;
/** Pairs of row and query found in one step. */
const CAPACITY = 8192;
/** Rows of a block's first steps, short until there is a floor. */
const FIRST_ROWS = 32;

/** A sum that no product reaches, and one that all do. */
const [HIGHEST, LOWEST] = [2 ** 31 - 1, -(2 ** 31)];

/** Addresses of a running batch's data in the rows' memory. */
interface Desk {
  readonly unpacked: number;
  readonly products: number;
  readonly terms: number;
  readonly out: number;
  /** The same outside of that memory: the engine takes no memory that threads share, so its ends are copied. */
  readonly left: Uint8Array;
  readonly product: Int32Array;
}

/** Many queries against all rows: a matrix product of bytes, block by block, and a search of the products. */
export class BatchScan {
  readonly #rows: QuantisedRows;
  readonly #product: IntegerProduct;
  /** Desks that no batch uses at the moment. */
  readonly #desks: Desk[] = [];

  private constructor(rows: QuantisedRows, product: IntegerProduct) {
    this.#rows = rows;
    this.#product = product;
  }

  static async open(rows: QuantisedRows, threads: number): Promise<BatchScan> {
    // The engine is a large library: only for those who search in batches.
    const { IntegerProduct } = await import("../onnx/index.ts");
    return new BatchScan(rows, await IntegerProduct.open(threads));
  }

  /** The same engine for rows of another form; only one of the two is closed. */
  over(rows: QuantisedRows): BatchScan {
    return new BatchScan(rows, this.#product);
  }

  /** The candidates of every query. The rows must not be changed until they are there. */
  async gather(
    queries: readonly UnitVector[],
    { k, filter, floor, signal, onProgress }: NeighbourOptions & WorkOptions,
  ): Promise<Candidates[]> {
    const all: Candidates[] = [];
    const desk = this.#desks.pop() ?? this.#newDesk();
    try {
      for (let first = 0; first < queries.length; first += QUERIES) {
        const some = queries.slice(first, first + QUERIES);
        all.push(...(await this.#gather(some, desk, { k, filter, floor, signal })));
        onProgress?.({ stage: "queries", done: all.length, total: queries.length });
      }
    } finally {
      this.#desks.push(desk);
    }
    return all;
  }

  async close(): Promise<void> {
    await this.#product.close();
  }

  async #gather(
    queries: readonly UnitVector[],
    desk: Desk,
    { k, filter, floor, signal }: NeighbourOptions & WorkOptions,
  ): Promise<Candidates[]> {
    const rows = this.#rows;
    const { buffer } = rows.memory;
    const size = rows.planeBytes * 2;
    const quantised = queries.map((query) => quantiseQuery(rows.turned(query), PRODUCT_LEVELS));
    const candidates = queries.map(() => new Candidates(new BestNeighbours(k, floor)));
    // The search of the products takes four queries at a time; those that fill up reach no floor.
    const columns = Math.ceil(queries.length / 4) * 4;
    const right = new Int8Array(size * columns);
    const sums = new Int32Array(buffer, desk.terms, columns).fill(0);
    const steps = new Float32Array(buffer, desk.terms + 4 * columns, columns).fill(0);
    const lengths = new Float32Array(buffer, desk.terms + 8 * columns, columns).fill(0);
    const margins = new Float32Array(buffer, desk.terms + 12 * columns, columns).fill(-1);
    const residuals = new Float32Array(buffer, desk.terms + 16 * columns, columns).fill(0);
    for (const [j, { values, sum, step, length, residual }] of quantised.entries()) {
      for (let i = 0; i < size; i++) right[i * columns + j] = values[i]!;
      sums[j] = 128 * sum;
      steps[j] = step;
      lengths[j] = length;
      residuals[j] = residual;
    }
    const least = new Int32Array(buffer, desk.terms + 20 * columns, columns).fill(HIGHEST);
    const places = new Int32Array(buffer, desk.out, CAPACITY);
    const which = new Int32Array(buffer, desk.out + 4 * CAPACITY, CAPACITY);
    const cosines = new Float32Array(buffer, desk.out + 8 * CAPACITY, CAPACITY);
    const next = new Int32Array(buffer, desk.out - 4, 1);
    let step = FIRST_ROWS;
    for (const [block, address] of rows.blocks.entries()) {
      throwIfAborted(signal);
      const first = block * BLOCK_ROWS;
      const count = Math.min(BLOCK_ROWS, rows.count - first);
      if (count <= 0) break;
      rows.kernel.unpack(address, rows.planeBytes, count, desk.unpacked);
      desk.left.set(new Uint8Array(buffer, desk.unpacked, count * size));
      const product = desk.product.subarray(0, count * columns);
      await this.#product.run(desk.left.subarray(0, count * size), right, size, product);
      new Int32Array(buffer, desk.products, product.length).set(product);
      const radii = rows.fine(block);
      const outside = rows.residuals(block);
      const most = rows.largest(block, count);
      for (let from = 0; from < count; from = next[0]!, step = Math.min(BLOCK_ROWS, step * 2)) {
        for (const [j, query] of quantised.entries()) {
          const floor = Math.max(-4, candidates[j]!.floor);
          margins[j] = query.slack - floor;
          least[j] = leastProduct(query, floor, most);
        }
        const to = Math.min(count, from + step);
        const found = rows.kernel.sift(
          address,
          rows.planeBytes,
          from,
          to,
          desk.products,
          columns,
          desk.terms,
          desk.out,
          CAPACITY,
        );
        for (let i = 0; i < found; i++) {
          const row = first + places[i]!;
          const j = which[i]!;
          const { length, slack, residual } = quantised[j]!;
          const radius = length * radii[places[i]!]! + residual * outside[places[i]!]! + slack;
          // The floor may have risen since the kernel compared.
          if (cosines[i]! + radius < candidates[j]!.floor) continue;
          const id = rows.idOf(row);
          const group = rows.groupOf(row);
          if (!filter || filter(id, group)) candidates[j]!.add(row, cosines[i]!, radius, id, group);
        }
      }
    }
    return candidates;
  }

  #newDesk(): Desk {
    const rows = this.#rows;
    const size = BLOCK_ROWS * rows.planeBytes * 2;
    return {
      unpacked: rows.allocate(size),
      products: rows.allocate(BLOCK_ROWS * QUERIES * 4),
      terms: rows.allocate(QUERIES * 24),
      // The kernel puts the row to go on with in front.
      out: rows.allocate(64 + 12 * CAPACITY) + 64,
      left: new Uint8Array(size),
      product: new Int32Array(BLOCK_ROWS * QUERIES),
    };
  }
}

/** The sum of products below which no row of a block can reach a floor, whichever of the block's scale and bounds it has. */
function leastProduct(
  { sum, step, length, slack, residual }: QuantisedQuery,
  floor: number,
  most: LargestTerms,
): number {
  const open = length * most.fine + residual * most.outside + slack;
  // A little more, for what the kernel rounds where it compares.
  const needed = (floor - open - 1e-5) / (step * most.scale);
  return needed > 0 ? Math.min(HIGHEST, Math.floor(needed * (1 - 1e-6)) + 128 * sum) : LOWEST;
}
