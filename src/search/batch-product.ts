import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { IntegerProduct } from "../onnx/index.ts";
import { BATCH_QUERIES } from "./batch-survey.ts";
import { BestNeighbours } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
import { PRODUCT_LEVELS } from "./quantised-query.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import type { NeighbourOptions } from "./vector-index.ts";

/** Pairs of row and query found in one step. */
const CAPACITY = 8192;
/** Rows of a block's first steps, short until there is a floor. */
const FIRST_ROWS = 32;

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
export class BatchProduct {
  readonly #rows: QuantisedRows;
  readonly #product: IntegerProduct;
  /** Desks that no batch uses at the moment. */
  readonly #desks: Desk[] = [];

  constructor(rows: QuantisedRows, product: IntegerProduct) {
    this.#rows = rows;
    this.#product = product;
  }

  /** The candidates of every query, at most `BATCH_QUERIES`. The rows must not be changed until they are there. */
  async gather(
    queries: readonly UnitVector[],
    options: NeighbourOptions & WorkOptions,
  ): Promise<Candidates[]> {
    const desk = this.#desks.pop() ?? this.#newDesk();
    try {
      return await this.#gather(queries, desk, options);
    } finally {
      this.#desks.push(desk);
    }
  }

  async #gather(
    queries: readonly UnitVector[],
    desk: Desk,
    { k, filter, floor, signal }: NeighbourOptions & WorkOptions,
  ): Promise<Candidates[]> {
    const rows = this.#rows;
    const { buffer } = rows.memory;
    const size = rows.planeBytes * 2;
    const quantised = queries.map((query) => {
      rows.ask(query, rows.queryAt, PRODUCT_LEVELS);
      return rows.asked();
    });
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
      for (let from = 0; from < count; from = next[0]!, step = Math.min(BLOCK_ROWS, step * 2)) {
        for (const [j, { slack }] of quantised.entries())
          margins[j] = slack - Math.max(-4, candidates[j]!.floor);
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
          let radius = length * radii[places[i]!]! + slack;
          if (residual > 0) radius += residual * outside[places[i]!]!;
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
      products: rows.allocate(BLOCK_ROWS * BATCH_QUERIES * 4),
      terms: rows.allocate(BATCH_QUERIES * 20),
      // The kernel puts the row to go on with in front.
      out: rows.allocate(64 + 12 * CAPACITY) + 64,
      left: new Uint8Array(size),
      product: new Int32Array(BLOCK_ROWS * BATCH_QUERIES),
    };
  }
}
