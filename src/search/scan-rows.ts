import type { Candidates } from "./candidates.ts";
import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import type { VectorFilter } from "./vector-index.ts";

/** Which rows count in a scan. */
export interface Scan {
  /** Whether the blocks' masks say which rows count. */
  readonly masked: boolean;
  readonly filter?: VectorFilter | undefined;
}

/** Rows of the first steps: short ones, so that a floor is found before many rows pass without one. */
const FIRST_ROWS = 64;

/**
 * Gathers the candidates of one block. The query is the one put into the rows' memory last.
 *
 * @param thread whose place to use for what is found
 * @param floor below which nothing matters, beside the candidates' own
 */
export function scanBlock(
  rows: QuantisedRows,
  block: number,
  { masked, filter }: Scan,
  candidates: Candidates,
  thread: number,
  floor = Number.NEGATIVE_INFINITY,
): void {
  const out = rows.foundAt(thread);
  const { buffer } = rows.memory;
  const places = new Int32Array(buffer, out, BLOCK_ROWS);
  const cosines = new Float32Array(buffer, out + 4 * BLOCK_ROWS, BLOCK_ROWS);
  const radii = new Float32Array(buffer, out + 8 * BLOCK_ROWS, BLOCK_ROWS);
  const first = block * BLOCK_ROWS;
  const end = Math.min(BLOCK_ROWS, rows.count - first);
  let step = Math.max(candidates.floor, floor) < -2 ? FIRST_ROWS : BLOCK_ROWS;
  for (let from = 0; from < end; from += step, step *= 2) {
    const found = rows.kernel.scan(
      rows.blockAt(block),
      rows.planeBytes,
      from,
      Math.min(end, from + step),
      rows.queryAt,
      Math.max(candidates.floor, floor, -4),
      masked ? 1 : 0,
      out,
    );
    for (let i = 0; i < found; i++) {
      // The floor may have risen since the kernel compared.
      if (cosines[i]! + radii[i]! < candidates.floor) continue;
      const row = first + places[i]!;
      const id = rows.idOf(row);
      const group = rows.groupOf(row);
      if (!filter || filter(id, group)) candidates.add(row, cosines[i]!, radii[i]!, id, group);
    }
  }
}
