import { FaceError, personName, type UnitVector } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import {
  judge,
  type Policy,
  type StrangerThreshold,
  strangersAt,
  strangerThreshold,
  thresholdOf,
  type Verdict,
} from "../verdict/index.ts";
import type { Identification, IdentifyOptions, Verification } from "./answers.ts";
import { type AskedAmongOthers, type AskOptions, askAmongOthers } from "./ask-among-others.ts";
import { type ChangeKind, inverse, type LogEntry } from "./change.ts";
import { checkGallery, type GalleryCheck } from "./check-gallery.ts";
import { joined } from "./erasure/joined.ts";
import { expectFace, keptDate } from "./expect-face.ts";
import { expectVector, type GalleryPipeline } from "./gallery-pipeline.ts";
import { createStore, openStore } from "./open-store.ts";
import { type Candidate, PeopleSearch } from "./people-search.ts";
import { TOO_CLOSE } from "./person-score.ts";
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
  unknownPerson,
} from "./plans.ts";
import type { Person } from "./records.ts";
import type { Erasure, FormerPerson, GallerySettings, GalleryStore } from "./store.ts";
import { entryToUndo } from "./undoable.ts";

/** The outside things that a gallery needs. */
export interface GalleryOptions {
  /** The time now; dates of the log come from it. */
  readonly clock: () => Date;
}

/** Who is shown the receipt of an erasure. */
export interface ShowReceipt {
  readonly show?: (erasure: Erasure) => void | Promise<void>;
}

/** A log entry's sequence, and what the change was about. */
export interface Applied<T> {
  readonly sequence: number;
  readonly result: T;
}

/** The readable half of a gallery's store: people, faces and changes, page by page. */
export type GalleryRecords = Pick<
  GalleryStore,
  | "address"
  | "crop"
  | "entry"
  | "faces"
  | "facesWith"
  | "knownPhotographs"
  | "latest"
  | "log"
  | "nearest"
  | "people"
  | "peopleWith"
  | "personNamed"
  | "respelled"
  | "settings"
  | "stats"
  | "vectors"
>;

/** The half of a store through which a move to another pipeline is written. */
export type Reindexing = Pick<
  GalleryStore,
  "addReindexed" | "beginReindex" | "facesToEmbed" | "finishReindex"
>;

/** Share of strangers that may be taken for someone. */
const STRANGERS = 0.01;

/** People of a gallery that are looked for among the others before it is asked; `calibrateGallery` looks for more. */
const ASKED_AMONG_OTHERS = 200;

/** How often a change is planned anew when others change the same things in between. */
const PLANS = 50;

