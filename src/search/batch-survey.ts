import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { BestNeighbours } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
import { batchLevels, FLOOR_AT, queryBytes } from "./quantised-query.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import type { NeighbourOptions } from "./vector-index.ts";

/** Queries that are gathered together. */
export const BATCH_QUERIES = 64;
/** Fours of rows with a query that are noted in one step, and the bytes of a note. */
const [NOTES, NOTE_BYTES] = [4096, 32];
/** Pairs of row and query found in one step. */
const CAPACITY = 4 * NOTES;
/** Rows of the first steps, short until there is a floor. */
const FIRST_ROWS = 32;
/** The loops run on the calling thread: after so many milliseconds others have their turn. */
const SLICE_MS = 4;
/** A floor that no cosine reaches. */
const OUT_OF_REACH = 8;
/** Planes up to so many bytes are surveyed so: beyond, integers of queries would have to be too small. */
const MOST_BYTES = 128;

/** Addresses of a running batch's data in the rows' memory. */
interface Desk {
  readonly queries: number;
  readonly room: number;
  readonly notes: number;
  readonly out: number;
}

/**
 * Many queries against all rows, block by block: their upper planes for four rows and two queries at a time, and the pairs that
 * may reach the query's floor by both planes.
 */
export class BatchSurvey {
  readonly #rows: QuantisedRows;
  readonly #stride: number;
  /** Desks that no batch uses at the moment. */
  readonly #desks: Desk[] = [];

  constructor(rows: QuantisedRows) {
    this.#rows = rows;
    this.#stride = Math.ceil(queryBytes(rows.size) / 64) * 64;
  }

  /** Tells whether rows of this form are surveyed faster than multiplied: those along learned axes, of which there are few. */
  static suits({ axes, planeBytes }: QuantisedRows): boolean {
    return axes !== undefined && planeBytes <= MOST_BYTES;
  }

  /** The candidates of every query, at most `BATCH_QUERIES`. The rows must not be changed until they are there. */
  async gather(
    queries: readonly UnitVector[],
    { k, filter, floor, signal }: NeighbourOptions & WorkOptions,
  ): Promise<Candidates[]> {
    const desk = this.#desks.pop() ?? this.#newDesk();
    const candidates = queries.map(() => new Candidates(new BestNeighbours(k, floor)));
    try {
      await this.#survey(queries, candidates, desk, { filter, signal });
    } finally {
      this.#desks.push(desk);
    }
    return candidates;
  }

  async #survey(
    queries: readonly UnitVector[],
    candidates: readonly Candidates[],
    { queries: first, room, notes, out }: Desk,
    { filter, signal }: Pick<NeighbourOptions & WorkOptions, "filter" | "signal">,
  ): Promise<void> {
    const rows = this.#rows;
    const stride = this.#stride;
    const { buffer } = rows.memory;
    const levels = batchLevels(rows.planeBytes);
    const floors: Float32Array[] = [];
    // Two queries at a time: where there is no second, nothing reaches the floor of it.
    for (let j = 0; j < 2 * Math.ceil(queries.length / 2); j++) {
      const at = first + j * stride;
      rows.ask(queries[j] ?? queries[0]!, at, levels);
      const floor = new Float32Array(buffer, at + FLOOR_AT, 1);
      floor[0] = OUT_OF_REACH;
      floors.push(floor);
    }
    const places = new Int32Array(buffer, out, CAPACITY);
    const which = new Int32Array(buffer, out + 4 * CAPACITY, CAPACITY);
    const cosines = new Float32Array(buffer, out + 8 * CAPACITY, CAPACITY);
    const radii = new Float32Array(buffer, out + 12 * CAPACITY, CAPACITY);
    const next = new Int32Array(buffer, notes - 4, 1);
    let [step, slice] = [FIRST_ROWS, performance.now()];
    for (const [block, address] of rows.blocks.entries()) {
      throwIfAborted(signal);
      const start = block * BLOCK_ROWS;
      const end = Math.min(BLOCK_ROWS, rows.count - start);
      for (let from = 0; from < end; from = next[0]!, step = Math.min(BLOCK_ROWS, step * 2)) {
        for (const [j, own] of candidates.entries())
          floors[j]![0] = Math.max(-4, Math.min(OUT_OF_REACH, own.floor));
        const to = Math.min(end, from + step);
        const { kernel, planeBytes } = rows;
        const noted = kernel.surveyMany(
          address,
          planeBytes,
          from,
          to,
          first,
          stride,
          floors.length,
          room,
          notes,
          NOTES,
        );
        const found = kernel.weighMany(notes, noted, address, planeBytes, to, first, stride, out, CAPACITY);
        for (let i = 0; i < found; i++) {
          const own = candidates[which[i]!]!;
          // The floor may have risen since the kernel compared.
          if (cosines[i]! + radii[i]! < own.floor) continue;
          const row = start + places[i]!;
          const id = rows.idOf(row);
          const group = rows.groupOf(row);
          if (!filter || filter(id, group)) own.add(row, cosines[i]!, radii[i]!, id, group);
        }
      }
      if (performance.now() - slice < SLICE_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      slice = performance.now();
    }
  }

  #newDesk(): Desk {
    const rows = this.#rows;
    return {
      queries: rows.allocate(BATCH_QUERIES * this.#stride),
      room: rows.allocate(8 * rows.planeBytes),
      // The kernel puts the row to go on with in front.
      notes: rows.allocate(64 + NOTE_BYTES * NOTES) + 64,
      out: rows.allocate(64 + 16 * CAPACITY) + 64,
    };
  }
}
