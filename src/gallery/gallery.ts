import { FaceError, personName, type UnitVector } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import type { Policy, Verdict } from "../verdict/index.ts";
import type { Identification, IdentifyOptions, Verification } from "./answers.ts";
import {
  type AskableGallery,
  type AskedAmongOthers,
  type AskOptions,
  askAmongOthers,
} from "./ask-among-others.ts";
import { type ChangeKind, inverse, type LogEntry } from "./change.ts";
import { checkGallery, type GalleryCheck } from "./check-gallery.ts";
import { Forgetting, type ShowReceipt } from "./erasure/forgetting.ts";
import { expectFace, keptDate } from "./expect-face.ts";
import { expectVector, type GalleryPipeline } from "./gallery-pipeline.ts";
import { type GalleryRecords, recordsOf } from "./gallery-records.ts";
import type { ShareLease } from "./jobs/job.ts";
import type { JobStore } from "./jobs/job-store.ts";
import { Judging } from "./judging.ts";
import { createStore, openStore } from "./open-store.ts";
import { type Candidate, PeopleSearch } from "./people-search.ts";
import { type Answer, type Answered, idsOfAnswer, planAnswer } from "./plan-answer.ts";
import {
  type Enrolled,
  type Enrolment,
  type Plan,
  personNamed,
  planDeletion,
  planEnrolment,
  planFaceDeletion,
  planMerge,
  planMove,
  planPerson,
  planSplit,
} from "./plans.ts";
import type { Person } from "./records.ts";
import { type Reindexed, type ReindexOptions, reindex } from "./reindexing.ts";
import type { Erasure, FormerPerson, GallerySettings, GalleryStore } from "./store.ts";
import { entryToUndo } from "./undoable.ts";

/** The outside things that a gallery needs. */
export interface GalleryOptions {
  /** The time now; dates of the log come from it. */
  readonly clock: () => Date;
}

/** A log entry's sequence, and what the change was about. */
export interface Applied<T> {
  readonly sequence: number;
  readonly result: T;
}

/** The number of times that a change is planned anew when others change the same things in between. */
const PLANS = 50;

/** People listed in one question to the store. */
const PAGE = 1000;

/** Set by the class below, which alone can look inside. */
let storeIn: (gallery: Gallery) => GalleryStore;

/**
 * People and their faces, kept: who is there, who a face belongs to, what was changed and how to take it back.
 *
 * Every change is one entry of the log and happens whole or not at all. A change is planned from what is there and
 * refused by the store when something else happened in between; then it is planned again.
 *
 * ```ts
 * import { Recognizer } from "arcface-ts";
 * import { Gallery } from "arcface-ts/gallery";
 *
 * await using recognizer = await Recognizer.open();
 * await using gallery = await Gallery.open("sqlite:people.db", { clock: () => new Date() });
 * const threshold = recognizer.calibration?.threshold;
 * for (const face of (await recognizer.faces("party.jpg")).faces) {
 *   const { answer, person } = await gallery.identify(face.embedding, { threshold });
 *   console.log(answer, person?.name);
 * }
 * ```
 */
export class Gallery {
  readonly #store: GalleryStore;
  readonly #records: GalleryRecords;
  readonly #clock: () => Date;
  readonly #search: PeopleSearch;
  readonly #judging: Judging;
  readonly #forgetting: Forgetting;

  static {
    storeIn = (gallery) => gallery.#store;
  }

  /** Takes over the store: closing the gallery closes it. */
  constructor(store: GalleryStore, { clock }: GalleryOptions) {
    this.#store = store;
    this.#records = recordsOf(store);
    this.#clock = clock;
    this.#search = new PeopleSearch(store);
    this.#judging = new Judging(this.#askable(), this.#search);
    this.#forgetting = new Forgetting(store);
  }

