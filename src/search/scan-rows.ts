import { type Board, boardFor, type SearchGoal } from "./best-neighbours.ts";
import { type Candidates, unclampedFloor } from "./candidates.ts";
import { BLOCK_ROWS, MOST_NOTED } from "./kernel/scan-kernel.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import type { VectorFilter } from "./vector-index.ts";

/** The rows that count in a scan. */
export interface Scan {
  /** True if the blocks' masks say which rows count. */
  readonly masked: boolean;
  readonly filter?: VectorFilter | undefined;
}

/** The rows whose blocks are scanned, and those who share the scan. */
export interface ScanShare {
  /** The thread whose place to use for what is found. */
  readonly thread: number;
  /** The next block to take; as many as there are, or more, when none is left. */
  next(): number;
  /** The floor that holds for all, given one that holds here. */
  agree(floor: number): number;
  /** The cosine of a row in float32; undefined for one that is gone. Only the thread that asks can tell. */
  readonly cosineOf?: (row: number) => number | undefined;
}

/** Rows of the first steps: short ones, so that there is a floor before many rows pass without one. */
const FIRST_ROWS = 64;

/** So many more rows than wanted are kept in the first look, because its cosines are only estimates. */
const SPARE_LOOKS = 4;

/** Where more than one row in so many is wanted, a floor excludes too few to be worth looking for. */
const ROWS_PER_WANTED = 32;

/**
 * Gathers the candidates of some blocks, for the query that was put into the rows' memory last.
 *
 * A survey of all rows by half their bits notes those that may reach the floor so far, and keeps those that look best; all bits of
 * these raise the floor, each time there are twice as many rows behind. At the end their cosines give a floor that hardly
 * rises any more, and the rows noted that may reach it are weighed by all bits. Any thread's floor holds for all: it is the k-th best of some of the rows, so
 * the k-th best of all is no lower.
 *
 * Returns   rows that were judged by all their bits
 */
export function scanBlocks(
  rows: QuantisedRows,
  scan: Scan,
  goal: SearchGoal,
  candidates: Candidates,
  share: ScanShare,
): number {
  const survey = new Survey(rows, scan, goal, candidates, share);
  for (let block = share.next(); block < rows.blocks.length; block = share.next()) survey.add(block);
  return survey.finish();
}

/** A thread's part of a scan. */
class Survey {
  readonly #rows: QuantisedRows;
  readonly #scan: Scan;
  readonly #goal: SearchGoal;
  readonly #candidates: Candidates;
  readonly #share: ScanShare;
  /** Rows that look best, each under its number in place of an id. */
  readonly #looks: Board | undefined;
  /** The lowest cosine that rows which looked best can have. */
  readonly #lowest = new Map<number, number>();
  /** Rows surveyed, and those from which the floor is looked at anew. */
  #surveyed = 0;
  #raiseAt = FIRST_ROWS;
  #noted = 0;
  #judged = 0;
  #floor: number;

  constructor(rows: QuantisedRows, scan: Scan, goal: SearchGoal, candidates: Candidates, share: ScanShare) {
    this.#rows = rows;
    this.#scan = scan;
    this.#goal = goal;
    this.#candidates = candidates;
    this.#share = share;
    const worthwhile = goal.k * ROWS_PER_WANTED <= rows.count;
    this.#looks = worthwhile ? boardFor({ ...goal, k: goal.k + SPARE_LOOKS }) : undefined;
    this.#floor = unclampedFloor(boardFor(goal).floor);
  }

