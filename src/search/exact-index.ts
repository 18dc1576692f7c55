import { ScalarIndex } from "./scalar-index.ts";
import type { VectorSource } from "./vector-index.ts";

/** How an {@link ExactIndex} is made. */
export interface ExactIndexOptions {
  readonly dimension?: number;
  /** Where vectors are fetched from for the last comparison. @default kept in memory as float32 */
  readonly vectors?: VectorSource | undefined;
  /** Threads that scan, this one included. @default 1 */
  readonly threads?: number | undefined;
}

/** Exact search; the scan in WebAssembly takes this place. */
export class ExactIndex extends ScalarIndex {
  constructor(options: ExactIndexOptions = {}) {
    super(options.dimension === undefined ? {} : { dimension: options.dimension });
  }

  /** Ends the threads; a second call does nothing. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
