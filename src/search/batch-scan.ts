import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { IntegerProduct } from "../onnx/index.ts";
import { BatchProduct } from "./batch-product.ts";
import { BATCH_QUERIES, BatchSurvey } from "./batch-survey.ts";
import type { Candidates } from "./candidates.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import type { NeighbourOptions } from "./vector-index.ts";

/** Many queries against all rows at once: what two of them have in common is done once. */
export class BatchScan {
  readonly #rows: QuantisedRows;
  readonly #threads: number;
  #product: Promise<IntegerProduct> | undefined;
  #way: BatchSurvey | BatchProduct | undefined;

  /** @param threads inside a product */
  constructor(rows: QuantisedRows, threads: number) {
    this.#rows = rows;
    this.#threads = threads;
  }

  /** The same for rows of another form; only one of the two is closed. */
  over(rows: QuantisedRows): BatchScan {
    const scan = new BatchScan(rows, this.#threads);
    scan.#product = this.#product;
    return scan;
  }

  /** The candidates of every query. The rows must not be changed until they are there. */
  async gather(
    queries: readonly UnitVector[],
    { onProgress, ...options }: NeighbourOptions & WorkOptions,
  ): Promise<Candidates[]> {
    this.#way ??= BatchSurvey.suits(this.#rows)
      ? new BatchSurvey(this.#rows)
      : new BatchProduct(this.#rows, await this.#openProduct());
    const all: Candidates[] = [];
    for (let first = 0; first < queries.length; first += BATCH_QUERIES) {
      throwIfAborted(options.signal);
      all.push(...(await this.#way.gather(queries.slice(first, first + BATCH_QUERIES), options)));
      onProgress?.({ stage: "queries", done: all.length, total: queries.length });
    }
    return all;
  }

  async close(): Promise<void> {
    await (await this.#product)?.close();
  }

  #openProduct(): Promise<IntegerProduct> {
    // The engine is a large library: only for those who need it.
    this.#product ??= import("../onnx/index.ts").then(({ IntegerProduct }) =>
      IntegerProduct.open(this.#threads),
    );
    return this.#product;
  }
}
