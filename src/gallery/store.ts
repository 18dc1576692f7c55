import type { UnitVector } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import type { Change, LogEntry } from "./change.ts";
import type { GalleryPipeline } from "./gallery-pipeline.ts";
import type { JobStore } from "./jobs/job-store.ts";
import type { Link } from "./links.ts";
import type { Page } from "./page.ts";
import type { GalleryFace, Person, PersonHit } from "./records.ts";
import type { Respelling } from "./respelling.ts";
import type { Scatter } from "./scatter.ts";

/** A gallery's fixed properties, beside its pipeline. */
export interface GallerySettings {
  /** Cosine from which a face counts as a person's; null when it comes from the model's calibration or the caller. */
  readonly threshold: number | null;
  /** True if aligned crops are kept with the faces. They allow embedding again without the photographs. */
  readonly keepCrops: boolean;
}

/** A store's figures about its size. */
export interface StoreStats {
  readonly people: number;
  readonly faces: number;
  /** Faces that were deleted and can still be brought back. */
  readonly deletedFaces: number;
  readonly changes: number;
  /** Bytes on disk, as far as the store can tell; null where it cannot. */
  readonly bytes: number | null;
  /** Bytes of the index in this process's memory; 0 where the server searches. */
  readonly indexBytes: number;
}

/** Someone who ever bore a name, or whom they became by merging. */
export interface FormerPerson {
  readonly id: number;
  /** The last one. */
  readonly name: string;
  /** True if the person is there; else they were deleted, merged, or their enrolment was taken back. */
  readonly present: boolean;
  /** Faces that are kept, deleted ones too. */
  readonly faces: number;
}

/** Someone who was forgotten. */
export interface ErasedPerson {
  readonly id: number;
  /** All names the person ever had; empty in a receipt that was given later: the gallery no longer knows. */
  readonly names: readonly string[];
  readonly faces: number;
}

/** Result of forgetting: the removed things, and the proof, as far as there can be one. */
export interface Erasure {
  /** Numbers of its entries in the log, by which {@link GalleryStore.receiptsShown} knows it; none for nobody. */
  readonly changes: readonly number[];
  /** When it was begun, as ISO date and time. */
  readonly at: string;
  readonly people: readonly ErasedPerson[];
  readonly faces: number;
  readonly crops: number;
  /** Effects taken out of the log. */
  readonly logEffects: number;
  /** Files and tables that were searched for the bytes afterwards. */
  readonly searched: readonly SearchedFile[];
  /** Places and pieces that could not be searched, and why; empty when all were. */
  readonly notProven: readonly string[];
  /**
   * False while something is left to do: the files could not be packed yet, or something was found in them. The
   * gallery then remembers the task and finishes it on a later opening, or when `finishErasures` asks for it.
   */
  readonly finished: boolean;
}

/** Receipts of erasures that were not finished, or whose receipts were not shown. */
export interface KeptReceipts {
  readonly erasures: readonly Erasure[];
  /** Names that none of them is of; then there are no receipts. */
  readonly unknown: readonly string[];
}

/** A file that was searched for bytes that must be gone. */
export interface SearchedFile {
  readonly path: string;
  readonly bytes: number;
  /** Places where some of the bytes were found. */
  readonly hits: number;
}

/** A face whose vector under another pipeline is asked for. */
export interface FaceToEmbed extends GalleryFace {
  readonly crop: Uint8Array | null;
}

/**
 * Storage of a gallery. One interface and one suite (`store.contract.ts`) for every engine.
 *
 * `commit` resolves when the change is durable. Stores know nothing of photographs, models or policy: that is
 * {@link Gallery} above them.
 */
export interface GalleryStore {
  /** The gallery's address, without a password. */
  readonly address: string;
  readonly pipeline: GalleryPipeline;
  readonly settings: GallerySettings;
  /** Names that opening a gallery of an earlier version spelled otherwise; empty from the next opening on. */
  readonly respelled: readonly Respelling[];
  /** Long work on the gallery. */
  readonly jobs: JobStore;

  /** Takes `count` ids that nobody else gets, for people or faces. Returns the first; the others follow it. */
  reserveIds(count: number): Promise<number>;
  /**
   * Applies a change whole, and returns its sequence when it is durable.
   *
   * Throws    FaceError CONFLICT when an effect does not find what it expects or a name is taken, MODEL_MISMATCH
   *           when the gallery was moved to another model, ABORTED when its share of long work is somebody else's now,
   *           STORAGE when it cannot be written
   */
  commit(change: Change): Promise<number>;