  /** Surveys a block. */
  add(block: number): void {
    const rows = this.#rows;
    const { thread } = this.#share;
    const start = block * BLOCK_ROWS;
    const end = Math.min(BLOCK_ROWS, rows.count - start);
    this.#raise(this.#floor);
    for (let from = 0; from < end; ) {
      const to = this.#looks
        ? Math.min(end, from + Math.max(FIRST_ROWS, this.#raiseAt - this.#surveyed))
        : end;
      this.#makeRoom(to - from);
      const before = this.#noted;
      this.#noted = rows.kernel.survey(
        rows.blockAt(block),
        rows.planeBytes,
        from,
        to,
        start,
        rows.queryAt,
        Math.max(this.#floor, -4),
        this.#scan.masked ? 1 : 0,
        before,
        rows.notedAt(thread),
      );
      this.#look(before);
      this.#surveyed += to - from;
      if (this.#surveyed >= this.#raiseAt) {
        this.#raiseAt = 2 * this.#surveyed;
        this.#raiseByLooks((row) => this.#lowestOf(row));
      }
      from = to;
    }
  }

  /** Weighs what was noted; returns how many rows were judged. */
  finish(): number {
    const { cosineOf } = this.#share;
    // The true cosine where it is to be had, otherwise the lowest that it can be.
    this.#raiseByLooks(cosineOf ?? ((row) => this.#lowestOf(row)));
    this.#weigh();
    return this.#judged;
  }

  #raise(floor: number): void {
    this.#floor = this.#share.agree(Math.max(floor, this.#floor));
  }

  /** Keeps those of the rows noted last that look best. */
  #look(from: number): void {
    const looks = this.#looks;
    if (!looks) return;
    const rows = this.#rows;
    const { filter } = this.#scan;
    const { thread } = this.#share;
    const { noted, looks: cosines, places } = rows.found(thread);
    const { kernel } = rows;
    const least = Math.max(looks.floor, -4);
    const found = kernel.best(from, this.#noted, least, rows.notedAt(thread), rows.placesAt(thread));
    for (let place = 0; place < found; place++) {
      const i = places[place]!;
      // The floor may have risen since the kernel compared.
      if (cosines[i]! < looks.floor) continue;
      const row = noted[i]!;
      const group = rows.groupOf(row);
      if (!filter || filter(rows.idOf(row), group)) looks.offer(cosines[i]!, row, group);
    }
  }

  #raiseByLooks(leastOf: (row: number) => number | undefined): void {
    const lowest = boardFor(this.#goal);
    for (const { id: row } of this.#looks?.items() ?? []) {
      const least = leastOf(row);
      if (least !== undefined) lowest.offer(least, row, this.#rows.groupOf(row));
    }
    this.#raise(unclampedFloor(lowest.floor));
  }

  /** The lowest cosine that a row can have, by all its bits. */
  #lowestOf(row: number): number {
    let lowest = this.#lowest.get(row);
    if (lowest === undefined) {
      const rows = this.#rows;
      const { thread } = this.#share;
      const { cosines, radii } = rows.found(thread);
      const block = Math.floor(row / BLOCK_ROWS);
      rows.kernel.weighOne(
        rows.blockAt(block),
        rows.planeBytes,
        row % BLOCK_ROWS,
        rows.queryAt,
        rows.foundAt(thread),
      );
      lowest = Math.max(-1, Math.min(1, cosines[0]! - radii[0]!));
      this.#lowest.set(row, lowest);
    }
    return lowest;
  }

  /** Sees to it that so many more rows can be noted. */
  #makeRoom(more: number): void {
    if (this.#noted + more <= MOST_NOTED) return;
    const { kernel, queryAt } = this.#rows;
    this.#raiseByLooks((row) => this.#lowestOf(row));
    const least = Math.max(this.#floor, -4);
    this.#noted = kernel.thin(this.#noted, queryAt, least, this.#rows.notedAt(this.#share.thread));
    if (this.#noted + more > MOST_NOTED) this.#weigh();
  }

  /** Weighs the rows noted by all their bits, block by block, and gathers those that may still reach the floor. */
  #weigh(): void {
    const rows = this.#rows;
    const { filter } = this.#scan;
    const candidates = this.#candidates;
    const { thread } = this.#share;
    const { noted, numbers, cosines, radii, judged } = rows.found(thread);
    for (let from = 0, to = 0; from < this.#noted; from = to) {
      const block = Math.floor(noted[from]! / BLOCK_ROWS);
      const start = block * BLOCK_ROWS;
      while (to < this.#noted && noted[to]! < start + BLOCK_ROWS) to++;
      const found = rows.kernel.weigh(
        rows.blockAt(block),
        rows.planeBytes,
        start,
        from,
        to,
        rows.queryAt,
        Math.max(this.#floor, -4),
        rows.notedAt(thread),
        rows.foundAt(thread),
      );
      this.#judged += judged[0]!;
      for (let i = 0; i < found; i++) {
        // The floor may have risen since the kernel compared.
        if (cosines[i]! + radii[i]! < candidates.floor) continue;
        const row = start + numbers[i]!;
        const id = rows.idOf(row);
        const group = rows.groupOf(row);
        if (!filter || filter(id, group)) candidates.add(row, cosines[i]!, radii[i]!, id, group);
      }
      this.#raise(candidates.floor);
    }
    this.#noted = 0;
  }
}
