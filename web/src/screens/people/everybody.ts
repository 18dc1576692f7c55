import { signal } from "@preact/signals";
import { portraits } from "../../parts/held-crops.ts";
import { ask, type ClientAnswer } from "../../service.ts";

/** Somebody in the gallery. */
export type Person = ClientAnswer<"person">;

/** People in one answer, and changes in one. */
const PAGE = 1000;
const CHANGES = 200;

/** People who are asked for one by one after a change; for more, all are asked for again. */
const SINGLY = 20;

/** The people of a gallery, as far as they have come. */
export interface Everybody {
  readonly collection: string;
  /** By number. */
  readonly people: ReadonlyMap<number, Person>;
  readonly isWhole: boolean;
}

/** Everybody in the gallery that is looked at. */
export const everybody = signal<Everybody | undefined>(undefined);

/** The reason why they could not be had. */
export const failedEverybody = signal<unknown>(undefined);

/** The change up to which what is shown is right. */
let upTo = 0;
let wanted = 0;
let isBusy = false;

/** Loads a gallery's people, unless they are there. */
export async function loadEverybody(collection: string, signal: AbortSignal): Promise<void> {
  if (everybody.peek()?.collection === collection && everybody.peek()!.isWhole) return;
  failedEverybody.value = undefined;
  try {
    const { entries } = await ask("log", { collection, limit: 1 }, { signal });
    upTo = entries[0]?.sequence ?? 0;
    wanted = upTo;
    await loadAll(collection, signal, true);
  } catch (thrown) {
    if (!signal.aborted) failedEverybody.value = thrown;
  }
}

/** Brings everybody up to a change that somebody made. */
export async function followEverybody(
  collection: string,
  sequence: number,
  signal: AbortSignal,
): Promise<void> {
  wanted = Math.max(wanted, sequence);
  if (isBusy) return;
  isBusy = true;
  try {
    while (everybody.peek()?.collection === collection && everybody.peek()!.isWhole && wanted > upTo) {
      const until = wanted;
      const touched = await touchedSince(collection, upTo, signal);
      if (touched && touched.size <= SINGLY) await loadSingly(collection, touched, signal);
      else await loadAll(collection, signal, false);
      upTo = until;
    }
  } catch (thrown) {
    if (!signal.aborted) failedEverybody.value = thrown;
  } finally {
    isBusy = false;
  }
}

/** @param growing true to show them as they come, false where others are shown until all have come */
async function loadAll(collection: string, signal: AbortSignal, growing: boolean): Promise<void> {
  const people = new Map<number, Person>();
  for (let after: string | undefined; ; ) {
    const page = await ask(
      "persons",
      { collection, limit: PAGE, ...(after !== undefined && { after }) },
      { signal },
    );
    for (const person of page.persons) people.set(person.id, person);
    const isWhole = page.next === null;
    if (growing || isWhole) show({ collection, people: new Map(people), isWhole });
    if (page.next === null) return;
    after = page.next;
  }
}

async function loadSingly(
  collection: string,
  those: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<void> {
  const people = new Map(everybody.peek()!.people);
  await Promise.all(
    [...those].map(async (person) => {
      const found = await ask("person", { collection, person }, { signal }).catch((thrown: unknown) => {
        if ((thrown as { readonly status?: number }).status === 404) return undefined;
        throw thrown;
      });
      if (found) people.set(person, found);
      else people.delete(person);
    }),
  );
  show({ collection, people, isWhole: true });
}

function show(next: Everybody): void {
  const before = everybody.peek();
  // People whose faces came or went may look another way now.
  if (before?.collection === next.collection)
    for (const [id, { faces }] of before.people)
      if (next.people.get(id)?.faces !== faces) portraits.drop(next.collection, id);
  everybody.value = next;
}

/** The people whom changes were about; undefined where the log does not say it any more, or there were too many. */
async function touchedSince(
  collection: string,
  since: number,
  signal: AbortSignal,
): Promise<Set<number> | undefined> {
  const { entries } = await ask("log", { collection, limit: CHANGES }, { signal });
  const recent = entries.filter(({ sequence }) => sequence > since);
  if (recent.length === CHANGES) return undefined;
  const touched = new Set<number>();
  for (const { kind, effects, forgotten } of recent) {
    // Of those who were forgotten the log says nothing.
    if (kind === "forget" || forgotten > 0 || effects.length === 0) return undefined;
    for (const effect of effects) {
      if (effect.subject === "person") touched.add(effect.id);
      if (effect.subject !== "face") continue;
      if (effect.before) touched.add(effect.before.person);
      if (effect.after) touched.add(effect.after.person);
    }
  }
  return touched;
}
