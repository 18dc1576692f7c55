import { cosine, FaceError, type UnitVector } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import type { Change, LogEntry } from "../change.ts";
import { expectVector, type GalleryPipeline } from "../gallery-pipeline.ts";
import type { JobStore } from "../jobs/job-store.ts";
import type { Link } from "../links.ts";
import type { Page } from "../page.ts";
import type { GalleryFace, Person, PersonHit } from "../records.ts";
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
import type { MilvusAddress } from "./client.ts";
import { FollowedLog } from "./followed-log.ts";
import { MAX_LIMIT, VectorCollection } from "./vector-collection.ts";

/** Faces asked for at first; more when they are of fewer people than wanted. */
const FIRST_FACES = 64;
/** Faces looked for at a time. */
const CHECKED_FACES = 1000;

/**
 * A gallery whose records are kept in SQLite or PostgreSQL and whose vectors are searched on Milvus.
 *
 * Milvus has no transactions, so it is told what the records' log says, never the other way round: a change is durable
 * when the records have it, and every question first sends on what Milvus has not seen. What Milvus answers is held
 * against the records, so nobody is found who is no longer there.
 */
export class MilvusStore implements GalleryStore {
  readonly address: string;
  readonly #records: GalleryStore;
  readonly #vectors: VectorCollection;
  readonly #log: FollowedLog;
  #closed = false;

  private constructor(records: GalleryStore, vectors: VectorCollection, log: FollowedLog) {
    this.address = `${vectors.shown}&records=${encodeURIComponent(records.address)}`;
    this.#records = records;
    this.#vectors = vectors;
    this.#log = log;
  }

  /**
   * Puts Milvus behind records, which are opened or made once the server answers; closing the store closes them.
   *
   * Throws    FaceError STORAGE when the server does not answer, USAGE, and what opening the records throws
   */
  static async over(address: MilvusAddress, openRecords: () => Promise<GalleryStore>): Promise<MilvusStore> {
    const vectors = await VectorCollection.connect(address);
    let records: GalleryStore | undefined;
    try {
      records = await openRecords();
      await vectors.change(records.pipeline);
      return new MilvusStore(records, vectors, await FollowedLog.of(records, vectors));
    } catch (error) {
      await vectors.close();
      await records?.close();
      throw error;
    }
  }

  get pipeline(): GalleryPipeline {
    return this.#records.pipeline;
  }

  get settings(): GallerySettings {
    return this.#records.settings;
  }

  get respelled(): readonly Respelling[] {
    return this.#records.respelled;
  }

  /** Kept with the records: Milvus has no place for them. */
  get jobs(): JobStore {
    return this.#open.jobs;
  }

  async reserveIds(count: number): Promise<number> {
    return await this.#open.reserveIds(count);
  }

  async commit(change: Change): Promise<number> {
    const sequence = await this.#open.commit(change);
    // The change is durable. Should Milvus not answer now, the next question sends it on, or says so.
    await this.#log.follow().catch(() => undefined);
    return sequence;
  }

  async nearest(query: UnitVector, k: number, floor = -1): Promise<PersonHit[]> {
    expectVector(this.address, this.pipeline, query);
    const records = this.#open;
    await this.#log.follow();
    if (k < 1) return [];
    let before = 0;
    for (let limit = Math.min(MAX_LIMIT, FIRST_FACES + 4 * k); ; limit = Math.min(MAX_LIMIT, 4 * limit)) {
      const near = await this.#vectors.nearest(query, limit);
      const ids = near.map(({ face }) => face);
      const owners = await records.facesWith(ids);
      const people = new Set(owners.map(({ person }) => person));
      // Rows that were written twice are fewer faces than rows: there may be more until asking for more brings none.
      if (people.size < k && near.length > before && limit < MAX_LIMIT) {
        before = near.length;
        continue;
      }
      const vectors = await records.vectors(ids);
      const best = new Map<number, PersonHit>();
      for (const { id, person } of owners) {
        const vector = vectors.get(id);
        if (!vector) continue;
        const hit = { person, face: id, cosine: cosine(query, vector) };
        const known = best.get(person);
        if (!known || hit.cosine > known.cosine) best.set(person, hit);
      }
      return [...best.values()]
        .filter((hit) => hit.cosine >= floor)
        .sort((a, b) => b.cosine - a.cosine || a.person - b.person)
        .slice(0, k);
    }
  }

