import type { UnitVector } from "../../core/index.ts";
import { ExactIndex } from "../../search/index.ts";
import { damaged } from "../checksum.ts";
import type { GalleryPipeline } from "../gallery-pipeline.ts";
import { MOST_FACES } from "../person-score.ts";
import type { PersonHit } from "../records.ts";
import { MeanLengths, Scatter } from "../scatter.ts";
import { allWith, type Connection } from "./connection.ts";
import { storing } from "./driver.ts";
import { expectSeal, expectSealed, RunningSeal } from "./integrity.ts";
import { expectSamePipeline } from "./meta.ts";
import { checkedVector, expectOwner, presentPeople } from "./rows.ts";

interface VectorRow {
  readonly id: number;
  readonly person: number;
  readonly present: number;
  readonly owner: number | null;
  readonly value: Uint8Array | null;
  readonly checksum: number | null;
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
  readonly #scatter = new Scatter();
  #sequence = 0;

  private constructor(connection: Connection, pipeline: GalleryPipeline) {
    this.#connection = connection;
    this.#pipeline = pipeline;
    // The int8 scan finds the candidates; their float32 vectors are read from the file.
    this.#index = new ExactIndex({
      dimension: pipeline.model.dimension,
      vectors: {
        read: (id) => {
          const row = connection.get<Pick<VectorRow, "value" | "checksum">>(
            "SELECT value, checksum FROM vector WHERE face = ?",
            id,
          );
          return row && checkedVector(connection, id, row);
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
      expectSealed(connection, "person");
      const lengths = new MeanLengths(
        new Map(
          connection
            .all<{ person: number; faces: number }>(
              "SELECT person, count(*) AS faces FROM face WHERE present GROUP BY person HAVING faces > 1",
            )
            .map(({ person, faces }) => [person, faces]),
        ),
        MOST_FACES,
      );
      const rows = connection.iterate<Omit<VectorRow, "present">>(
        "SELECT face.id, face.person, face.owner, vector.value, vector.checksum FROM face LEFT JOIN vector ON face.id = vector.face WHERE face.present ORDER BY face.id",
      );
      storing(connection.path, () => {
        const seal = new RunningSeal();
        for (const row of rows) {
          expectOwner(connection.path, row, 1);
          seal.add(row.owner!);
          const vector = checkedVector(connection, row.id, row);
          live.#index.add(row.id, vector, row.person);
          const length = lengths.add(row.person, vector);
          if (length !== undefined) live.#scatter.set(row.person, length);
        }
        expectSeal(connection, "face", seal);
      });
    });
    return live;
  }

  /** The distance of people's faces from each other, as of the last question. */
  get scatter(): Scatter {
    return this.#scatter;
  }

  get bytes(): number {
    return this.#index.memory().bytes;
  }

  get size(): number {
    return this.#index.size;
  }

  /** The k nearest people, by falling cosine, nobody below `floor`. Throws FaceError MODEL_MISMATCH when the file was moved to another model. */
  async nearest(query: UnitVector, k: number, floor?: number): Promise<PersonHit[]> {
    // One state of the file for the log and for the vectors of the candidates: each read of its own would look anew
    // for what others wrote, and would find SQLite's cache emptied.
    const hits = await this.#connection.read(() => {
      this.#follow();
      const found = this.#index.searchGroups(query, { k, floor });
      const people = presentPeople(
        this.#connection,
        found.map(({ group }) => group),
      );
      for (const { group } of found)
        if (!people.has(group)) throw damaged(this.#connection.path, `person ${group}`);
      return found;
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
      "SELECT face.id, person, present, owner, value, vector.checksum FROM face LEFT JOIN vector ON vector.face = face.id WHERE face.id IN (?)",
      touched,
    );
    const there = new Map(rows.map((row) => [row.id, row]));
    const people = new Set(rows.map(({ person }) => person));
    for (const id of touched) {
      const before = this.#index.groupOf(id);
      if (before !== undefined) people.add(before);
      this.#apply(id, there.get(id));
    }
    this.#measure([...people]);
    this.#sequence = sequence;
  }

  /** Looks anew how far apart the faces of people lie. */
  #measure(people: readonly number[]): void {
    const several = new Map(
      allWith<{ person: number; faces: number }>(
        this.#connection,
        "SELECT person, count(*) AS faces FROM face WHERE present AND person IN (?) GROUP BY person",
        people,
      ).flatMap(({ person, faces }) => (faces > 1 ? [[person, faces] as const] : [])),
    );
    for (const person of people) if (!several.has(person)) this.#scatter.set(person, 1);
    const lengths = new MeanLengths(several, MOST_FACES);
    for (const person of several.keys()) {
      const rows = this.#connection.iterate<Pick<VectorRow, "id" | "value" | "checksum">>(
        "SELECT face.id, vector.value, vector.checksum FROM face JOIN vector ON vector.face = face.id WHERE face.present AND face.person = ? ORDER BY face.id",
        person,
      );
      for (const row of rows) {
        const length = lengths.add(person, checkedVector(this.#connection, row.id, row));
        if (length !== undefined) this.#scatter.set(person, length);
      }
    }
  }

  #apply(id: number, row: VectorRow | undefined): void {
    if (row) expectOwner(this.#connection.path, row, row.present);
    if (!row?.present) this.#index.remove(id);
    else if (!this.#index.has(id)) this.#index.add(id, checkedVector(this.#connection, id, row), row.person);
    else if (this.#index.groupOf(id) !== row.person)
      this.#index.replace(id, checkedVector(this.#connection, id, row), row.person);
  }
}

/** Sequence of the last change; 0 before the first. */
export function latest(connection: Connection): number {
  return connection.get<{ s: number | null }>("SELECT max(sequence) AS s FROM log")?.s ?? 0;
}
