import type { UnitVector } from "../core/index.ts";
import { FaceError } from "../core/index.ts";
import type { ShareLease } from "./jobs/job.ts";
import type { Provenance } from "./records.ts";

/** The changeable state of a person. */
export interface PersonState {
  readonly name: string;
  readonly expires: string | null;
}

/** The changeable state of a face: whose it is. */
export interface FaceState {
  readonly person: number;
}

/** Somebody's word about two faces, or about one that is none. */
export interface LinkState {
  readonly kind: "same" | "different" | "no-face";
  /** Two faces; one, for "no-face". */
  readonly faces: readonly number[];
  /** For "no-face": the photograph and the place that held none, by which it is known again. */
  readonly place?: Pick<Provenance, "sha256" | "box"> | undefined;
}

/** A person before and after; null stands for not being there. */
export interface PersonEffect {
  readonly subject: "person";
  readonly id: number;
  readonly before: PersonState | null;
  readonly after: PersonState | null;
}

/** A face before and after; null stands for not being there. */
export interface FaceEffect {
  readonly subject: "face";
  readonly id: number;
  readonly before: FaceState | null;
  readonly after: FaceState | null;
}

/** Somebody's word about faces before and after; null stands for none. */
export interface LinkEffect {
  readonly subject: "link";
  readonly id: number;
  readonly before: LinkState | null;
  readonly after: LinkState | null;
}

/** One thing that a change does. */
export type Effect = PersonEffect | FaceEffect | LinkEffect;

/** Names of changes in the log. */
export type ChangeKind =
  | "enrol"
  | "rename"
  | "retain"
  | "move"
  | "merge"
  | "split"
  | "delete"
  | "answer"
  | "undo"
  | "forget"
  | "import"
  | "reindex";

/** A face's lasting part, which no change touches and only forgetting removes. */
export interface FaceContent {
  readonly id: number;
  readonly vector: UnitVector;
  readonly provenance: Provenance;
  readonly crop?: Uint8Array | undefined;
}

/**
 * A change to a gallery, applied whole or not at all.
 *
 * Every effect states what it expects to find. A store refuses the change when it finds something else, so of two
 * processes that change the same thing at once, one is told to look again, and nothing is overwritten unseen.
 */
export interface Change {
  readonly kind: ChangeKind;
  /** ISO date and time. */
  readonly at: string;
  /** The entry that an undo takes back. */
  readonly undoes?: number | undefined;
  readonly effects: readonly Effect[];
  /** Contents of the faces that were never there before. */
  readonly contents: readonly FaceContent[];
  /** The share of long work that it is part of: it is applied only while its maker holds that. */
  readonly lease?: ShareLease | undefined;
}

/** A change as the log keeps it. */
export interface LogEntry {
  /** Grows by one with every change, from 1. */
  readonly sequence: number;
  readonly kind: ChangeKind;
  readonly at: string;
  readonly undoes: number | null;
  /** Sequence of the entry that took this one back; null while it stands. */
  readonly undoneBy: number | null;
  readonly effects: readonly Effect[];
  /** The number of its effects that were removed because a person was forgotten. */
  readonly forgotten: number;
}

/** Effects that take others back, last first. */
export function inverse(effects: readonly Effect[]): Effect[] {
  return effects
    .map((effect) => ({ ...effect, before: effect.after, after: effect.before }) as Effect)
    .reverse();
}

/** A change met a gallery that is no longer as the change expects. */
export function conflict(where: string, effect: Effect): FaceError {
  return new FaceError("CONFLICT", {
    where,
    expected: `${effect.subject} ${effect.id} ${effect.before ? "unchanged" : "not to be there"}`,
    got: "it changed in between",
    note: "look again",
  });
}

/** Two people of one gallery cannot have one name. */
export function nameTaken(where: string, name: string): FaceError {
  return new FaceError("CONFLICT", { where, expected: "a name that nobody has", got: `"${name}"` });
}