  async erase(people: readonly number[], at: string): Promise<Erasure> {
    const before = await this.#open.latest();
    const erasure = await this.#open.erase(people, at);
    const notProven = [
      ...erasure.notProven,
      `${this.#vectors.shown}: the server's segments, logs and object storage were not searched: removed rows leave them when the server compacts them`,
    ];
    try {
      const forgotten = await this.#log.forgottenSince(before);
      await this.#log.follow();
      await this.#vectors.compact();
      const left = await this.#vectors.present(forgotten);
      if (left.length > 0)
        notProven.push(`${this.#vectors.shown}: ${left.length} vectors are still there; forget again`);
    } catch (thrown) {
      notProven.push(
        `the vectors are still on Milvus and leave with the next question (${(thrown as Error).message})`,
      );
    }
    return { ...erasure, notProven };
  }

  async finishErasures(names?: readonly string[]): Promise<KeptReceipts> {
    const kept = await this.#open.finishErasures(names);
    if (kept.erasures.length > 0) {
      await this.#log.follow();
      await this.#vectors.compact();
    }
    return kept;
  }

  async receiptsShown(changes: readonly number[]): Promise<void> {
    await this.#open.receiptsShown(changes);
  }

  async everNamed(spellings: readonly string[]): Promise<FormerPerson[]> {
    return await this.#open.everNamed(spellings);
  }

  async everWith(ids: readonly number[]): Promise<FormerPerson[]> {
    return await this.#open.everWith(ids);
  }

  async finishReindex(at: string): Promise<void> {
    await this.#open.finishReindex(at);
    await this.#vectors.clear();
    await this.#vectors.change(this.pipeline);
    await this.#log.startAnew();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#vectors.close();
    await this.#records.close();
  }

  async latest(): Promise<number> {
    return await this.#open.latest();
  }

  async note(name: string): Promise<string | undefined> {
    return await this.#open.note(name);
  }

  async keepNote(name: string, text: string, after: number): Promise<void> {
    await this.#open.keepNote(name, text, after);
  }

  async people(page: Page<string>): Promise<Person[]> {
    return await this.#open.people(page);
  }

  async peopleWith(ids: readonly number[]): Promise<Person[]> {
    return await this.#open.peopleWith(ids);
  }

  async personNamed(name: string): Promise<Person | undefined> {
    return await this.#open.personNamed(name);
  }

  async expired(at: string): Promise<Person[]> {
    return await this.#open.expired(at);
  }

  async faces(page: Page<number>, person?: number): Promise<GalleryFace[]> {
    return await this.#open.faces(page, person);
  }

  async facesWith(ids: readonly number[]): Promise<GalleryFace[]> {
    return await this.#open.facesWith(ids);
  }

  async vectors(ids: readonly number[]): Promise<Map<number, UnitVector>> {
    return await this.#open.vectors(ids);
  }

  async crop(face: number): Promise<Uint8Array | undefined> {
    return await this.#open.crop(face);
  }

  async knownPhotographs(sha256s: readonly string[]): Promise<Map<string, number[]>> {
    return await this.#open.knownPhotographs(sha256s);
  }

  async links(): Promise<Link[]> {
    return await this.#open.links();
  }

  async log(page: Page<number>): Promise<LogEntry[]> {
    return await this.#open.log(page);
  }

  async entry(sequence: number): Promise<LogEntry | undefined> {
    return await this.#open.entry(sequence);
  }

  async deletedBefore(at: string): Promise<number[]> {
    return await this.#open.deletedBefore(at);
  }

  async beginReindex(pipeline: Pipeline): Promise<void> {
    await this.#open.beginReindex(pipeline);
  }

  async facesToEmbed(page: Page<number>): Promise<FaceToEmbed[]> {
    return await this.#open.facesToEmbed(page);
  }

  async addReindexed(vectors: ReadonlyMap<number, UnitVector>): Promise<void> {
    await this.#open.addReindexed(vectors);
  }

  /** Of the records, and faces that Milvus lacks. Its vectors are not read: what it answers is held against the records. */
  async damage(): Promise<readonly string[]> {
    const problems = [...(await this.#open.damage())];
    await this.#log.follow();
    for (let after: number | undefined; ; ) {
      const page = await this.#records.faces({ after, limit: CHECKED_FACES });
      const there = new Set(await this.#vectors.present(page.map(({ id }) => id)));
      for (const { id } of page)
        if (!there.has(id))
          problems.push(`face ${id} has no row on ${this.#vectors.shown}: no search finds it`);
      if (page.length < CHECKED_FACES) return problems;
      after = page.at(-1)!.id;
    }
  }

  async stats(): Promise<StoreStats> {
    return await this.#open.stats();
  }

  get #open(): GalleryStore {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "gallery",
        expected: "an open gallery",
        got: "one that was closed",
      });
    return this.#records;
  }
}