/** People listed in one question to the store. */
const PAGE = 1000;

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
  /** For this chapter and its tests; from outside {@link records} is read. @internal */
  readonly store: GalleryStore;
  readonly #clock: () => Date;
  readonly #search: PeopleSearch;
  /** The last threshold for strangers, and what it is of. */
  #settled: { readonly key: readonly unknown[]; readonly strangers: StrangerThreshold } | undefined;

  /** Takes over the store: closing the gallery closes it. */
  constructor(store: GalleryStore, { clock }: GalleryOptions) {
    this.store = store;
    this.#clock = clock;
    this.#search = new PeopleSearch(store);
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
    return this.store.pipeline;
  }

  /** People, faces and changes as they are kept. */
  get records(): GalleryRecords {
    return this.store;
  }

  /** `reindexGallery` writes a move to another pipeline through this. @internal */
  get reindexing(): Reindexing {
    return this.store;
  }

  /** Looks at everything that is kept; see {@link checkGallery}. */
  async check(): Promise<GalleryCheck> {
    return await checkGallery(this.store);
  }

  /** Someone by name or number. Throws FaceError PERSON_UNKNOWN. */
  async person(who: string | number): Promise<Person> {
    return await personNamed(this.store, who);
  }

  /** Everyone in order of their names. */
  async *people(): AsyncGenerator<Person> {
    for (let after: string | undefined; ; ) {
      const page = await this.store.people({ after, limit: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.name;
    }
  }

  /**
   * Adds faces to people, new or known by their names; all of them in one change. Names are kept in the spelling of
   * `personName`, in which they are looked up, too.
   *
   * Throws    FaceError USAGE for a name that is none, SHAPE, ZERO_VECTOR
   */
  async enrol(
    people: readonly Enrolment[],
    kind: "enrol" | "import" = "enrol",
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
    const firstId = await this.store.reserveIds(count);
    return await this.#change(kind, () => planEnrolment(this.store, enrolments, firstId));
  }

  /** Gives a person another name. Throws FaceError PERSON_UNKNOWN, CONFLICT when someone has the name. */
  async rename(who: string | number, to: string): Promise<Applied<Person>> {
    const after = personName("rename", to);
    return await this.#change("rename", () =>
      planPerson(this.store, who, (state) => ({ ...state, name: after })),
    );
  }

  /** Sets the date after which a person is forgotten; null for never. Throws FaceError PERSON_UNKNOWN. */
  async retain(who: string | number, until: Date | null): Promise<Applied<Person>> {
    const expires = keptDate("retain", until);
    return await this.#change("retain", () =>
      planPerson(this.store, who, (state) => ({ ...state, expires })),
    );
  }

  /** Gives faces to someone else, who is made when not there. Throws FaceError PERSON_UNKNOWN for a face that is not there. */
  async move(faces: readonly number[], to: string): Promise<Applied<Person>> {
    const target = personName("move", to);
    const newId = await this.store.reserveIds(1);
    return await this.#change("move", () => planMove(this.store, faces, target, newId));
  }

  /** Makes a new person out of some of a person's faces. Throws FaceError PERSON_UNKNOWN, CONFLICT when someone has the name. */
  async split(who: string | number, faces: readonly number[], to: string): Promise<Applied<Person>> {
    const target = personName("split", to);
    const newId = await this.store.reserveIds(1);
    return await this.#change("split", () => planSplit(this.store, who, faces, target, newId));
  }

  /** Makes several people one: the faces of `who` become `into`'s, and they leave. Throws FaceError PERSON_UNKNOWN. */
  async merge(who: readonly (string | number)[], into: string | number): Promise<Applied<Person>> {
    return await this.#change("merge", () => planMerge(this.store, who, into));
  }

  /** Takes a person and all faces out. Undo brings them back; only {@link forget} removes what is kept. */
  async deletePerson(who: string | number): Promise<Applied<Person>> {
    return await this.#change("delete", () => planDeletion(this.store, who));
  }

  /** Takes single faces out. Throws FaceError PERSON_UNKNOWN for a face that is not there. */
  async deleteFaces(faces: readonly number[]): Promise<Applied<number>> {
    return await this.#change("delete", () => planFaceDeletion(this.store, faces));
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
    const entry = await entryToUndo(this.store, sequence);
    const at = this.#now();
    const effects = inverse(entry.effects);
    const change = { kind: "undo" as const, at, undoes: entry.sequence, effects, contents: [] };
    try {
      return { sequence: await this.store.commit(change), result: entry };
    } catch (error) {
      if (sequence !== undefined || !(error instanceof FaceError) || error.code !== "CONFLICT") throw error;
      throw error.withNote(`it is change ${entry.sequence}, and others can be taken back by their numbers`);
    }
  }

  /** Everybody who ever bore a name, and whom they became by merging: whom {@link forget} removes. */
  async everNamed(name: string): Promise<FormerPerson[]> {
    return await this.store.everNamed(spellingsOf(name));
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
    const people = new Set<number>();
    const unknown: string[] = [];
    for (const each of who) {
      const found = await (typeof each === "string"
        ? this.everNamed(each)
        : this.store.everWith(Number.isSafeInteger(each) ? [each] : []));
      for (const { id } of found) people.add(id);
      if (found.length > 0) continue;
      if (typeof each === "string") unknown.push(each);
      else
        throw new FaceError("PERSON_UNKNOWN", {
          where: "forget",
          expected: "a person of this gallery",
          got: `number ${each}`,
        });
    }
    const earlier = unknown.length > 0 ? await this.#earlier(unknown) : [];
    const now = people.size > 0 ? [await this.store.erase([...people], this.#now())] : [];
    return await this.#shown(joined([...earlier, ...now]), options);
  }

  /**
   * Finishes erasures that were interrupted or could not be finished. Returns their receipts, and those that were never
   * shown.
   *
   * @param options as {@link forget}
   */
  async finishErasures(options: ShowReceipt = {}): Promise<readonly Erasure[]> {
    const { erasures } = await this.store.finishErasures();
    for (const erasure of erasures) await this.#shown(erasure, options);
    return erasures;
  }

  async #shown(erasure: Erasure, { show }: ShowReceipt): Promise<Erasure> {
    await show?.(erasure);
    if (erasure.changes.length > 0) await this.store.receiptsShown(erasure.changes);
    return erasure;
  }

  /** Receipts of erasures that were begun by some names. Throws FaceError PERSON_UNKNOWN. */
  async #earlier(names: readonly string[]): Promise<readonly Erasure[]> {
    const { erasures, unknown } = await this.store.finishErasures(names);
    const [stranger] = unknown;
    if (stranger === undefined) return erasures;
    throw await unknownPerson(this.store, stranger);
  }

  /**
   * Forgets everyone whose date has passed and, when asked to, what was deleted before a date.
   *
   * @param options as {@link forget}
   * Returns   undefined when there was nobody
   */
  async prune(options: { readonly deletedBefore?: Date } & ShowReceipt = {}): Promise<Erasure | undefined> {
    const now = this.#now();
    const expired = await this.store.expired(now);
    const deleted = options.deletedBefore
      ? await this.store.deletedBefore(options.deletedBefore.toISOString())
      : [];
    const ids = [...expired.map(({ id }) => id), ...deleted];
    if (ids.length === 0) return undefined;
    return await this.#shown(await this.store.erase(ids, now), options);
  }

  /**
   * The threshold from which a face is someone's here, and what it keeps strangers from: the caller's, else the
   * gallery's own, else what keeps the share of strangers who are taken for someone.
   *
   * Throws    FaceError USAGE without a threshold and without a calibration
   */
  async settle(options: IdentifyOptions = {}): Promise<Omit<Verdict, "same">> {
    const policy = this.policy(options);
    const strangers = await this.#strangersOf(policy, options);
    const threshold = expectThreshold(policy.threshold ?? strangers?.threshold);
    const { calibration } = policy;
    return { threshold, ...(calibration && { calibration }), ...(strangers && { strangers }) };
  }

  /** The rule by which scores are judged in this gallery: a threshold of its own beats the calibration's. */
  policy({ threshold, calibration }: Policy): Policy {
    return { threshold: threshold ?? this.store.settings.threshold ?? undefined, calibration };
  }

  /**
   * Who a face is. Open set: a face that is near nobody is unknown. One whose two first candidates are less than 0.05
   * apart is too close to call.
   *
   * Throws    FaceError USAGE without a threshold and without a calibration
   */
  async identify(vector: UnitVector, options: IdentifyOptions = {}): Promise<Identification> {
    const settled = await this.settle(options);
    const { threshold } = settled;
    const { k = 1 } = options;
    // Nobody who scores less could be named, or be a rival to whom is.
    const found = await this.#search.nearest(vector, Math.max(2, k), threshold - TOO_CLOSE);
    const [best, rival] = found;
    const known = best !== undefined && best.similarity >= threshold;
    const tooClose = known && rival !== undefined && best.similarity - rival.similarity < TOO_CLOSE;
    return {
      answer: tooClose ? "too-close" : known ? "person" : "unknown",
      person: known && !tooClose ? best.person : null,
      cosine: best?.cosine ?? null,
      similarity: best?.similarity ?? null,
      threshold,
      verdict: { same: known, ...settled },
      rival: rival ?? null,
      candidates: found.slice(0, k),
    };
  }

  /** Whether a face is a person's: by the most similar of their faces. Throws FaceError PERSON_UNKNOWN, USAGE. */
  async verify(who: string | number, vector: UnitVector, options: Policy = {}): Promise<Verification> {
    const policy = this.policy(options);
    const threshold = expectThreshold(thresholdOf(policy));
    const person = await this.person(who);
    const best = await this.#search.highestWith(person.id, vector);
    const verdict = best === null ? undefined : judge(best, policy);
    return { person, cosine: best, ...(verdict ?? { same: false, threshold }) };
  }

  /**
   * How near people of the gallery are to the others, and to themselves: {@link askAmongOthers}, kept with the gallery. What
   * was kept counts while the gallery has as many people and faces to a tenth and `most` is no more than was asked.
   */
  async askAmongOthers(options: AskOptions): Promise<AskedAmongOthers> {
    return await askAmongOthers(this, options);
  }

  /** The k most similar people by score: exactly in SQLite; elsewhere among the k, or 4 if k is less, whose faces are nearest. */
  async search(vector: UnitVector, k: number): Promise<Candidate[]> {
    return await this.#search.nearest(vector, k);
  }

  /** Closes the store; a second call does nothing. */
  async close(): Promise<void> {
    await this.store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #change<T>(kind: ChangeKind, plan: () => Promise<Plan<T>>): Promise<Applied<T>> {
    for (let tries = 1; ; tries++) {
      const { effects, contents = [], result } = await plan();
      if (effects.length === 0) return { sequence: 0, result };
      try {
        const at = this.#now();
        return { sequence: await this.store.commit({ kind, at, effects, contents }), result };
      } catch (error) {
        if (!(error instanceof FaceError) || error.code !== "CONFLICT" || tries === PLANS) throw error;
      }
    }
  }

  /** Undefined without a calibration. Found anew when the gallery has changed. */
  async #strangersOf(
    { calibration, threshold }: Policy,
    { strangers: target = STRANGERS, signal }: IdentifyOptions,
  ): Promise<StrangerThreshold | undefined> {
    if (!calibration) return undefined;
    const key = [calibration, threshold, target, await this.store.latest()];
    if (this.#settled?.key.every((each, i) => each === key[i])) return this.#settled.strangers;
    const { others } = await this.askAmongOthers({ most: ASKED_AMONG_OTHERS, signal });
    const size = await this.store.stats();
    const strangers =
      threshold === undefined
        ? strangerThreshold(calibration, size, target, others)
        : strangersAt(calibration, size, target, others, threshold);
    this.#settled = { key, strangers };
    return strangers;
  }

  #now(): string {
    return this.#clock().toISOString();
  }
}

/** A name in the spelling that names have, and as it was given: galleries of earlier versions may hold such. */
function spellingsOf(name: string): string[] {
  try {
    return [...new Set([personName("forget", name), name])];
  } catch (error) {
    if (error instanceof FaceError && error.code === "USAGE" && name !== "") return [name];
    throw error;
  }
}

function expectThreshold(threshold: number | undefined): number {
  if (threshold !== undefined && threshold >= -1 && threshold <= 1) return threshold;
  throw new FaceError("USAGE", {
    where: "gallery",
    expected: "a threshold in [−1, 1], from the model's calibration or your own",
    got: threshold ?? "none",
  });
}
