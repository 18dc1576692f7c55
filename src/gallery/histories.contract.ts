import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FaceError } from "../core/index.ts";
import type { Effect } from "./change.ts";
import { PIPELINE, type StoreUnderTest, ticking } from "./engine.contract.ts";
import { expectReplay } from "./forgetting.contract.ts";
import { Gallery, storeOf } from "./gallery.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";
import type { GalleryStore } from "./store.ts";

/** A possible step in a gallery's history; numbers choose among the people and faces there are. */
type Step =
  | { readonly kind: "enrol"; readonly name: number; readonly faces: number }
  | { readonly kind: "rename" | "merge"; readonly name: number; readonly other: number }
  | { readonly kind: "move" | "split"; readonly name: number; readonly other: number; readonly face: number }
  | { readonly kind: "delete person" | "retain" | "forget"; readonly name: number }
  | { readonly kind: "delete face" | "undo" | "forget number"; readonly which: number }
  | { readonly kind: "undo last" | "reindex" | "reindex without the deleted" | "open again" };

/** No part of one name is in another. */
const NAMES = ["Ann Example", "Ben Sample", "Cara Muster", "Dan Dummy"];
const small = fc.nat({ max: 40 });
const name = fc.nat({ max: NAMES.length - 1 });

const common = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("enrol" as const), name, faces: fc.nat({ max: 3 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("rename" as const, "merge"), name, other: name }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("move" as const, "split"), name, other: name, face: small }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("delete person" as const, "retain"), name }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("delete face" as const, "undo"), which: small }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("undo last" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("reindex" as const, "reindex without the deleted", "open again"),
    }),
  },
);
/** Forgetting packs and searches files, which takes its time. */
const final = fc.oneof(
  fc.record({ kind: fc.constant("forget" as const), name }),
  fc.record({ kind: fc.constant("forget number" as const), which: small }),
);
const history = fc
  .tuple(
    fc.array(common, { minLength: 4, maxLength: 30 }),
    fc.array(final, { maxLength: 1 }),
    fc.array(common, { maxLength: 12 }),
  )
  .map((parts): Step[] => parts.flat());

/**
 * In whatever order things happen, the log tells what the tables hold; called once for each engine.
 *
 * @param runs how many histories
 */
export function historiesContract(engine: StoreUnderTest, runs: number): void {
  const title = engine.missing === undefined ? engine.name : `${engine.name} (skipped: ${engine.missing})`;
  describe.skipIf(engine.missing !== undefined)(`${title} keeps a log`, () => {
    test("that always replays to the tables, and an undo that is acknowledged is done", async () => {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const run = new Run(engine, await engine.create(PIPELINE, { threshold: 0.4, keepCrops: true }));
          try {
            for (const who of NAMES.keys()) await run.take({ kind: "enrol", name: who, faces: 2 });
            for (const step of steps) await run.take(step);
            await run.expectSound();
          } finally {
            await run.close();
          }
        }),
        { numRuns: runs },
      );
    }, 600_000);
  });
}

class Run {
  readonly #engine: StoreUnderTest;
  readonly #made = new MadeFaces(23);
  #gallery: Gallery;
  #models = 0;

  constructor(engine: StoreUnderTest, store: GalleryStore) {
    this.#engine = engine;
    this.#gallery = new Gallery(store, { clock: ticking() });
  }

  async close(): Promise<void> {
    await this.#gallery.close();
  }

