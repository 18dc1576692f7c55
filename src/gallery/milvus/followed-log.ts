import { FaceError } from "../../core/index.ts";
import type { LogEntry } from "../change.ts";
import type { GalleryStore } from "../store.ts";
import type { VectorCollection } from "./vector-collection.ts";

/** Faces read from the records at a time. */
const PAGE_FACES = 1000;
/** Entries of the log read at a time. */
const PAGE_ENTRIES = 50;

/**
 * Sends on to Milvus what the records' log says.
 *
 * Faces that come, or come back, get a row; only forgotten ones lose it. A row never changes and an id is never given
 * twice, so whatever processes do at once, in whatever order, the rows end up the same.
 */
export class FollowedLog {
  readonly #records: GalleryStore;
  readonly #vectors: VectorCollection;
  /** Sequence up to which the rows hold everything, as far as this process knows. */
  #sent = 0;
  /** Sequence up to which this process knows that the model stayed. */
  #seen: number;
  #sending: Promise<void> | undefined;

  private constructor(records: GalleryStore, vectors: VectorCollection, seen: number) {
    this.#records = records;
    this.#vectors = vectors;
    this.#seen = seen;
  }

  static async of(records: GalleryStore, vectors: VectorCollection): Promise<FollowedLog> {
    return new FollowedLog(records, vectors, await records.latest());
  }

  /** After this process moved the gallery to another model: all vectors are new. */
  async startAnew(): Promise<void> {
    await this.#vectors.clear();
    this.#seen = await this.#records.latest();
    this.#sent = 0;
  }

  /** Sends on what Milvus has not seen. Throws FaceError MODEL_MISMATCH when another process moved to another model. */
  async follow(): Promise<void> {
    while ((await this.#records.latest()) !== this.#sent) {
      // Calls at the same time share one sending; what was written since it began is in the next.
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined;
      });
      await this.#sending;
    }
  }

  /** Faces that were forgotten after a sequence. */
  async forgottenSince(sequence: number): Promise<number[]> {
    return (await this.#entriesAfter(sequence)).flatMap(forgottenBy);
  }

  async #send(): Promise<void> {
    const latest = await this.#records.latest();
    // Changes that other processes sent need no sending.
    this.#sent = Math.max(this.#sent, await this.#vectors.sequence());
    const entries = await this.#entriesAfter(
      this.#sent === 0 ? this.#seen : Math.min(this.#sent, this.#seen),
    );
    const moves = entries.filter(({ kind }) => kind === "reindex");
    if (moves.some(({ sequence }) => sequence > this.#seen)) {
      throw new FaceError("MODEL_MISMATCH", {
        where: this.#records.address,
        expected: `vectors of ${this.#records.pipeline.model.id}`,
        got: "a gallery that was moved to another model since it was opened",
        note: "open it again",
      });
    }
    // Rows from an earlier time under this model stand for what may be gone.
    if (moves.length > 0) await this.#vectors.clear();
    if (moves.length > 0 || this.#sent === 0) await this.#sendEveryone();
    else await this.#sendEntries(entries.filter(({ sequence }) => sequence > this.#sent));
    await this.#vectors.setSequence(latest);
    this.#sent = latest;
    this.#seen = Math.max(this.#seen, latest);
  }

  async #sendEveryone(): Promise<void> {
    for (let after: number | undefined; ; ) {
      const page = await this.#records.faces({ after, limit: PAGE_FACES });
      await this.#vectors.add(await this.#records.vectors(page.map(({ id }) => id)));
      if (page.length < PAGE_FACES) return;
      after = page.at(-1)!.id;
    }
  }

  async #sendEntries(entries: readonly LogEntry[]): Promise<void> {
    const come = new Set<number>();
    for (const { effects } of entries) {
      for (const { subject, id, after } of effects) if (subject === "face" && after) come.add(id);
    }
    const ids = [...come];
    for (let start = 0; start < ids.length; start += PAGE_FACES)
      await this.#vectors.add(await this.#records.vectors(ids.slice(start, start + PAGE_FACES)));
    await this.#vectors.remove(entries.flatMap(forgottenBy));
  }

  /** Entries after a sequence, newest first. */
  async #entriesAfter(sequence: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let after: number | undefined; ; ) {
      const page = await this.#records.log({ after, limit: PAGE_ENTRIES });
      entries.push(...page.filter((entry) => entry.sequence > sequence));
      const last = page.at(-1);
      if (!last || last.sequence <= sequence + 1) return entries;
      after = last.sequence;
    }
  }
}

function forgottenBy({ kind, effects }: LogEntry): number[] {
  return kind === "forget" ? effects.filter(({ subject }) => subject === "face").map(({ id }) => id) : [];
}
