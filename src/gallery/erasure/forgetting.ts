import { FaceError, personName } from "../../core/index.ts";
import { unknownPerson } from "../plans.ts";
import type { Erasure, FormerPerson, GalleryStore } from "../store.ts";
import { joined } from "./joined.ts";

/** Receives the receipt of an erasure. */
export interface ShowReceipt {
  readonly show?: (erasure: Erasure) => void | Promise<void>;
}

/** The people who leave a gallery for good: by name, by number, by their date; and receipts that somebody gets to see. */
export class Forgetting {
  readonly #store: GalleryStore;

  constructor(store: GalleryStore) {
    this.#store = store;
  }

  /** See `Gallery.everNamed`. */
  async everNamed(name: string): Promise<FormerPerson[]> {
    return await this.#store.everNamed(spellingsOf(name));
  }

  /** See `Gallery.forget`. */
  async forget(who: readonly (string | number)[], at: string, options: ShowReceipt): Promise<Erasure> {
    const people = new Set<number>();
    const unknown: string[] = [];
    for (const each of who) {
      const found = await (typeof each === "string"
        ? this.everNamed(each)
        : this.#store.everWith(Number.isSafeInteger(each) ? [each] : []));
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
    const now = people.size > 0 ? [await this.#store.erase([...people], at)] : [];
    return await this.#shown(joined([...earlier, ...now]), options);
  }

  /** See `Gallery.finishErasures`. */
  async finish(options: ShowReceipt): Promise<readonly Erasure[]> {
    const { erasures } = await this.#store.finishErasures();
    for (const erasure of erasures) await this.#shown(erasure, options);
    return erasures;
  }

  /** See `Gallery.prune`. */
  async prune(
    at: string,
    { deletedBefore, ...options }: ShowReceipt & { readonly deletedBefore?: Date },
  ): Promise<Erasure | undefined> {
    const expired = await this.#store.expired(at);
    const deleted = deletedBefore ? await this.#store.deletedBefore(deletedBefore.toISOString()) : [];
    const ids = [...expired.map(({ id }) => id), ...deleted];
    if (ids.length === 0) return undefined;
    return await this.#shown(await this.#store.erase(ids, at), options);
  }

  async #shown(erasure: Erasure, { show }: ShowReceipt): Promise<Erasure> {
    await show?.(erasure);
    if (erasure.changes.length > 0) await this.#store.receiptsShown(erasure.changes);
    return erasure;
  }

  /** Receipts of erasures that were begun by some names. Throws FaceError PERSON_UNKNOWN. */
  async #earlier(names: readonly string[]): Promise<readonly Erasure[]> {
    const { erasures, unknown } = await this.#store.finishErasures(names);
    const [stranger] = unknown;
    if (stranger === undefined) return erasures;
    throw await unknownPerson(this.#store, stranger);
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
