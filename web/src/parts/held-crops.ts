import { ask } from "../service.ts";

/** Crops that are held at once; the one that was not wanted for longest goes first. */
const HELD = 600;

/** Crops in one question, and questions at once. */
const AT_ONCE = 100;
const ABREAST = 2;

/** Wishes that are waited with; of more, the oldest are given up: who scrolled past them looks elsewhere by now. */
const WAITING = 400;

/** Milliseconds in which wishes gather. */
const GATHER_MS = 15;

/** A picture's address for an `img`; undefined where none was kept. */
type Found = string | undefined;

interface Wish {
  readonly collection: string;
  readonly id: number;
  readonly settle: (found: Found) => void;
}

/** Small pictures of a gallery, by number: those that are wanted within a moment are asked for together, the latest first. */
class HeldCrops {
  readonly #many: (collection: string, ids: string) => Promise<ReadonlyMap<number, string>>;
  readonly #held = new Map<string, Promise<Found>>();
  #wishes: Wish[] = [];
  #underway = 0;
  #gathers = false;

  constructor(many: (collection: string, ids: string) => Promise<ReadonlyMap<number, string>>) {
    this.#many = many;
  }

  of(collection: string, id: number): Promise<Found> {
    const name = `${collection} ${id}`;
    const found =
      this.#held.get(name) ??
      new Promise<Found>((settle) => {
        this.#wishes.push({ collection, id, settle });
        if (this.#wishes.length > WAITING) this.#giveUp([this.#wishes.shift()!]);
        this.#gather();
      });
    this.#held.delete(name);
    this.#held.set(name, found);
    if (this.#held.size > HELD) this.#held.delete(this.#held.keys().next().value!);
    return found;
  }

  /** Asks anew when it is wanted next: it is another by now. */
  drop(collection: string, id: number): void {
    this.#held.delete(`${collection} ${id}`);
  }

  #gather(): void {
    if (this.#gathers) return;
    this.#gathers = true;
    setTimeout(() => {
      this.#gathers = false;
      this.#next();
    }, GATHER_MS);
  }

  #next(): void {
    while (this.#underway < ABREAST && this.#wishes.length > 0) {
      const { collection } = this.#wishes.at(-1)!;
      const own = this.#wishes.filter((wish) => wish.collection === collection).slice(-AT_ONCE);
      const those = new Set(own);
      this.#wishes = this.#wishes.filter((wish) => !those.has(wish));
      this.#underway++;
      void this.#ask(collection, own).finally(() => {
        this.#underway--;
        this.#next();
      });
    }
  }

  async #ask(collection: string, wishes: readonly Wish[]): Promise<void> {
    try {
      const crops = await this.#many(collection, wishes.map(({ id }) => id).join(","));
      for (const { id, settle } of wishes) {
        const crop = crops.get(id);
        settle(crop === undefined ? undefined : `data:image/jpeg;base64,${crop}`);
      }
    } catch {
      this.#giveUp(wishes);
    }
  }

  /** Nothing is known of these: they are asked for anew when they are wanted again. */
  #giveUp(wishes: readonly Wish[]): void {
    for (const { collection, id, settle } of wishes) {
      this.drop(collection, id);
      settle(undefined);
    }
  }
}

/** The kept crops of faces. A key cannot go with an `img`, so they are asked for. */
export const crops = new HeldCrops(async (collection, faces) => {
  const answer = await ask("crops", { collection, faces });
  return new Map(answer.crops.map(({ face, crop }) => [face, crop]));
});

/** A face of each person. */
export const portraits = new HeldCrops(async (collection, persons) => {
  const answer = await ask("portraits", { collection, persons });
  return new Map(answer.portraits.map(({ person, crop }) => [person, crop]));
});
