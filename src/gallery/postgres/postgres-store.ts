import { FaceError, type UnitVector } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import type { Change, LogEntry } from "../change.ts";
import { damaged } from "../checksum.ts";
import { keptReceipts } from "../erasure/index.ts";
import { expectVector, type GalleryPipeline } from "../gallery-pipeline.ts";
import type { JobStore } from "../jobs/job-store.ts";
import type { Link } from "../links.ts";
import type { Page } from "../page.ts";
import { type GalleryFace, type Person, type PersonHit, peopleByPhotograph } from "../records.ts";
import type { Respelling } from "../respelling.ts";
import type {
  Erasure,
  FaceToEmbed,
  FormerPerson,
  GallerySettings,
  GalleryStore,
  KeptReceipts,
  StoreStats,
} from "../store.ts";
import { applyChange } from "./commit.ts";
import { Connections, type PostgresAddress, serverCode, UNDEFINED_TABLE } from "./connection.ts";
import { createGallery, indexVectors } from "./create.ts";
import { damageOf } from "./damage.ts";
import { erasePeople } from "./erase.ts";
import { finishLeftOver, PostgresErasures } from "./erasures.ts";
import { everNamed, formerPeople } from "./former-people.ts";
import { expectSamePipeline, lockHead, migrate, readHead } from "./head.ts";
import { expectHeld, PostgresJobs } from "./jobs.ts";
import { nearestPeople } from "./nearest.ts";
import { addReindexed, beginReindex, facesToEmbed, finishReindex } from "./reindex.ts";
import {
  checkedCrop,
  checkedVector,
  FACE_COLUMNS,
  type FaceRow,
  faceOf,
  PERSON_COLUMNS,
  type PersonRow,
  personOf,
  readLinks,
  readLog,
  VECTOR_COLUMNS,
  type VectorRow,
} from "./rows.ts";
import { vectorTable } from "./schema.ts";

/** Ids are taken in blocks of this many, so that most changes cost no extra write. */
const ID_BLOCK = 1024;

/**
 * A gallery in a schema of a PostgreSQL database with pgvector, which any number of machines may read and write.
 *
 * The server searches; this process keeps no vectors. Changes are transactions that lock one row, so they happen one
 * after the other; questions wait for nobody.
 */
export class PostgresStore implements GalleryStore {
  readonly address: string;
  readonly settings: GallerySettings;
  readonly respelled: readonly Respelling[];
  readonly #connections: Connections;
  readonly #search: PostgresAddress["search"];
  #pipeline: GalleryPipeline;
  #ids = { next: 0, end: 0 };
  #closed = false;

  private constructor(
    connections: Connections,
    search: PostgresAddress["search"],
    { pipeline, settings }: { readonly pipeline: GalleryPipeline; readonly settings: GallerySettings },
    respelled: readonly Respelling[] = [],
  ) {
    this.address = connections.address;
    this.#connections = connections;
    this.#search = search;
    this.#pipeline = pipeline;
    this.settings = settings;
    this.respelled = respelled;
  }

  /** Makes a new gallery in a schema of its own. Throws FaceError CONFLICT when there is one, USAGE, STORAGE. */
  static async create(
    address: PostgresAddress,
    pipeline: Pipeline,
    settings: GallerySettings,
  ): Promise<PostgresStore> {
    const connections = new Connections(address);
    try {
      await createGallery(connections, pipeline, settings);
      if (address.search === "approximate") await indexVectors(connections);
      return new PostgresStore(connections, address.search, { pipeline, settings });
    } catch (error) {
      await connections.close();
      throw error;
    }
  }

  /**
   * Opens a gallery, brings its schema to this program's version, and finishes erasures that were interrupted. The first to open it for approximate search waits while the server builds the index; a bulk
   * import into a gallery that was made and opened for exact search is therefore the faster one.
   *
   * Throws    FaceError BAD_FILE, USAGE, STORAGE
   */
  static async open(address: PostgresAddress): Promise<PostgresStore> {
    const connections = new Connections(address);
    try {
      const respelled = await migrate(connections);
      await finishLeftOver(connections);
      if (address.search === "approximate") await indexVectors(connections);
      return new PostgresStore(connections, address.search, await readHead(connections), respelled);
    } catch (error) {
      await connections.close();
      throw error;
    }
  }

