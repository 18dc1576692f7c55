import { cosine, FaceError, personName, type UnitVector } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import { type AskedAmongOthers, type AskOptions, askAmongOthers } from "./ask-among-others.ts";
import { type ChangeKind, inverse, type LogEntry } from "./change.ts";
import { expectFace, keptDate } from "./expect-face.ts";
import { expectVector, type GalleryPipeline } from "./gallery-pipeline.ts";
import { createStore, openStore } from "./open-store.ts";
import { PersonScores, SHORTLIST, TOO_CLOSE } from "./person-score.ts";
import {
  type Enrolled,
  type Enrolment,
  facesOf,
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

/** The outside things that a gallery needs. */
export interface GalleryOptions {
  /** The time now; dates of the log come from it. */
  readonly clock: () => Date;
}

/** Who is shown the receipt of an erasure. */
export interface ShowReceipt {
  readonly show?: (erasure: Erasure) => void | Promise<void>;
}

/** Who a face is, that it is one of two, or that nobody known is near enough. */
export interface Identification {
  /** "too-close" when somebody reaches the threshold, and somebody else nearly the same score. */
  readonly answer: "person" | "unknown" | "too-close";
  /** null when the face is unknown, or it is too close to call who it is. */
  readonly person: Person | null;
  /** Of the first candidate's nearest face; null in an empty gallery. */
  readonly cosine: number | null;
  /** Of the first candidate, which the threshold is for; null in an empty gallery. See {@link personScore}. */
  readonly similarity: number | null;
  readonly threshold: number;
  /** Who comes second; null when there is nobody else. */
  readonly rival: Candidate | null;
  /** The most similar people, by falling score, whatever the threshold. */
  readonly candidates: readonly Candidate[];
}

/** Someone who resembles a query. */
export interface Candidate {
  readonly person: Person;
  /** The face that does most. */
  readonly face: number;
  /** With that face. */
  readonly cosine: number;
  /** With that face and the mean of the person's faces: {@link personScore}. */
  readonly similarity: number;
}

/** Whether a face is a given person's. */
export interface Verification {
  readonly person: Person;
  /** Of the most similar of the person's faces; null when the person has none. */
  readonly cosine: number | null;
  readonly threshold: number;
  readonly same: boolean;
}

/** A log entry's sequence, and what the change was about. */
export interface Applied<T> {
  readonly sequence: number;
  readonly result: T;
}

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
  readonly store: GalleryStore;
  readonly #clock: () => Date;
  readonly #scores: PersonScores;

  /** Takes over the store: closing the gallery closes it. */
  constructor(store: GalleryStore, { clock }: GalleryOptions) {
    this.store = store;
    this.#clock = clock;
    this.#scores = new PersonScores(store);
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

  /** Someone by name. Throws FaceError PERSON_UNKNOWN. */
  async person(name: string): Promise<Person> {
    return await personNamed(this.store, name);
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
  async rename(name: string, to: string): Promise<Applied<Person>> {
    const after = personName("rename", to);
    return await this.#change("rename", () =>
      planPerson(this.store, name, (state) => ({ ...state, name: after })),
    );
  }

  /** Sets the date after which a person is forgotten; null for never. Throws FaceError PERSON_UNKNOWN. */
  async retain(name: string, until: Date | null): Promise<Applied<Person>> {
    const expires = keptDate("retain", until);
    return await this.#change("retain", () =>
      planPerson(this.store, name, (state) => ({ ...state, expires })),
    );
  }

  /** Gives faces to someone else, who is made when not there. Throws FaceError PERSON_UNKNOWN for a face that is not there. */
  async move(faces: readonly number[], to: string): Promise<Applied<Person>> {
    const target = personName("move", to);
    const newId = await this.store.reserveIds(1);
    return await this.#change("move", () => planMove(this.store, faces, target, newId));
  }

  /** Makes a new person out of some of a person's faces. Throws FaceError PERSON_UNKNOWN, CONFLICT when someone has the name. */
  async split(name: string, faces: readonly number[], to: string): Promise<Applied<Person>> {
    const target = personName("split", to);
    const newId = await this.store.reserveIds(1);
    return await this.#change("split", () => planSplit(this.store, name, faces, target, newId));
  }

  /** Makes several people one: the faces of `names` become `into`'s, and they leave. Throws FaceError PERSON_UNKNOWN. */
  async merge(names: readonly string[], into: string): Promise<Applied<Person>> {
    return await this.#change("merge", () => planMerge(this.store, names, into));
  }

  /** Takes a person and all faces out. Undo brings them back; only {@link forget} removes what is kept. */
  async deletePerson(name: string): Promise<Applied<Person>> {
    return await this.#change("delete", () => planDeletion(this.store, name));
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
    const entry = sequence === undefined ? await this.#lastStanding() : await this.store.entry(sequence);
    if (!entry) {
      const wanted =
        sequence === undefined ? "a change that can be undone" : `a change with number ${sequence}`;
      throw new FaceError("USAGE", `undo: expected ${wanted}, got none`);
    }
    if (!isUndoable(entry)) {
      const why =
        entry.undoneBy !== null
          ? `one that ${entry.undoneBy} took back`
          : entry.forgotten > 0
            ? "one of which a part was forgotten"
            : `a "${entry.kind}", which cannot be undone`;
      throw new FaceError("CONFLICT", `undo: expected a change that stands, got ${why}`);
    }
    const at = this.#now();
    const effects = inverse(entry.effects);
    const change = { kind: "undo" as const, at, undoes: entry.sequence, effects, contents: [] };
    try {
      return { sequence: await this.store.commit(change), result: entry };
    } catch (error) {
      if (sequence !== undefined || !(error instanceof FaceError) || error.code !== "CONFLICT") throw error;
      const text = `${error.message}; it is change ${entry.sequence}, and others can be taken back by their numbers`;
      throw new FaceError("CONFLICT", text, { cause: error });
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
        throw new FaceError(
          "PERSON_UNKNOWN",
          `forget: expected a person of this gallery, got number ${each}`,
        );
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
   * Who a face is. Open set: a face that is near nobody is unknown. One whose two first candidates are less than 0.05
   * apart is too close to call.
   *
   * @param options.threshold score from which it is someone's @default the gallery's own
   * Throws    FaceError USAGE without a threshold
   */
  async identify(
    vector: UnitVector,
    options: { readonly threshold?: number | undefined; readonly k?: number | undefined } = {},
  ): Promise<Identification> {
    const threshold = this.#threshold(options.threshold);
    const { k = 1 } = options;
    const found = await this.search(vector, Math.max(2, k));
    const [best, rival] = found;
    const known = best !== undefined && best.similarity >= threshold;
    const tooClose = known && rival !== undefined && best.similarity - rival.similarity < TOO_CLOSE;
    return {
      answer: tooClose ? "too-close" : known ? "person" : "unknown",
      person: known && !tooClose ? best.person : null,
      cosine: best?.cosine ?? null,
      similarity: best?.similarity ?? null,
      threshold,
      rival: rival ?? null,
      candidates: found.slice(0, k),
    };
  }

  /** Whether a face is a person's: by the most similar of their faces. Throws FaceError PERSON_UNKNOWN, USAGE. */
  async verify(
    name: string,
    vector: UnitVector,
    options: { readonly threshold?: number | undefined } = {},
  ): Promise<Verification> {
    const threshold = this.#threshold(options.threshold);
    const person = await this.person(name);
    let best: number | null = null;
    const ids: number[] = [];
    for await (const id of facesOf(this.store, person.id)) ids.push(id);
    for (const own of (await this.store.vectors(ids)).values())
      best = Math.max(best ?? -1, cosine(own, vector));
    return { person, cosine: best, threshold, same: best !== null && best >= threshold };
  }

  /**
   * How near people of the gallery are to the others, and to themselves: {@link askAmongOthers}, kept with the gallery. What
   * was kept counts while the gallery has as many people and faces to a tenth and `most` is no more than was asked.
   */
  async askAmongOthers(options: AskOptions): Promise<AskedAmongOthers> {
    return await askAmongOthers(this, options);
  }

  /** The k most similar people by score, among the k, or 4 if k is less, whose faces are nearest. */
  async search(vector: UnitVector, k: number): Promise<Candidate[]> {
    if (k < 1) return [];
    const hits = await this.store.nearest(vector, Math.max(k, SHORTLIST));
    const found = await this.store.peopleWith(hits.map(({ person }) => person));
    const people = new Map(found.map((person) => [person.id, person]));
    const there = hits.flatMap(({ person, face, cosine }) => {
      const someone = people.get(person);
      return someone ? [{ person: someone, face, cosine }] : [];
    });
    const scores = await this.#scores.of(vector, there);
    return there
      .map((each, i): Candidate => ({ ...each, similarity: scores[i]! }))
      .sort((a, b) => b.similarity - a.similarity || a.person.id - b.person.id)
      .slice(0, k);
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

  /** Throws FaceError CONFLICT when it is one that cannot be undone: what came before is not the last change. */
  async #lastStanding(): Promise<LogEntry | undefined> {
    let last: LogEntry | undefined;
    for (let after: number | undefined; ; ) {
      const page = await this.store.log({ after, limit: PAGE });
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

  #threshold(asked: number | undefined): number {
    const threshold = asked ?? this.store.settings.threshold;
    if (threshold !== null && threshold >= -1 && threshold <= 1) return threshold;
    throw new FaceError(
      "USAGE",
      `gallery: expected a threshold in [−1, 1], from the model's calibration or your own, got ${threshold ?? "none"}`,
    );
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

/** Several erasures as one, with the date of the last. */
function joined(erasures: readonly Erasure[]): Erasure {
  const last = erasures.at(-1)!;
  const sum = (of: (erasure: Erasure) => number): number =>
    erasures.reduce((total, erasure) => total + of(erasure), 0);
  return {
    changes: erasures.flatMap(({ changes }) => changes),
    at: last.at,
    people: erasures.flatMap(({ people }) => people),
    faces: sum(({ faces }) => faces),
    crops: sum(({ crops }) => crops),
    logEffects: sum(({ logEffects }) => logEffects),
    searched: erasures.flatMap(({ searched }) => searched),
    notProven: [...new Set(erasures.flatMap(({ notProven }) => notProven))],
    finished: erasures.every(({ finished }) => finished),
  };
}

/** A last change that cannot be undone, and the one before it that can. */
function lastStays({ sequence, kind }: LogEntry, before?: LogEntry): FaceError {
  const way = before ? `; "undo ${before.sequence}" takes back the one before it (${before.kind})` : "";
  return new FaceError(
    "CONFLICT",
    `undo: expected a last change that can be undone, got ${sequence} (${kind}), which cannot${way}`,
  );
}

/** Whether a change stands whole and can be taken back. */
function isUndoable({ kind, undoneBy, forgotten }: LogEntry): boolean {
  return undoneBy === null && forgotten === 0 && kind !== "forget" && kind !== "reindex";
}
