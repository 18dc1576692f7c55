import { FaceError } from "../core/index.ts";
import type { FaceState, PersonState } from "./change.ts";
import type { GalleryStore } from "./store.ts";

/** The extent of a check of a whole gallery, and every difference from what was written. */
export interface GalleryCheck {
  readonly people: number;
  readonly faces: number;
  readonly changes: number;
  /** Sentences; empty when nothing is wrong. */
  readonly problems: readonly string[];
}

const PAGE = 1000;

/** Most sentences that are kept: one damaged page can hold thousands of rows. */
const MOST_PROBLEMS = 100;

/**
 * Looks at everything that a gallery keeps: the engine's own check and all checksums, whether every face has its vector
 * and a person who is there, and whether the log, replayed from its beginning, tells of the people and faces there are.
 *
 * Changes that others make meanwhile may look like problems; check again then.
 *
 * Throws    FaceError STORAGE when the gallery cannot be read at all
 */
export async function checkGallery(store: GalleryStore): Promise<GalleryCheck> {
  const problems = [...(await store.damage())];
  const looked = { people: 0, faces: 0, changes: 0 };
  const reading = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      if (!(thrown instanceof FaceError) || thrown.code !== "BAD_FILE") throw thrown;
      problems.push(thrown.message);
    }
  };
  await reading(async () => {
    const told = await replayed(store, looked, problems);
    const people = new Map<number, string>();
    for (let after: string | undefined; ; ) {
      const page = await store.people({ after, limit: PAGE });
      for (const { id, name, expires } of page) people.set(id, textOf({ name, expires }));
      looked.people += page.length;
      if (page.length < PAGE) break;
      after = page.at(-1)!.name;
    }
    compare("person", told.people, people, problems);
    const faces = new Map<number, string>();
    for (let after: number | undefined; ; ) {
      const page = await store.faces({ after, limit: PAGE });
      const vectors = await store.vectors(page.map(({ id }) => id));
      for (const { id, person } of page) {
        faces.set(id, textOf({ person }));
        if (!vectors.has(id)) problems.push(`face ${id} has no vector`);
        if (!people.has(person)) problems.push(`face ${id} belongs to person ${person}, who is not there`);
      }
      looked.faces += page.length;
      if (page.length < PAGE) break;
      after = page.at(-1)!.id;
    }
    compare("face", told.faces, faces, problems);
  });
  const found = [...new Set(problems)];
  const more = found.length - MOST_PROBLEMS;
  return {
    ...looked,
    problems: more > 0 ? [...found.slice(0, MOST_PROBLEMS), `and ${more} more`] : found,
  };
}

/** The last state of everybody and every face by the log, read newest first: the first word about each is the last. */
async function replayed(
  store: GalleryStore,
  looked: { changes: number },
  problems: string[],
): Promise<{ readonly people: Map<number, string | null>; readonly faces: Map<number, string | null> }> {
  const told = { people: new Map<number, string | null>(), faces: new Map<number, string | null>() };
  let expected = await store.latest();
  for (let after: number | undefined; ; ) {
    const page = await store.log({ after, limit: PAGE });
    for (const { sequence, effects } of page) {
      if (sequence !== expected) problems.push(`change ${expected} is not in the log`);
      expected = sequence - 1;
      for (const effect of effects.toReversed()) {
        if (effect.subject === "link") continue;
        const { subject, id, after: state } = effect;
        const map = subject === "person" ? told.people : told.faces;
        if (!map.has(id)) map.set(id, state && textOf(state));
      }
    }
    looked.changes += page.length;
    if (page.length < PAGE) break;
    after = page.at(-1)!.sequence;
  }
  if (expected > 0) problems.push(`change ${expected} is not in the log`);
  return told;
}

function textOf(state: PersonState | FaceState): string {
  return "person" in state ? `${state.person}` : JSON.stringify([state.name, state.expires]);
}

function compare(
  what: string,
  told: ReadonlyMap<number, string | null>,
  there: ReadonlyMap<number, string>,
  problems: string[],
): void {
  for (const [id, state] of told) {
    const now = there.get(id) ?? null;
    if (now !== state)
      problems.push(
        `${what} ${id}: the log says ${state === null ? "gone" : "otherwise"}, the table ${now === null ? "does not have it" : "has it"}`,
      );
  }
  for (const id of there.keys()) if (!told.has(id)) problems.push(`${what} ${id} is not in the log`);
}
