import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import type { VectorFilter } from "./vector-index.ts";

/** Answers of filters, written beside the rows so that a scan passes over what they exclude. */
export class RowMasks {
  readonly #remembered = new WeakSet<VectorFilter>();
  readonly #masks = new WeakMap<VectorFilter, { readonly version: number; readonly bytes: Uint8Array }>();

  /** The same filter, whose answers are remembered as long as the rows stay as they are. */
  remember(filter: VectorFilter): VectorFilter {
    const remembered: VectorFilter = (id, group) => filter(id, group);
    this.#remembered.add(remembered);
    return remembered;
  }

  /**
   * Writes a filter's answers beside the rows, if it is one to be remembered or has to be; whether it did.
   *
   * @param version another one whenever the rows have changed
   * @param always true for any filter
   */
  place(filter: VectorFilter | undefined, rows: QuantisedRows, version: number, always: boolean): boolean {
    if (!filter || !(always || this.#remembered.has(filter))) return false;
    let mask = this.#masks.get(filter);
    if (mask?.version !== version) {
      const bytes = new Uint8Array(rows.count);
      for (let row = 0; row < bytes.length; row++)
        bytes[row] = filter(rows.idOf(row), rows.groupOf(row)) ? 1 : 0;
      mask = { version, bytes };
      if (this.#remembered.has(filter)) this.#masks.set(filter, mask);
    }
    for (let first = 0; first < mask.bytes.length; first += BLOCK_ROWS)
      rows.mask(first / BLOCK_ROWS).set(mask.bytes.subarray(first, first + BLOCK_ROWS));
    return true;
  }
}
