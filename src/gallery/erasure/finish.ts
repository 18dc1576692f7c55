import { FaceError } from "../../core/index.ts";
import type { Erasure, KeptReceipts } from "../store.ts";
import { countMarks, type MarkedFile } from "./find-marks.ts";
import { Marks } from "./marks.ts";
import { isDigested } from "./name-digests.ts";
import type { PieceKind } from "./pieces.ts";
import { type BegunErasure, type ErasureTask, erasureOf, type Receipt } from "./task.ts";

/** The operations of an engine for erasures. */
export interface ErasureEngine {
  /** Everything that is not finished, or whose receipt was not shown. */
  tasks(): Promise<ErasureTask[]>;
  /**
   * Rewrites the files without what older contents stand in.
   *
   * @param patient whether to wait for others who use them
   * Returns   sentences about what could not be done yet
   */
  compact(patient: boolean): Promise<string[]>;
  search(marks: Marks): Promise<FileSearch>;
  /** The kept pieces of those who stay, of one kind, as they lie in the files. */
  kept(kind: PieceKind): AsyncIterable<Uint8Array>;
  save(task: Pick<ErasureTask, "id" | "marks" | "tries" | "receipt">): Promise<void>;
  /** Removes those of the tasks that are finished. */
  remove(tasks: readonly number[]): Promise<void>;
}

/** Files that were searched. */
export interface FileSearch {
  readonly files: readonly MarkedFile[];
  /** Sentences about what can never be looked at from here. */
  readonly beyond: readonly string[];
  /** Sentences about what could not be looked at this time. */
  readonly failed: readonly string[];
}

/** Openings do not look again for what was found so often; who asks for it does. */
const OPENING_TRIES = 3;

const FINISHED_ELSEWHERE = "another process finished this and showed the receipt";

/** Finishes what this process began, and whatever else is not finished. Returns its receipt. */
export async function finishBegun(engine: ErasureEngine, id: number, begun: BegunErasure): Promise<Erasure> {
  const packed = await engine.compact(true);
  let receipt: Receipt = { searched: [], notProven: [FINISHED_ELSEWHERE], finished: true };
  for (const task of await engine.tasks()) {
    if (task.id === id) receipt = task.receipt ?? (await search(engine, task, packed, begun));
    else if (task.marks !== null) await search(engine, task, packed);
  }
  return erasureOf({ id, at: begun.row.at, counts: begun.counts }, receipt, begun.people);
}

/** Nobody, and nothing left to do. */
export function emptyErasure(at: string): Erasure {
  return {
    changes: [],
    at,
    people: [],
    faces: 0,
    crops: 0,
    logEffects: 0,
    searched: [],
    notProven: [],
    finished: true,
  };
}

/**
 * Finishes what was left unfinished, as far as that goes without waiting for others. Receipts are kept.
 *
 * A gallery that cannot be packed now can be opened all the same; see {@link orLater}.
 */
export async function finishOnOpening(engine: ErasureEngine): Promise<void> {
  await orLater(async () => await finishOpen(engine));
}

/** Does what can wait: where the disk is full it stays to be done, and where tasks are damaged who asks for them is told. */
export async function orLater(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FaceError) || !["STORAGE", "BAD_FILE"].includes(error.code)) throw error;
  }
}

async function finishOpen(engine: ErasureEngine): Promise<void> {
  const open = (await engine.tasks()).filter(({ marks, tries }) => marks !== null && tries < OPENING_TRIES);
  if (open.length === 0) return;
  const packed = await engine.compact(false);
  // Whoever uses the files now, or comes next, finishes it.
  if (packed.length > 0) return;
  for (const task of open) await search(engine, task, packed);
}

