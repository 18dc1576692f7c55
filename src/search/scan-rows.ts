import { type Board, boardFor, type SearchGoal } from "./best-neighbours.ts";
import { type Candidates, unclampedFloor } from "./candidates.ts";
import { BLOCK_ROWS } from "./kernel/scan-kernel.ts";
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
 * A first look at all rows finds those that look best; their cosines give a floor, and few other rows may reach it. Any thread's floor holds for all: it is the k-th best of some of the rows, so the k-th best of all is no
 * lower.
 *
 * Returns   rows that were judged by all their bits
 */
export function scanBlocks(
  rows: QuantisedRows,
  scan: Scan,
  goal: SearchGoal,
  candidates: Candidates,
  { thread, next, agree, cosineOf }: ScanShare,
): number {
  const blocks: number[] = [];
  const worthwhile = goal.k * ROWS_PER_WANTED <= rows.count;
  const looks = worthwhile ? boardFor({ ...goal, k: goal.k + SPARE_LOOKS }) : undefined;
  for (let block = next(); block < rows.blocks.length; block = next()) {
    surveyBlock(rows, block, scan, looks, thread);
    blocks.push(block);
  }
  const lowest = boardFor(goal);
  for (const { id: row } of looks?.items() ?? []) {
    // The true cosine where it is to be had, otherwise the lowest that it can be.
    const least = cosineOf ? cosineOf(row) : lowestOf(rows, row, thread);
    if (least !== undefined) lowest.offer(least, row, rows.groupOf(row));
  }
  let floor = agree(unclampedFloor(lowest.floor));
  let judged = 0;
  for (const block of blocks) {
    judged += judgeBlock(rows, block, scan, candidates, thread, floor);
    floor = agree(Math.max(floor, candidates.floor));
  }
  return judged;
}

/** Sums up a block's upper nibbles, and offers its rows by what they say, each under its number in place of an id. */
function surveyBlock(
  rows: QuantisedRows,
  block: number,
  { masked, filter }: Scan,
  looks: Board | undefined,
  thread: number,
): void {
  const { numbers, cosines } = rows.found(thread);
  const first = block * BLOCK_ROWS;
  const end = Math.min(BLOCK_ROWS, rows.count - first);
  let step = looks && looks.floor < -2 ? FIRST_ROWS : BLOCK_ROWS;
  for (let from = 0; from < end; from += step, step *= 2) {
    const found = rows.kernel.survey(
      rows.blockAt(block),
      rows.planeBytes,
      from,
      Math.min(end, from + step),
      rows.queryAt,
      looks ? Math.max(looks.floor, -4) : Number.POSITIVE_INFINITY,
      masked ? 1 : 0,
      rows.foundAt(thread),
    );
    for (let i = 0; i < found; i++) {
      // The floor may have risen since the kernel compared.
      if (!looks || cosines[i]! < looks.floor) continue;
      const row = first + numbers[i]!;
      const group = rows.groupOf(row);
      if (!filter || filter(rows.idOf(row), group)) looks.offer(cosines[i]!, row, group);
    }
  }
}

/** The lowest cosine that a row can have, by all its bits. */
function lowestOf(rows: QuantisedRows, row: number, thread: number): number {
  const { numbers, cosines, radii } = rows.found(thread);
  const at = rows.blockAt(Math.floor(row / BLOCK_ROWS));
  numbers[0] = row % BLOCK_ROWS;
  rows.kernel.weigh(1, at, rows.planeBytes, rows.queryAt, -4, rows.foundAt(thread));
  return Math.max(-1, Math.min(1, cosines[0]! - radii[0]!));
}

function judgeBlock(
  rows: QuantisedRows,
  block: number,
  { masked, filter }: Scan,
  candidates: Candidates,
  thread: number,
  floor: number,
): number {
  const { numbers, cosines, radii, judged } = rows.found(thread);
  const first = block * BLOCK_ROWS;
  const found = rows.kernel.judge(
    rows.blockAt(block),
    rows.planeBytes,
    Math.min(BLOCK_ROWS, rows.count - first),
    rows.queryAt,
    Math.max(floor, -4),
    masked ? 1 : 0,
    rows.foundAt(thread),
  );
  for (let i = 0; i < found; i++) {
    // The floor may have risen since the kernel compared.
    if (cosines[i]! + radii[i]! < candidates.floor) continue;
    const row = first + numbers[i]!;
    const id = rows.idOf(row);
    const group = rows.groupOf(row);
    if (!filter || filter(id, group)) candidates.add(row, cosines[i]!, radii[i]!, id, group);
  }
  return judged[0]!;
}
