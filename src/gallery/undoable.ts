import { FaceError } from "../core/index.ts";
import type { LogEntry } from "./change.ts";
import type { GalleryStore } from "./store.ts";

/** Entries of the log in one question to the store. */
const PAGE = 1000;

/**
 * The change that an undo takes back: the last one that still stands, or one by its sequence.
 *
 * Throws    FaceError USAGE when there is none, CONFLICT when it cannot be undone
 */
export async function entryToUndo(store: GalleryStore, sequence: number | undefined): Promise<LogEntry> {
  const entry = sequence === undefined ? await lastStanding(store) : await store.entry(sequence);
  if (!entry) {
    const wanted =
      sequence === undefined ? "a change that can be undone" : `a change with number ${sequence}`;
    throw new FaceError("USAGE", { where: "undo", expected: wanted, got: "none" });
  }
  if (!isUndoable(entry)) {
    const why =
      entry.undoneBy !== null
        ? `one that ${entry.undoneBy} took back`
        : entry.forgotten > 0
          ? "one of which a part was forgotten"
          : `a "${entry.kind}", which cannot be undone`;
    throw new FaceError("CONFLICT", { where: "undo", expected: "a change that stands", got: why });
  }
  return entry;
}

/** Throws FaceError CONFLICT when it is one that cannot be undone: what came before is not the last change. */
async function lastStanding(store: GalleryStore): Promise<LogEntry | undefined> {
  let last: LogEntry | undefined;
  for (let after: number | undefined; ; ) {
    const page = await store.log({ after, limit: PAGE });
    for (const entry of page) {
      if (entry.kind === "undo" || entry.undoneBy !== null) continue;
      if (isUndoable(entry) && !last) return entry;
      last ??= entry;
      if (isUndoable(entry)) throw lastStays(last, entry);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.sequence;
  }
  if (last) throw lastStays(last);
  return undefined;
}

/** A last change that cannot be undone, and the one before it that can. */
function lastStays({ sequence, kind }: LogEntry, before?: LogEntry): FaceError {
  return new FaceError("CONFLICT", {
    where: "undo",
    expected: "a last change that can be undone",
    got: `${sequence} (${kind}), which cannot`,
    note: before && `"undo ${before.sequence}" takes back the one before it (${before.kind})`,
  });
}

/** Tells whether a change stands whole and can be taken back. */
function isUndoable({ kind, undoneBy, forgotten }: LogEntry): boolean {
  return undoneBy === null && forgotten === 0 && kind !== "forget" && kind !== "reindex";
}