/** Finishes everything. Returns the receipts: of all, or of those that were of people of some names. */
export async function keptReceipts(engine: ErasureEngine, names?: readonly string[]): Promise<KeptReceipts> {
  const tasks = await engine.tasks();
  const unknown = (names ?? []).filter((name) => !tasks.some((task) => isDigested(task.names, name)));
  if (unknown.length > 0) return { erasures: [], unknown };
  const wanted = tasks.filter(
    (task) => names === undefined || names.some((name) => isDigested(task.names, name)),
  );
  const packed = wanted.some(({ marks }) => marks !== null) ? await engine.compact(true) : [];
  const erasures: Erasure[] = [];
  for (const task of wanted) {
    const receipt = task.receipt ?? (await search(engine, task, packed));
    erasures.push(erasureOf(task, receipt));
  }
  return { erasures, unknown: [] };
}

/** Looks for a task's pieces and writes down what came of it. */
async function search(
  engine: ErasureEngine,
  task: ErasureTask,
  packed: readonly string[],
  begun?: BegunErasure,
): Promise<Receipt> {
  const marks = Marks.parse(task.marks!);
  const { files, beyond, failed } = await engine.search(marks);
  const there = new Set(files.flatMap(({ found }) => [...found.keys()]));
  const others = await keptOfOthers(engine, marks, there);
  const searched = files.map(({ path, bytes, found }) => {
    let hits = 0;
    for (const [mark, times] of found) if (!others.has(mark)) hits += times;
    return { path, bytes, hits };
  });
  const clean = searched.every(({ hits }) => hits === 0);
  const receipt: Receipt = {
    searched,
    notProven: [
      ...packed,
      ...failed,
      ...beyond,
      ...notCounted(marks, others, begun?.texts),
      ...tooShort(task.counts.short, begun?.short),
      ...(task.counts.plain > 0
        ? [`${task.counts.plain} vectors or crops were not searched for: bytes like theirs turn up by chance`]
        : []),
    ],
    finished: clean && packed.length === 0 && failed.length === 0,
  };
  if (receipt.finished) await engine.save({ ...task, marks: null, receipt });
  else if (!clean && packed.length === 0) await engine.save({ ...task, tries: task.tries + 1 });
  return receipt;
}

/** Marks whose pieces are also part of what is kept of those who stay. */
async function keptOfOthers(
  engine: ErasureEngine,
  marks: Marks,
  there: ReadonlySet<number>,
): Promise<Set<number>> {
  const others = new Set<number>();
  for (const kind of ["text", "vector", "crop"] as const) {
    if (![...there].some((mark) => marks.kindOf(mark) === kind)) continue;
    for (const mark of (await countMarks(separated(engine.kept(kind), marks), marks)).keys())
      if (marks.kindOf(mark) === kind) others.add(mark);
  }
  return others;
}

/** Values one behind the other, many to a part, and so far apart that no piece is found across two. */
async function* separated(values: AsyncIterable<Uint8Array>, marks: Marks): AsyncGenerator<Uint8Array> {
  const gap = new Uint8Array(marks.longest);
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const value of values) {
    parts.push(value, gap);
    bytes += value.length + gap.length;
    if (bytes < 1 << 20) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

function notCounted(
  marks: Marks,
  others: ReadonlySet<number>,
  texts: readonly (string | undefined)[] | undefined,
): string[] {
  const why = "part of what is kept of others";
  const sentences: string[] = [];
  const ofText = [...others].filter((mark) => marks.kindOf(mark) === "text");
  if (texts) {
    for (const text of new Set(ofText.map((mark) => texts[mark])))
      sentences.push(`"${text}" was not searched for: it is ${why}`);
  } else if (ofText.length > 0)
    sentences.push(`names, paths or checksums (${ofText.length}) were not searched for: they are ${why}`);
  const rest = others.size - ofText.length;
  if (rest > 0) sentences.push(`${rest} pieces of vectors or crops were not searched for: they are ${why}`);
  return sentences;
}

function tooShort(count: number, texts: readonly string[] | undefined): string[] {
  const why = "so short a text turns up by chance";
  if (texts) return texts.map((text) => `"${text}" was not searched for: ${why}`);
  return count > 0 ? [`${count} names or paths were not searched for: ${why}`] : [];
}
