import { existsSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { FaceError, type UnitVector } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import type { Change, LogEntry } from "../change.ts";
import { finishOnOpening, keptReceipts } from "../erasure/index.ts";
import { expectVector, type GalleryPipeline } from "../gallery-pipeline.ts";
import type { JobStore } from "../jobs/job-store.ts";
import type { Link } from "../links.ts";
import type { Page } from "../page.ts";
import { type GalleryFace, type Person, type PersonHit, peopleByPhotograph } from "../records.ts";
import type { Respelling } from "../respelling.ts";
import type { Scatter } from "../scatter.ts";
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
import { allWith, Connection } from "./connection.ts";
import { damageOf } from "./damage.ts";
import { retryBusy } from "./driver.ts";
import { erasePeople } from "./erase.ts";
import { SqliteErasures } from "./erasures.ts";
import { everNamed, formerPeople } from "./former-people.ts";
import { expectSealed, expectWholeFaces, expectWholePeople } from "./integrity.ts";
import { expectHeld, SqliteJobs } from "./jobs.ts";
import { LiveIndex, latest } from "./live-index.ts";
import {
  expectSamePipeline,
  keepNote,
  readNote,
  readPipeline,
  readSettings,
  takeIds,
  writeMeta,
} from "./meta.ts";
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
} from "./rows.ts";
import { MIGRATIONS, migrate, setUp, versionOf } from "./schema.ts";

/** Ids are taken from the file in blocks of this many, so that most changes cost no extra write. */
const ID_BLOCK = 1024;

/**
 * A gallery in one file, which any number of processes may read and write.
 *
 * Vectors are rows of the file; searches run over an index in memory that is filled at the first one and follows the
 * file's log.
 */
export class SqliteStore implements GalleryStore {
  readonly address: string;
  readonly settings: GallerySettings;
  readonly respelled: readonly Respelling[];
  readonly #connection: Connection;
  #pipeline: GalleryPipeline;
  #index: Promise<LiveIndex> | undefined;
  #scatter: Scatter | undefined;
  #ids = { next: 0, end: 0 };
  #closed = false;

  private constructor(
    connection: Connection,
    pipeline: GalleryPipeline,
    settings: GallerySettings,
    respelled: readonly Respelling[] = [],
  ) {
    this.address = `sqlite:${connection.path}`;
    this.#connection = connection;
    this.#pipeline = pipeline;
    this.settings = settings;
    this.respelled = respelled;
  }