  /** Takes a step; one that is refused changes nothing. */
  async take(step: Step): Promise<void> {
    const before = await this.#gallery.records.latest();
    try {
      await this.#apply(step);
    } catch (error) {
      if (!(error instanceof FaceError)) throw error;
      expect(["CONFLICT", "PERSON_UNKNOWN", "USAGE"]).toContain(error.code);
      expect(await this.#gallery.records.latest()).toBe(before);
    }
    await expectReplay(this.#gallery);
  }

  /** Everybody who is there is found by the index, and nobody else. */
  async expectSound(): Promise<void> {
    const store = storeOf(this.#gallery);
    const people = await store.people({ limit: 100 });
    const hits = await this.#gallery.search(this.#direction(), 100);
    expect(hits.map(({ person }) => person.name).sort()).toEqual(
      people
        .filter(({ faces }) => faces > 0)
        .map((person) => person.name)
        .sort(),
    );
  }

  async #apply(step: Step): Promise<void> {
    const gallery = this.#gallery;
    switch (step.kind) {
      case "enrol": {
        const faces = Array.from({ length: step.faces }, () => ({
          ...this.#made.face(this.#direction()),
          vector: this.#direction(),
        }));
        await gallery.enrol([{ name: NAMES[step.name]!, faces }]);
        return;
      }
      case "rename":
        await gallery.rename(NAMES[step.name]!, NAMES[step.other]!);
        return;
      case "merge":
        await gallery.merge([NAMES[step.name]!], NAMES[step.other]!);
        return;
      case "move":
      case "split": {
        const { id } = await gallery.person(NAMES[step.name]!);
        const faces = (await gallery.records.faces({ limit: 100 }, id)).map((face) => face.id);
        const some = faces.slice(0, faces.length === 0 ? 0 : 1 + (step.face % faces.length));
        if (step.kind === "move") await gallery.move(some, NAMES[step.other]!);
        else await gallery.split(NAMES[step.name]!, some, NAMES[step.other]!);
        return;
      }
      case "delete person":
        await gallery.deletePerson(NAMES[step.name]!);
        return;
      case "retain":
        await gallery.retain(NAMES[step.name]!, new Date(Date.UTC(2030, 0, 1)));
        return;
      case "delete face": {
        const faces = await gallery.records.faces({ limit: 100 });
        if (faces.length > 0) await gallery.deleteFaces([faces[step.which % faces.length]!.id]);
        return;
      }
      case "undo":
        await this.#undo(1 + (step.which % Math.max(1, await gallery.records.latest())));
        return;
      case "undo last":
        await this.#undo();
        return;
      case "forget":
        await this.#forget(NAMES[step.name]!);
        return;
      case "forget number":
        await gallery.forget([step.which]);
        return;
      case "reindex":
      case "reindex without the deleted":
        await this.#reindex(step.kind === "reindex");
        return;
      case "open again": {
        const again = await this.#engine.again(storeOf(gallery));
        await gallery.close();
        this.#gallery = new Gallery(again, { clock: ticking() });
      }
    }
  }

  async #undo(sequence?: number): Promise<void> {
    const store = storeOf(this.#gallery);
    const { result } = await this.#gallery.undo(sequence);
    const wanted = new Map<string, Effect["before"]>();
    for (const { subject, id, before } of result.effects) {
      if (subject === "link") continue;
      const key = `${subject} ${id}`;
      if (!wanted.has(key)) wanted.set(key, before);
    }
    for (const [key, state] of wanted) {
      const [subject, number] = key.split(" ");
      const [there] =
        subject === "face"
          ? await store.facesWith([Number(number)])
          : await store.peopleWith([Number(number)]);
      if (state) expect([key, there]).toEqual([key, expect.objectContaining(state)]);
      else expect([key, there]).toEqual([key, undefined]);
    }
  }

  async #forget(who: string): Promise<void> {
    const store = storeOf(this.#gallery);
    const receipt = await this.#gallery.forget([who]);
    expect(receipt).toMatchObject({ finished: true });
    expect(await store.everNamed([who])).toEqual([]);
    const log = JSON.stringify(await store.log({ limit: 1000 }));
    expect(log).not.toContain(who);
    for (const { id } of receipt.people) expect(log).not.toMatch(new RegExp(`"person":${id}\\b`));
  }

  async #reindex(deletedToo: boolean): Promise<void> {
    const store = storeOf(this.#gallery);
    await store.beginReindex(madePipeline(PIPELINE.model.dimension, `model ${++this.#models}`));
    const todo = (await store.facesToEmbed({ limit: 1000 })).map(({ id }) => id);
    const there = new Set((await store.facesWith(todo)).map(({ id }) => id));
    const some = todo.filter((id) => deletedToo || there.has(id));
    await store.addReindexed(new Map(some.map((id) => [id, this.#direction()])));
    await store.finishReindex("2026-01-02T00:00:00.000Z");
  }

  #direction() {
    return this.#made.direction();
  }
}
