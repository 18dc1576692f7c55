import { FaceError, personName } from "../core/index.ts";
import { type Change, conflict, type FaceState, type LinkState, type PersonState } from "./change.ts";
import { sameLink } from "./links.ts";

/** The keys that a store has to look up before it can check a change. */
export interface Subjects {
  /** People whose presence matters. */
  readonly people: readonly number[];
  /** Faces whose owner matters. */
  readonly faces: readonly number[];
  /** People who leave, whose faces must leave or move in the same change. */
  readonly leaving: readonly number[];
  /** Links that must be as the change expects. */
  readonly links: readonly number[];
}

/** The store's findings; people and faces that are not there are not in the maps. */
export interface Found {
  readonly people: ReadonlyMap<number, PersonState>;
  readonly faces: ReadonlyMap<number, FaceState>;
  /** Ids of the faces that those who leave have. */
  readonly facesOfLeaving: readonly number[];
  /** Ids of the faces whose contents are kept, there or not. */
  readonly kept: ReadonlySet<number>;
  readonly links: ReadonlyMap<number, LinkState>;
}

/** The states that a change leaves behind; null for what is no longer there. */
export interface Outcome {
  readonly people: ReadonlyMap<number, PersonState | null>;
  readonly faces: ReadonlyMap<number, FaceState | null>;
}

/** The keys that have to be looked up for {@link checkChange}. */
export function subjectsOf({ effects }: Change): Subjects {
  const people = new Set<number>();
  const faces = new Set<number>();
  const leaving = new Set<number>();
  const links = new Set<number>();
  for (const effect of effects) {
    if (effect.subject === "person") {
      people.add(effect.id);
      if (effect.before && !effect.after) leaving.add(effect.id);
    } else if (effect.subject === "link") {
      links.add(effect.id);
      for (const face of effect.after?.faces ?? []) faces.add(face);
    } else {
      faces.add(effect.id);
      if (effect.after) people.add(effect.after.person);
    }
  }
  return { people: [...people], faces: [...faces], leaving: [...leaving], links: [...links] };
}

/**
 * Holds a change against what is there.
 *
 * Every effect must find what it expects; afterwards every face must be a present person's, and every face that comes
 * must come with its contents, or they must be kept, as must the faces that somebody's word is about.
 *
 * Throws    FaceError CONFLICT, USAGE for a name that is not spelled as names are kept
 */
export function checkChange(where: string, change: Change, found: Found): Outcome {
  const people = new Map<number, PersonState | null>();
  const faces = new Map<number, FaceState | null>();
  const links = new Map<number, LinkState | null>();
  const linked = new Set<number>();
  for (const effect of change.effects) {
    if (effect.subject === "person") {
      const now = stateIn(people, found.people, effect.id);
      if (now?.name !== effect.before?.name || now?.expires !== effect.before?.expires)
        throw conflict(where, effect);
      if (effect.after) expectSpelled(where, effect.after.name);
      people.set(effect.id, effect.after);
    } else if (effect.subject === "link") {
      if (!sameLink(stateIn(links, found.links, effect.id), effect.before)) throw conflict(where, effect);
      links.set(effect.id, effect.after);
      for (const face of effect.after?.faces ?? []) linked.add(face);
    } else {
      const now = stateIn(faces, found.faces, effect.id);
      if (now?.person !== effect.before?.person) throw conflict(where, effect);
      faces.set(effect.id, effect.after);
    }
  }
  for (const [id, state] of faces) {
    if (state && !stateIn(people, found.people, state.person)) {
      throw new FaceError("CONFLICT", {
        where,
        expected: `person ${state.person} for face ${id} to be there`,
        got: "nobody",
        note: "look again",
      });
    }
  }
  const come = new Set(change.contents.map(({ id }) => id));
  const needed = [...linked, ...[...faces].flatMap(([id, state]) => (state ? [id] : []))];
  for (const id of needed) {
    if (!come.has(id) && !found.kept.has(id)) {
      throw new FaceError("CONFLICT", {
        where,
        expected: `face ${id} to be kept`,
        got: "none: the gallery was moved to another model without it, or it was forgotten",
      });
    }
  }
  for (const id of found.facesOfLeaving) {
    if (!faces.has(id)) {
      throw new FaceError("CONFLICT", {
        where,
        expected: "every face of a person who leaves to be dealt with",
        got: `face ${id} left over`,
        note: "look again",
      });
    }
  }
  return { people, faces };
}

function stateIn<S>(changed: Map<number, S | null>, found: ReadonlyMap<number, S>, id: number): S | null {
  const state = changed.get(id);
  return state === undefined ? (found.get(id) ?? null) : state;
}

function expectSpelled(where: string, name: string): void {
  const spelled = personName(where, name);
  if (spelled === name) return;
  throw new FaceError("USAGE", {
    where,
    expected: "a name as personName() spells it",
    got: `another spelling of "${spelled}"`,
  });
}