  /** Makes a new gallery. Throws FaceError CONFLICT when there is one, BAD_FILE for another file, STORAGE. */
  static async create(path: string, pipeline: Pipeline, settings: GallerySettings): Promise<SqliteStore> {
    expectNoFolder(path);
    if (!existsSync(dirname(path)))
      throw new FaceError("STORAGE", {
        where: path,
        expected: "a folder to make a gallery in",
        got: `none at ${dirname(path)}`,
      });
    const fresh = !existsSync(path);
    const connection = await Connection.open(path);
    try {
      // After a crash whoever comes first puts the file in order, and the others wait.
      await retryBusy(path, () => {
        versionOf(connection.database, path);
        setUp(connection.database, path, true);
      });
      await connection.write(() => {
        if (versionOf(connection.database, path) > 0)
          throw new FaceError("CONFLICT", { where: path, expected: "no gallery yet", got: "one" });
        migrate(connection.database, path);
        writeMeta(connection, pipeline, settings);
      });
      return new SqliteStore(connection, pipeline, settings);
    } catch (error) {
      const unused = fresh && error instanceof FaceError && error.code === "STORAGE" && isEmpty(connection);
      connection.close();
      // The file that was begun is no gallery, and nobody else's.
      if (unused) for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending, { force: true });
      throw error;
    }
  }

  /**
   * Opens a gallery, brings its file to this program's version, and finishes erasures that were interrupted.
   *
   * Throws    FaceError BAD_FILE, STORAGE
   */
  static async open(path: string): Promise<SqliteStore> {
    if (!existsSync(path))
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "a gallery",
        got: "nothing there",
        note: 'make one with "arcface gallery create"',
      });
    expectNoFolder(path);
    const connection = await Connection.open(path);
    try {
      // After a crash whoever comes first puts the file in order, and the others wait.
      await retryBusy(path, () => {
        versionOf(connection.database, path);
        setUp(connection.database, path, true);
      });
      const version = versionOf(connection.database, path);
      if (version === 0)
        throw new FaceError("BAD_FILE", {
          where: path,
          expected: "a gallery",
          got: "an empty database",
          note: "create it first",
        });
      const respelled =
        version === MIGRATIONS.length ? [] : await connection.write(() => migrate(connection.database, path));
      const [pipeline, settings] = [readPipeline(connection), readSettings(connection)];
      const store = new SqliteStore(connection, pipeline, settings, respelled);
      await finishOnOpening(new SqliteErasures(connection));
      return store;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get pipeline(): GalleryPipeline {
    return this.#pipeline;
  }

  get jobs(): JobStore {
    return new SqliteJobs(this.#open);
  }

  async reserveIds(count: number): Promise<number> {
    if (this.#ids.end - this.#ids.next < count) {
      const block = Math.max(count, ID_BLOCK);
      const next = await this.#open.write(() => takeIds(this.#open, block));
      this.#ids = { next, end: next + block };
    }
    const first = this.#ids.next;
    this.#ids.next += count;
    return first;
  }

  async commit(change: Change): Promise<number> {
    for (const { vector } of change.contents) expectVector(this.address, this.pipeline, vector);
    return await this.#open.write(() => {
      expectSamePipeline(this.#open, this.pipeline);
      if (change.lease) expectHeld(this.#open, change.lease);
      return applyChange(this.#open, change);
    });
  }

  async people({ after, limit }: Page<string>): Promise<Person[]> {
    expectWholePeople(this.#open);
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND name > ? ORDER BY name LIMIT ?`;
    return this.#open.all<PersonRow>(sql, after ?? "", limit).map((row) => personOf(this.#open, row));
  }

  async peopleWith(ids: readonly number[]): Promise<Person[]> {
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND id IN (?)`;
    return allWith<PersonRow>(this.#open, sql, ids).map((row) => personOf(this.#open, row));
  }

  async personNamed(name: string): Promise<Person | undefined> {
    expectWholePeople(this.#open);
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND name = ?`;
    const row = this.#open.get<PersonRow>(sql, name);
    return row && personOf(this.#open, row);
  }

  async expired(at: string): Promise<Person[]> {
    expectWholePeople(this.#open);
    const sql = `SELECT ${PERSON_COLUMNS} FROM person WHERE present AND expires < ? ORDER BY expires`;
    return this.#open.all<PersonRow>(sql, at).map((row) => personOf(this.#open, row));
  }

  async faces({ after, limit }: Page<number>, person?: number): Promise<GalleryFace[]> {
    expectWholeFaces(this.#open);
    const whose = person === undefined ? "" : "AND person = ?";
    const sql = `SELECT ${FACE_COLUMNS} FROM face WHERE present AND id > ? ${whose} ORDER BY id LIMIT ?`;
    const rows = this.#open.all<FaceRow>(sql, after ?? 0, ...(person === undefined ? [] : [person]), limit);
    return rows.map((row) => faceOf(this.#open, row));
  }

  async facesWith(ids: readonly number[]): Promise<GalleryFace[]> {
    const sql = `SELECT ${FACE_COLUMNS} FROM face WHERE present AND id IN (?)`;
    return allWith<FaceRow>(this.#open, sql, ids).map((row) => faceOf(this.#open, row));
  }

  async vectors(ids: readonly number[]): Promise<Map<number, UnitVector>> {
    const rows = allWith<{ id: number; value: Uint8Array | null; checksum: number | null }>(
      this.#open,
      "SELECT face.id, value, vector.checksum FROM face LEFT JOIN vector ON face.id = vector.face WHERE present AND face.id IN (?)",
      ids,
    );
    return new Map(rows.map((row) => [row.id, checkedVector(this.#open, row.id, row)]));
  }

  async crop(face: number): Promise<Uint8Array | undefined> {
    const sql =
      "SELECT jpeg, crop.checksum FROM crop JOIN face ON face.id = crop.face WHERE present AND face.id = ?";
    const row = this.#open.get<{ jpeg: Uint8Array; checksum: number | null }>(sql, face);
    if (row) return checkedCrop(this.#open, face, row);
    this.#open.once("crop", () => expectSealed(this.#open, "crop"));
    return undefined;
  }

  async knownPhotographs(sha256s: readonly string[]): Promise<Map<string, number[]>> {
    const rows = allWith<{ sha256: string; person: number }>(
      this.#open,
      "SELECT DISTINCT sha256, person FROM face WHERE present AND sha256 IN (?)",
      sha256s,
    );
    return peopleByPhotograph(rows);
  }

  async nearest(query: UnitVector, k: number, floor?: number): Promise<PersonHit[]> {
    expectVector(this.address, this.pipeline, query);
    this.#index ??= LiveIndex.load(this.#open, this.pipeline);
    const index = await this.#index;
    const hits = await index.nearest(query, k, floor);
    this.#scatter = index.scatter;
    return hits;
  }

  get scatter(): Scatter | undefined {
    return this.#scatter;
  }

  async latest(): Promise<number> {
    return latest(this.#open);
  }

  async note(name: string): Promise<string | undefined> {
    return readNote(this.#open, name);
  }

  async keepNote(name: string, text: string, after: number): Promise<void> {
    await this.#open.write(() => {
      if (latest(this.#open) === after) keepNote(this.#open, name, text);
    });
  }

  async links(): Promise<Link[]> {
    return readLinks(this.#open);
  }

  async log({ after, limit }: Page<number>): Promise<LogEntry[]> {
    return readLog(this.#open, after ?? Number.MAX_SAFE_INTEGER, limit);
  }

  async entry(sequence: number): Promise<LogEntry | undefined> {
    return readLog(this.#open, sequence + 1, 1).find((entry) => entry.sequence === sequence);
  }

  async everNamed(spellings: readonly string[]): Promise<FormerPerson[]> {
    return everNamed(this.#open, spellings);
  }

  async everWith(ids: readonly number[]): Promise<FormerPerson[]> {
    return formerPeople(this.#open, ids);
  }

  async finishErasures(names?: readonly string[]): Promise<KeptReceipts> {
    return await keptReceipts(new SqliteErasures(this.#open), names);
  }

  async receiptsShown(changes: readonly number[]): Promise<void> {
    await new SqliteErasures(this.#open).remove(changes);
  }

  async erase(people: readonly number[], at: string): Promise<Erasure> {
    const erasure = await erasePeople(this.#open, people, at);
    await (await this.#index)?.follow();
    return erasure;
  }

  async deletedBefore(at: string): Promise<number[]> {
    const rows = this.#open.all<{ id: number }>(
      `SELECT id FROM person WHERE NOT present AND ? > (
         SELECT max(log.at) FROM log JOIN effect USING (sequence) WHERE effect.subject = 'person' AND effect.id = person.id
       ) ORDER BY id`,
      at,
    );
    return rows.map(({ id }) => id);
  }

  async beginReindex(pipeline: Pipeline): Promise<void> {
    await beginReindex(this.#open, pipeline);
  }

  async facesToEmbed(page: Page<number>): Promise<FaceToEmbed[]> {
    return facesToEmbed(this.#open, page);
  }

  async addReindexed(vectors: ReadonlyMap<number, UnitVector>): Promise<void> {
    await addReindexed(this.#open, vectors);
  }

  async finishReindex(at: string): Promise<void> {
    this.#pipeline = await finishReindex(this.#open, at);
    this.#index = undefined;
  }

  async damage(): Promise<string[]> {
    return damageOf(this.#open);
  }

  async stats(): Promise<StoreStats> {
    const counts = this.#open.get<Record<"people" | "faces" | "deletedFaces" | "changes", number>>(
      `SELECT (SELECT count(*) FROM person WHERE present) AS people,
              (SELECT count(*) FROM face WHERE present) AS faces,
              (SELECT count(*) FROM face WHERE NOT present) AS deletedFaces,
              (SELECT count(*) FROM log) AS changes`,
    )!;
    const size = (ending: string): number =>
      statSync(this.#open.path + ending, { throwIfNoEntry: false })?.size ?? 0;
    return { ...counts, bytes: size("") + size("-wal"), indexBytes: (await this.#index)?.bytes ?? 0 };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#index?.catch(() => undefined);
    this.#connection.close();
  }

  get #open(): Connection {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "gallery",
        expected: "an open gallery",
        got: "one that was closed",
      });
    return this.#connection;
  }
}

/** Throws FaceError BAD_FILE. */
function expectNoFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new FaceError("BAD_FILE", { where: path, expected: "a gallery's file", got: "a folder" });
}

/** Tells whether a file holds no gallery, or cannot even be asked. */
function isEmpty(connection: Connection): boolean {
  try {
    return versionOf(connection.database, connection.path) === 0;
  } catch {
    return statSync(connection.path, { throwIfNoEntry: false })?.size === 0;
  }
}