  /** Makes a new gallery. Throws FaceError CONFLICT when there is one, USAGE, STORAGE. */
  static async create(
    address: string,
    pipeline: Pipeline,
    options: GalleryOptions & Partial<GallerySettings>,
  ): Promise<Gallery> {
    const { threshold = null, keepCrops = true } = options;
    return new Gallery(await createStore(address, pipeline, { threshold, keepCrops }), options);
  }

  /** Opens a gallery. Throws FaceError USAGE, BAD_FILE, STORAGE. */
  static async open(address: string, options: GalleryOptions): Promise<Gallery> {
    return new Gallery(await openStore(address), options);
  }

  /** The pipeline that made the vectors. */
  get pipeline(): GalleryPipeline {
    return this.#store.pipeline;
  }

  /** People, faces and changes as they are kept. */
  get records(): GalleryRecords {
    return this.#records;
  }

  /** Long work on the gallery, kept with it. */
  get jobs(): JobStore {
    return this.#store.jobs;
  }

  /** Looks at everything that is kept; see {@link checkGallery}. */
  async check(): Promise<GalleryCheck> {
    return await checkGallery(this.#store);
  }

  /** Someone by name or number. Throws FaceError PERSON_UNKNOWN. */
  async person(who: string | number): Promise<Person> {
    return await personNamed(this.#store, who);
  }

  /** Everyone in order of their names. */
  async *people(): AsyncGenerator<Person> {
    for (let after: string | undefined; ; ) {
      const page = await this.#store.people({ after, limit: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.name;
    }
  }

  /**
   * Adds faces to people, new or known by their names; all of them in one change. Names are kept in the spelling of
   * `personName`, in which they are looked up, too.
   *
   * @param lease the share of long work that this is part of
   * Throws    FaceError USAGE for a name that is none, SHAPE, ZERO_VECTOR; PERSON_UNKNOWN for a number of nobody, CONFLICT
   *           when somebody has the name of someone new, ABORTED when the share is somebody else's now
   */
  async enrol(
    people: readonly Enrolment[],
    kind: "enrol" | "import" = "enrol",
    lease?: ShareLease,
  ): Promise<Applied<Enrolled[]>> {
    const enrolments = people.map((each) => ({ ...each, name: personName(kind, each.name) }));
    for (const { faces, expires } of enrolments) {
      keptDate(kind, expires);
      for (const face of faces) {
        expectVector(kind, this.pipeline, face.vector);
        expectFace(kind, face);
      }
    }
    const count = enrolments.reduce((sum, { faces }) => sum + faces.length + 1, 0);
    const firstId = await this.#store.reserveIds(count);
    return await this.#change(kind, () => planEnrolment(this.#store, enrolments, firstId), lease);
  }

  /** Gives a person another name. Throws FaceError PERSON_UNKNOWN, CONFLICT when someone has the name. */
  async rename(who: string | number, to: string): Promise<Applied<Person>> {
    const after = personName("rename", to);
    return await this.#change("rename", () =>
      planPerson(this.#store, who, (state) => ({ ...state, name: after })),
    );
  }

  /** Sets the date after which a person is forgotten; null for never. Throws FaceError PERSON_UNKNOWN. */
  async retain(who: string | number, until: Date | null): Promise<Applied<Person>> {
    const expires = keptDate("retain", until);
    return await this.#change("retain", () =>
      planPerson(this.#store, who, (state) => ({ ...state, expires })),
    );
  }

  /** Gives faces to someone else, who is made when not there. Throws FaceError PERSON_UNKNOWN for a face that is not there. */
  async move(faces: readonly number[], to: string): Promise<Applied<Person>> {
    const target = personName("move", to);
    const newId = await this.#store.reserveIds(1);
    return await this.#change("move", () => planMove(this.#store, faces, target, newId));
  }

  /** Makes a new person out of some of a person's faces. Throws FaceError PERSON_UNKNOWN, CONFLICT when someone has the name. */
  async split(who: string | number, faces: readonly number[], to: string): Promise<Applied<Person>> {
    const target = personName("split", to);
    const newId = await this.#store.reserveIds(1);
    return await this.#change("split", () => planSplit(this.#store, who, faces, target, newId));
  }

  /** Makes several people one: the faces of `who` become `into`'s, and they leave. Throws FaceError PERSON_UNKNOWN. */
  async merge(who: readonly (string | number)[], into: string | number): Promise<Applied<Person>> {
    return await this.#change("merge", () => planMerge(this.#store, who, into));
  }

  /**
   * Keeps what somebody said of faces, and does what follows: "same" makes the two people one, "different" parts them where
   * they were one, "no-face" takes the faces out. What was said holds for all groups and suggestions from then on, until it
   * is undone or faces are moved by hand.
   *
   * Throws    FaceError CONFLICT when it contradicts what was said before, PERSON_UNKNOWN for a face that is not there, USAGE
   */
  async answer(answer: Answer): Promise<Applied<Answered>> {
    const firstId = await this.#store.reserveIds(idsOfAnswer(answer));
    return await this.#change("answer", () => planAnswer(this.#store, answer, firstId));
  }

  /** Takes a person and all faces out. Undo brings them back; only {@link forget} removes what is kept. */
  async deletePerson(who: string | number): Promise<Applied<Person>> {
    return await this.#change("delete", () => planDeletion(this.#store, who));
  }

  /** Takes single faces out. Throws FaceError PERSON_UNKNOWN for a face that is not there. */
  async deleteFaces(faces: readonly number[]): Promise<Applied<number>> {
    return await this.#change("delete", () => planFaceDeletion(this.#store, faces));
  }

  /**
   * Takes a change back: the last one that still stands, or one by its sequence.
   *
   * An undo is a change of its own and can be undone.
   *
   * Throws    FaceError CONFLICT when later changes touched the same things, part of it was forgotten, or the last change
   *           is one that cannot be undone; USAGE when there is nothing to undo
   */
  async undo(sequence?: number): Promise<Applied<LogEntry>> {
    const entry = await entryToUndo(this.#store, sequence);
    const at = this.#now();
    const effects = inverse(entry.effects);
    const change = { kind: "undo" as const, at, undoes: entry.sequence, effects, contents: [] };
    try {
      return { sequence: await this.#store.commit(change), result: entry };
    } catch (error) {
      if (sequence !== undefined || !(error instanceof FaceError) || error.code !== "CONFLICT") throw error;
      throw error.withNote(`it is change ${entry.sequence}, and others can be taken back by their numbers`);
    }
  }

  /** Everybody who ever bore a name, and whom they became by merging: whom {@link forget} removes. */
  async everNamed(name: string): Promise<FormerPerson[]> {
    return await this.#forgetting.everNamed(name);
  }

  /**
   * Removes people with everything kept of them, and proves it. Cannot be undone.
   *
   * A name means everybody who ever bore it, there or not, and whom they became by merging; a number means one person.
   * The names of an erasure that is not finished finish it.
   *
   * @param options.show gets the receipt before the gallery drops it: what ends the process before `show` has returned
   *                leaves the receipt for {@link finishErasures}, without the names
   * Throws    FaceError PERSON_UNKNOWN; what `show` throws
   */
  async forget(who: readonly (string | number)[], options: ShowReceipt = {}): Promise<Erasure> {
    return await this.#forgetting.forget(who, this.#now(), options);
  }

  /**
   * Finishes erasures that were interrupted or could not be finished. Returns their receipts, and those that were never
   * shown.
   *
   * @param options as {@link forget}
   */
  async finishErasures(options: ShowReceipt = {}): Promise<readonly Erasure[]> {
    return await this.#forgetting.finish(options);
  }

  /**
   * Forgets everyone whose date has passed and, when asked to, what was deleted before a date.
   *
   * @param options as {@link forget}
   * Returns   undefined when there was nobody
   */
  async prune(options: { readonly deletedBefore?: Date } & ShowReceipt = {}): Promise<Erasure | undefined> {
    return await this.#forgetting.prune(this.#now(), options);
  }

  /**
   * The threshold from which a face is someone's here, and what it keeps strangers from: the caller's, else the
   * gallery's own, else what keeps the share of strangers who are taken for someone.
   *
   * Throws    FaceError USAGE without a threshold and without a calibration
   */
  async settle(options: IdentifyOptions = {}): Promise<Omit<Verdict, "same">> {
    return await this.#judging.settle(options);
  }

  /** The rule by which scores are judged in this gallery: a threshold of its own beats the calibration's. */
  policy(options: Policy): Policy {
    return this.#judging.policy(options);
  }

  /**
   * Tells who a face is. Open set: a face that is near nobody is unknown. One whose two first candidates are less than 0.05
   * apart is too close to call.
   *
   * @param query a face, or several of one person: then scores are the means over them
   * Throws    FaceError USAGE without a threshold and without a calibration, ZERO_VECTOR
   */
  async identify(
    query: UnitVector | readonly UnitVector[],
    options: IdentifyOptions = {},
  ): Promise<Identification> {
    return await this.#judging.identify(query, options);
  }

  /** Tells whether a face is a person's: by the most similar of their faces. Throws FaceError PERSON_UNKNOWN, USAGE. */
  async verify(who: string | number, vector: UnitVector, options: Policy = {}): Promise<Verification> {
    return await this.#judging.verify(() => this.person(who), vector, options);
  }

  /**
   * The nearness of the gallery's people to the others, and to themselves: {@link askAmongOthers}, kept with the gallery. What
   * was kept counts while the gallery has as many people and faces to a tenth and `most` is no more than was asked.
   */
  async askAmongOthers(options: AskOptions): Promise<AskedAmongOthers> {
    return await askAmongOthers(this.#askable(), options);
  }

  /**
   * Moves the gallery to another pipeline: asks for a vector of every face, and puts the new ones in the old ones' place in
   * one step. Until then it answers with the old ones; what was done is kept, and a move that was interrupted goes on.
   *
   * Throws    FaceError CONFLICT while a move to yet another pipeline is under way, ABORTED; what `options.embed` throws
   */
  async reindex(next: Pipeline, options: ReindexOptions): Promise<Reindexed> {
    return await reindex(
      this.#store,
      next,
      options,
      () => this.#now(),
      async (faces) => await this.deleteFaces(faces),
    );
  }

  /**
   * The k most similar people by score: exactly in SQLite; elsewhere among the k, or 4 if k is less, whose faces are nearest.
   *
   * @param options `floor`: nobody with a lower score is told, and a search that finds nobody is shorter
   */
  async search(
    vector: UnitVector,
    k: number,
    { floor }: { readonly floor?: number | undefined } = {},
  ): Promise<Candidate[]> {
    return await this.#search.nearest(vector, k, { floor });
  }

  /** Closes the store; a second call does nothing. */
  async close(): Promise<void> {
    await this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @param usual the kind of the change, where the plan does not name another */
  async #change<T>(
    usual: ChangeKind,
    plan: () => Promise<Plan<T> & { readonly kind?: ChangeKind }>,
    lease?: ShareLease,
  ): Promise<Applied<T>> {
    for (let tries = 1; ; tries++) {
      const { effects, contents = [], result, kind = usual } = await plan();
      if (effects.length === 0) return { sequence: 0, result };
      try {
        const at = this.#now();
        return { sequence: await this.#store.commit({ kind, at, effects, contents, lease }), result };
      } catch (error) {
        if (!(error instanceof FaceError) || error.code !== "CONFLICT" || tries === PLANS) throw error;
      }
    }
  }

  #askable(): AskableGallery {
    return {
      store: this.#store,
      people: () => this.people(),
      search: (vector, k) => this.search(vector, k),
    };
  }

  #now(): string {
    return this.#clock().toISOString();
  }
}

/** The store of a gallery, for the tests of stores: no door exports it. */
export function storeOf(gallery: Gallery): GalleryStore {
  return storeIn(gallery);
}