  get pipeline(): GalleryPipeline {
    return this.#pipeline;
  }

  get jobs(): JobStore {
    return new PostgresJobs(this.#open);
  }

  async reserveIds(count: number): Promise<number> {
    if (this.#ids.end - this.#ids.next < count) {
      const block = Math.max(count, ID_BLOCK);
      const [row] = await this.#rows<{ next: number }>("UPDATE ids SET next = next + $1 RETURNING next", [
        block,
      ]);
      if (!row) throw damaged(this.address, 'the row of table "ids"');
      this.#ids = { next: row.next - block, end: row.next };
    }
    const first = this.#ids.next;
    this.#ids.next += count;
    return first;
  }

  async commit(change: Change): Promise<number> {
    for (const { vector } of change.contents) expectVector(this.address, this.pipeline, vector);
    return await this.#open.transaction(async (client) => {
      const head = await lockHead(client, this.address);
      expectSamePipeline(this.address, head, this.pipeline);
      if (change.lease) await expectHeld(client, this.address, change.lease);
      return await applyChange(client, this.address, head, change);
    });
  }

  async people({ after, limit }: Page<string>): Promise<Person[]> {
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND name > $1 ORDER BY name LIMIT $2`;
    return await this.#people(sql, [after ?? "", limit]);
  }

  async peopleWith(ids: readonly number[]): Promise<Person[]> {
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND id = ANY($1)`;
    return await this.#people(sql, [ids]);
  }

  async personNamed(name: string): Promise<Person | undefined> {
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND name = $1`;
    return (await this.#people(sql, [name]))[0];
  }

  async expired(at: string): Promise<Person[]> {
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND expires < $1 ORDER BY expires`;
    return await this.#people(sql, [at]);
  }

  async faces({ after, limit }: Page<number>, person?: number): Promise<GalleryFace[]> {
    const whose = person === undefined ? "" : "AND person = $3";
    const sql = `SELECT ${FACE_COLUMNS} FROM face WHERE present AND id > $1 ${whose} ORDER BY id LIMIT $2`;
    const values = [after ?? 0, limit, ...(person === undefined ? [] : [person])];
    return (await this.#rows<FaceRow>(sql, values)).map((row) => faceOf(this.address, row));
  }

  async facesWith(ids: readonly number[]): Promise<GalleryFace[]> {
    const sql = `SELECT ${FACE_COLUMNS} FROM face WHERE present AND id = ANY($1)`;
    return (await this.#rows<FaceRow>(sql, [ids])).map((row) => faceOf(this.address, row));
  }

  async vectors(ids: readonly number[]): Promise<Map<number, UnitVector>> {
    return await this.#withVectors(async (generation) => {
      const rows = await this.#rows<VectorRow>(
        `SELECT ${VECTOR_COLUMNS} FROM ${vectorTable(generation)} WHERE present AND face = ANY($1)`,
        [ids],
      );
      return new Map(rows.map((row) => [row.face, checkedVector(this.address, row)]));
    });
  }

  async crop(face: number): Promise<Uint8Array | undefined> {
    const sql =
      "SELECT jpeg, checksum FROM crop JOIN face ON face.id = crop.face WHERE present AND face.id = $1";
    const [row] = await this.#rows<{ jpeg: Buffer; checksum: number | null }>(sql, [face]);
    return row && checkedCrop(this.address, face, row.jpeg, row.checksum);
  }

  async knownPhotographs(sha256s: readonly string[]): Promise<Map<string, number[]>> {
    return peopleByPhotograph(
      await this.#rows<{ sha256: string; person: number }>(
        "SELECT DISTINCT sha256, person FROM face WHERE present AND sha256 = ANY($1)",
        [sha256s],
      ),
    );
  }

  async nearest(query: UnitVector, k: number, floor = -1): Promise<PersonHit[]> {
    expectVector(this.address, this.pipeline, query);
    const hits = await this.#withVectors((generation) =>
      nearestPeople(this.#open, generation, query, k, this.#search),
    );
    return hits.filter((hit) => hit.cosine >= floor);
  }

  async latest(): Promise<number> {
    return (await readHead(this.#open)).sequence;
  }

  async note(name: string): Promise<string | undefined> {
    const [row] = await this.#rows<{ value: string }>("SELECT value FROM note WHERE name = $1", [name]);
    return row?.value;
  }

  async keepNote(name: string, text: string, after: number): Promise<void> {
    await this.#open.transaction(async (client) => {
      if ((await lockHead(client, this.address)).sequence !== after) return;
      await client.query(
        "INSERT INTO note (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, text],
      );
    });
  }

  async links(): Promise<Link[]> {
    return await readLinks(this.#open);
  }

  async log({ after, limit }: Page<number>): Promise<LogEntry[]> {
    return await readLog(this.#open, after ?? Number.MAX_SAFE_INTEGER, limit);
  }

  async entry(sequence: number): Promise<LogEntry | undefined> {
    return (await readLog(this.#open, sequence + 1, 1)).find((entry) => entry.sequence === sequence);
  }

  async everNamed(spellings: readonly string[]): Promise<FormerPerson[]> {
    return await everNamed((sql, values) => this.#rows(sql, values ?? []), spellings);
  }

  async everWith(ids: readonly number[]): Promise<FormerPerson[]> {
    return await formerPeople((sql, values) => this.#rows(sql, values ?? []), ids);
  }

  async finishErasures(names?: readonly string[]): Promise<KeptReceipts> {
    return await keptReceipts(new PostgresErasures(this.#open), names);
  }

  async receiptsShown(changes: readonly number[]): Promise<void> {
    await new PostgresErasures(this.#open).remove(changes);
  }

  async erase(people: readonly number[], at: string): Promise<Erasure> {
    return await erasePeople(this.#open, people, at);
  }

  async deletedBefore(at: string): Promise<number[]> {
    const rows = await this.#rows<{ id: number }>(
      `SELECT id FROM person WHERE NOT present AND $1 > (
         SELECT max(log.at) FROM log JOIN effect USING (sequence) WHERE effect.subject = 'person' AND effect.id = person.id
       ) ORDER BY id`,
      [at],
    );
    return rows.map(({ id }) => id);
  }

  async beginReindex(pipeline: Pipeline): Promise<void> {
    await beginReindex(this.#open, pipeline);
  }

  async facesToEmbed(page: Page<number>): Promise<FaceToEmbed[]> {
    return await facesToEmbed(this.#open, page);
  }

  async addReindexed(vectors: ReadonlyMap<number, UnitVector>): Promise<void> {
    await addReindexed(this.#open, vectors);
  }

  async finishReindex(at: string): Promise<void> {
    const { pipeline } = await this.#open.transaction((client) => finishReindex(client, this.address, at));
    this.#pipeline = pipeline;
    if (this.#search === "approximate") await indexVectors(this.#open);
  }

  async damage(): Promise<string[]> {
    return await damageOf(this.#open);
  }

  async stats(): Promise<StoreStats> {
    const [row] = await this.#rows<Omit<StoreStats, "indexBytes">>(
      `SELECT (SELECT count(*) FROM person WHERE present) AS people,
              (SELECT count(*) FROM face WHERE present) AS faces,
              (SELECT count(*) FROM face WHERE NOT present) AS "deletedFaces",
              (SELECT count(*) FROM log) AS changes,
              (SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
               WHERE relkind = 'r' AND relnamespace = $1::regnamespace) AS bytes`,
      [this.#open.schema],
    );
    return { ...row!, indexBytes: 0 };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#connections.close();
  }

  /** Runs a question to the vectors of this gallery's model. Throws FaceError MODEL_MISMATCH. */
  async #withVectors<T>(ask: (generation: number) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const head = await readHead(this.#open);
      expectSamePipeline(this.address, head, this.pipeline);
      try {
        return await ask(head.generation);
      } catch (thrown) {
        // The table was replaced between the two questions: the head now says by which.
        if (serverCode(thrown) !== UNDEFINED_TABLE || tries === 3) throw thrown;
      }
    }
  }

  async #people(sql: string, values: readonly unknown[]): Promise<Person[]> {
    return (await this.#rows<PersonRow>(sql, values)).map((row) => personOf(this.address, row));
  }

  async #rows<Row>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return await this.#open.rows<Row>(sql, values);
  }

  get #open(): Connections {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "gallery",
        expected: "an open gallery",
        got: "one that was closed",
      });
    return this.#connections;
  }
}
