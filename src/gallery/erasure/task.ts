import { z } from "zod";
import type { ErasedPerson, Erasure } from "../store.ts";
import { stored } from "../stored.ts";
import { Marks, MarksSchema } from "./marks.ts";
import { digestNames, NameDigestsSchema } from "./name-digests.ts";
import { type Piece, piecesOfText } from "./pieces.ts";

const count = z.number().int().min(0);

const CountsSchema = z.strictObject({
  people: z.array(z.strictObject({ id: z.number().int(), faces: count })),
  faces: count,
  crops: count,
  logEffects: count,
  /** Texts that are too short to be searched for. */
  short: count,
  /** Vectors and crops without a piece that could be searched for. */
  plain: count,
});

const ReceiptSchema = z.strictObject({
  searched: z.array(z.strictObject({ path: z.string(), bytes: count, hits: count })),
  notProven: z.array(z.string()),
  finished: z.boolean(),
});

/** The extent of an erasure: numbers, and nothing about anybody. */
export type ErasureCounts = z.infer<typeof CountsSchema>;

/** The outcome of the search for the bytes. */
export type Receipt = z.infer<typeof ReceiptSchema>;

/**
 * An erasure as the gallery remembers it until it is finished and its receipt was shown. The rows went in the same
 * step in which it was written down; what is left is to pack the files and to search them.
 */
export interface ErasureTask {
  /** Number of its entry in the log. */
  readonly id: number;
  /** ISO date and time. */
  readonly at: string;
  readonly counts: ErasureCounts;
  /** {@link digestNames} of all names that the people ever had. */
  readonly names: string;
  /** The bytes to be looked for; null once nothing of them was found. */
  readonly marks: string | null;
  /** The number of times that it was searched for and found. */
  readonly tries: number;
  /** Null until it is finished. */
  readonly receipt: Receipt | null;
}

/** A task as it is kept in a row. */
export interface ErasureRow {
  readonly id: number;
  readonly at: string;
  readonly counts: string;
  readonly names: string;
  readonly marks: string | null;
  readonly tries: number;
  readonly receipt: string | null;
}

/** A row as a task. Throws FaceError BAD_FILE when it is none. */
export function taskOf(where: string, { counts, receipt, ...row }: ErasureRow): ErasureTask {
  const what = `erasure ${row.id}`;
  stored(where, what, row.names, NameDigestsSchema);
  if (row.marks !== null) stored(where, what, row.marks, MarksSchema);
  return {
    ...row,
    counts: stored(where, what, counts, CountsSchema),
    receipt: receipt === null ? null : stored(where, what, receipt, ReceiptSchema),
  };
}

/** The traces of people in a gallery, gathered before they are removed. */
export interface Traces {
  readonly people: readonly ErasedPerson[];
  readonly faces: readonly number[];
  readonly crops: number;
  readonly pieces: readonly Piece[];
  /** Vectors and crops without a piece. */
  readonly plain: number;
  /** Sources and checksums of photographs. */
  readonly texts: readonly string[];
}

/** An erasure that this process began, with the words that the gallery no longer has. */
export interface BegunErasure {
  readonly counts: ErasureCounts;
  readonly row: Omit<ErasureRow, "id">;
  readonly people: readonly ErasedPerson[];
  /** The text of each mark that is one's. */
  readonly texts: readonly (string | undefined)[];
  readonly short: readonly string[];
}

/** The record to be written down when traces are removed. */
export function beginTask(traces: Traces, logEffects: number, at: string): BegunErasure {
  const names = [...new Set(traces.people.flatMap((person) => person.names))];
  const texts = [...new Set([...names, ...traces.texts])];
  const pieces = [...traces.pieces];
  const short: string[] = [];
  for (const text of texts) {
    const some = piecesOfText(text);
    if (some.length === 0) short.push(text);
    pieces.push(...some);
  }
  const counts: ErasureCounts = {
    people: traces.people.map(({ id, faces }) => ({ id, faces })),
    faces: traces.faces.length,
    crops: traces.crops,
    logEffects,
    short: short.length,
    plain: traces.plain,
  };
  return {
    counts,
    row: {
      at,
      counts: JSON.stringify(counts),
      names: digestNames(names),
      marks: Marks.of(pieces).toString(),
      tries: 0,
      receipt: null,
    },
    people: traces.people,
    texts: pieces.map(({ text }) => text),
    short,
  };
}

/** A task and what came of it, as it is shown. */
export function erasureOf(
  { id, at, counts }: Pick<ErasureTask, "id" | "at" | "counts">,
  receipt: Receipt,
  people: readonly ErasedPerson[] = counts.people.map((person) => ({ ...person, names: [] })),
): Erasure {
  const { faces, crops, logEffects } = counts;
  return { changes: [id], at, people, faces, crops, logEffects, ...receipt };
}