  /** People in order of their names. */
  people(page: Page<string>): Promise<Person[]>;
  /** Those of the ids that are there, in no order. */
  peopleWith(ids: readonly number[]): Promise<Person[]>;
  personNamed(name: string): Promise<Person | undefined>;
  /** People whose date is before `at`. */
  expired(at: string): Promise<Person[]>;

  /** Faces in order of their ids; of one person, or of everyone. */
  faces(page: Page<number>, person?: number): Promise<GalleryFace[]>;
  /** Those of the ids that are there, in no order. */
  facesWith(ids: readonly number[]): Promise<GalleryFace[]>;
  /** Vectors of faces that are there. */
  vectors(ids: readonly number[]): Promise<Map<number, UnitVector>>;
  /** The kept crop of a face that is there. */
  crop(face: number): Promise<Uint8Array | undefined>;
  /** The people who have a face from these photographs, by sha256; photographs with nobody are not in the map. */
  knownPhotographs(sha256s: readonly string[]): Promise<Map<string, number[]>>;

  /** The k people with the most similar faces, by falling cosine, ties by person; nobody below `floor`, where there is one. */
  nearest(query: UnitVector, k: number, floor?: number): Promise<PersonHit[]>;
  /**
   * The distance of people's faces from each other, of the state that the last {@link nearest} answered from; absent where that is not known:
   * then the k people of {@link nearest} are all that scores are compared of.
   */
  readonly scatter?: Scatter | undefined;

  /** Sequence of the last change; 0 before the first. */
  latest(): Promise<number>;
  /** The note kept under a name with {@link keepNote}; undefined where nothing is. */
  note(name: string): Promise<string | undefined>;
  /**
   * Keeps a text that was computed from the gallery as it was after change `after`; not when it has changed since. Gone
   * when anybody is forgotten, who may have had a part in it.
   */
  keepNote(name: string, text: string, after: number): Promise<void>;
  /** Words about faces that nobody took back, in the order in which it was said. */
  links(): Promise<Link[]>;
  /** Entries of the log, newest first; `after` is the sequence to go on below. */
  log(page: Page<number>): Promise<LogEntry[]>;
  entry(sequence: number): Promise<LogEntry | undefined>;

  /** Everybody who ever bore one of the spellings of a name, there or not, and whom they became by merging. */
  everNamed(spellings: readonly string[]): Promise<FormerPerson[]>;
  /** Those of the people who are kept, there or not. */
  everWith(ids: readonly number[]): Promise<FormerPerson[]>;
  /**
   * Removes people with everything that is kept of them, deleted faces, aliases and the log's contents included, then
   * searches for the bytes. Cannot be undone.
   *
   * The rows go in one step, in which the rest is written down as a task: packing the files and searching them. What
   * cannot be finished at once is finished on a later opening or by {@link finishErasures}.
   *
   * The receipt is kept, without names, until {@link receiptsShown} is told of it.
   */
  erase(people: readonly number[], at: string): Promise<Erasure>;
  /** Finishes what is left of erasures. Returns the receipts that are kept: all, or those of people who had one of the names. */
  finishErasures(names?: readonly string[]): Promise<KeptReceipts>;
  /** Removes the receipts of finished erasures, by their numbers in the log: whoever asked for them has them. */
  receiptsShown(changes: readonly number[]): Promise<void>;
  /** Ids of people who were deleted before `at`, and still have contents. */
  deletedBefore(at: string): Promise<number[]>;

  /**
   * Starts to move to another pipeline, or goes on with it. A move that nobody can finish any more is dropped.
   *
   * Throws    FaceError CONFLICT while another move is under way
   */
  beginReindex(pipeline: Pipeline): Promise<void>;
  /** Faces that have no vector under the next pipeline yet, in order of ids; deleted ones included. */
  facesToEmbed(page: Page<number>): Promise<FaceToEmbed[]>;
  addReindexed(vectors: ReadonlyMap<number, UnitVector>): Promise<void>;
  /** Puts the new vectors in the old ones' place in one step. Throws FaceError CONFLICT when faces still lack one. */
  finishReindex(at: string): Promise<void>;

  /** Every difference from what was written, in sentences, by the engine and by checksums. Throws FaceError STORAGE. */
  damage(): Promise<readonly string[]>;

  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}
