import type { UnitVector } from "../../core/index.ts";
import { ExactIndex } from "../../search/index.ts";
import type { GalleryPipeline } from "../gallery-pipeline.ts";
import type { PersonHit } from "../records.ts";
import { allWith, type Connection } from "./connection.ts";
import { storing } from "./driver.ts";
import { expectSamePipeline } from "./meta.ts";
import { vectorOf } from "./rows.ts";

interface VectorRow {
  readonly id: number;
  readonly person: number;
  readonly present: number;
  readonly value: Uint8Array | null;
}

/**
 * The vectors of a file, in memory, in step with whoever writes to the file.
 *
 * Filled from the file, never kept beside it, so the two cannot disagree for longer than until the next question:
 * every question first applies what the log has gained, whichever process wrote it.
 */
export class LiveIndex {
  readonly #connection: Connection;
  readonly #pipeline: GalleryPipeline;
  readonly #index: ExactIndex;
  #sequence = 0;

  private constructor(connection: Connection, pipeline: GalleryPipeline) {
    this.#connection = connection;
    this.#pipeline = pipeline;
    // The int8 scan finds the candidates; their float32 vectors are read from the file.
    this.#index = new ExactIndex({
      dimension: pipeline.model.dimension,
      vectors: {
        read: (id) => {
          const row = connection.get<{ value: Uint8Array }>("SELECT value FROM vector WHERE face = ?", id);
          return row && vectorOf(row.value);
        },
      },
    });
  }

  /** Reads every vector of the file. */
  static async load(connection: Connection, pipeline: GalleryPipeline): Promise<LiveIndex> {
    const live = new LiveIndex(connection, pipeline);
    await connection.read(() => {
      expectSamePipeline(connection, pipeline);
      live.#sequence = latest(connection);
      const rows = connection.iterate<VectorRow>(
        "SELECT face.id, face.person, vector.value FROM vector JOIN face ON face.id = vector.face WHERE face.present",
      );
      storing(connection.path, () => {
        for (const { id, person, value } of rows) live.#index.add(id, vectorOf(value!), person);
      });
    });
    return live;
  }

  get bytes(): number {
    return this.#index.memory().bytes;
  }

  get size(): number {
    return this.#index.size;
  }

  /** The k nearest people, by falling cosine. Throws FaceError MODEL_MISMATCH when the file was moved to another model. */
  async nearest(query: UnitVector, k: number): Promise<PersonHit[]> {
    // One state of the file for the log and for the vectors of the candidates: each read of its own would look anew
    // for what others wrote, and would find SQLite's cache emptied.
    const hits = await this.#connection.read(() => {
      this.#follow();
      return this.#index.searchGroups(query, { k });
    });
    return hits.map(({ id, group, cosine }) => ({ person: group, face: id, cosine }));
  }

  /** Applies what was written since, by this process or another. */
  async follow(): Promise<void> {
    await this.#connection.read(() => this.#follow());
  }

  #follow(): void {
    const sequence = latest(this.#connection);
    if (sequence === this.#sequence) return;
    expectSamePipeline(this.#connection, this.#pipeline);
    // No DISTINCT: for its sake SQLite would walk the index by id, which is all of the table.
    const effects = this.#connection.all<{ id: number }>(
      "SELECT id FROM effect WHERE sequence > ? AND subject = 'face'",
      this.#sequence,
    );
    const touched = [...new Set(effects.map(({ id }) => id))];
    const rows = allWith<VectorRow>(
      this.#connection,
      "SELECT face.id, person, present, value FROM face LEFT JOIN vector ON vector.face = face.id WHERE face.id IN (?)",
      touched,
    );
    const there = new Map(rows.map((row) => [row.id, row]));
    for (const id of touched) this.#apply(id, there.get(id));
    this.#sequence = sequence;
  }

  #apply(id: number, row: VectorRow | undefined): void {
    if (!row?.present || row.value === null) this.#index.remove(id);
    else if (!this.#index.has(id)) this.#index.add(id, vectorOf(row.value), row.person);
    else if (this.#index.groupOf(id) !== row.person) this.#index.replace(id, vectorOf(row.value), row.person);
  }
}

/** Sequence of the last change; 0 before the first. */
export function latest(connection: Connection): number {
  return connection.get<{ s: number | null }>("SELECT max(sequence) AS s FROM log")?.s ?? 0;
}
