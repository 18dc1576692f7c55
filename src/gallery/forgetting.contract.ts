import { afterAll, describe, expect, test } from "vitest";
import type { UnitVector } from "../core/index.ts";
import { PIPELINE, type StoreUnderTest, ticking } from "./engine.contract.ts";
import { Gallery, storeOf } from "./gallery.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";
import type { Erasure } from "./store.ts";

/** The contract of forgetting in every engine; called once for each. */
export function forgettingContract(engine: StoreUnderTest): void {
  const title = engine.missing === undefined ? engine.name : `${engine.name} (skipped: ${engine.missing})`;
  describe.skipIf(engine.missing !== undefined)(`${title} forgets people:`, () => {
    const opened: Gallery[] = [];
    const made = new MadeFaces(17);
    const face = (source = "made.jpg") => made.face(made.direction(), source);

    const fresh = async (): Promise<Gallery> => {
      const store = await engine.create(PIPELINE, { threshold: 0.4, keepCrops: true });
      const gallery = new Gallery(store, { clock: ticking() });
      opened.push(gallery);
      await gallery.enrol([{ name: "Keeper Kate", faces: [face("kate.jpg")] }]);
      return gallery;
    };
    const enrol = async (gallery: Gallery, name: string, faces = 1) => {
      const added = Array.from({ length: faces }, (_, i) => face(`${name}/${i}.jpg`));
      const { sequence, result } = await gallery.enrol([{ name, faces: added }]);
      return { sequence, vectors: added.map(({ vector }) => vector as UnitVector), ...result[0]! };
    };
    /** Everything that the gallery says: people, faces, the log. */
    const told = async ({ records }: Gallery): Promise<string> =>
      JSON.stringify([
        await records.people({ limit: 100 }),
        await records.faces({ limit: 100 }),
        await records.log({ limit: 100 }),
      ]);
    /**
     * Forgets. On a server that other tests share, one of their transactions may keep old rows for a while: the receipt
     * says that it is not finished then, and it has to be before long.
     */
    const forget = async (gallery: Gallery, who: readonly (string | number)[]): Promise<Erasure> => {
      let receipt = await gallery.forget(who);
      for (let n = 0; n < 60 && !receipt.finished && gallery.records.address.startsWith("postgres"); n++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        const [later] = await gallery.finishErasures();
        // The names are in the first receipt only.
        if (later) receipt = { ...later, people: receipt.people };
      }
      return receipt;
    };
    const expectForgotten = async (
      gallery: Gallery,
      who: readonly (string | number)[],
      words: readonly string[],
      faces: number,
    ): Promise<void> => {
      const receipt = await forget(gallery, who);
      expect(receipt).toMatchObject({ finished: true, faces });
      expect(receipt.searched.filter(({ hits }) => hits > 0)).toEqual([]);
      const left = await told(gallery);
      expect(words.filter((word) => left.includes(word))).toEqual([]);
      expect(left).toContain("Keeper Kate");
      await expectReplay(gallery);
    };

    afterAll(async () => {
      for (const gallery of opened) await gallery.close();
    });

    test("a name means everybody who ever bore it: enrolled and taken back, deleted, renamed, and who is there now", async () => {
      const gallery = await fresh();
      const [undone] = [await enrol(gallery, "Ann Example")];
      await gallery.undo();
      const deleted = await enrol(gallery, "Ann Example", 2);
      await gallery.deletePerson("Ann Example");
      const renamed = await enrol(gallery, "Ann Example");
      await gallery.rename("Ann Example", "Anne Other");
      const present = await enrol(gallery, "Ann Example");
      const ids = [undone, deleted, renamed, present].map(({ person }) => person).sort((a, b) => a - b);
      const ever = await gallery.everNamed("Ann Example");
      expect(ever.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids);
      expect(ever.find(({ id }) => id === renamed.person)).toEqual({
        id: renamed.person,
        name: "Anne Other",
        present: true,
        faces: 1,
      });
      const receipt = await forget(gallery, ["Ann Example"]);
      expect(receipt.people.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids);
      expect(receipt.people.find(({ id }) => id === renamed.person)).toEqual({
        id: renamed.person,
        names: ["Anne Other", "Ann Example"],
        faces: 1,
      });
      expect(receipt).toMatchObject({ faces: 5, crops: 5, finished: true });
      expect(receipt.searched.filter(({ hits }) => hits > 0)).toEqual([]);
      expect(await told(gallery)).not.toMatch(/Ann/);
      expect((await gallery.records.stats()).deletedFaces).toBe(0);
      for (const { sequence } of [undone, deleted, renamed])
        await expect(gallery.undo(sequence)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(gallery.forget(["Ann Example"])).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
    });

    test("a number means one of them, and the others stay", async () => {
      const gallery = await fresh();
      const first = await enrol(gallery, "Ann Example");
      await gallery.deletePerson("Ann Example");
      const second = await enrol(gallery, "Ann Example");
      const receipt = await gallery.forget([first.person]);
      expect(receipt.people).toEqual([{ id: first.person, names: ["Ann Example"], faces: 1 }]);
      expect(await gallery.person("Ann Example")).toMatchObject({ id: second.person, faces: 1 });
      for (const number of [first.person, 0, -1, 1.5, 2 ** 52])
        await expect(gallery.forget([number])).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
      expect((await gallery.forget([second.person])).people).toHaveLength(1);
      await expect(gallery.person("Ann Example")).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
    });

    test("a name that was merged away means the person it became, as long as the merge stands", async () => {
      const gallery = await fresh();
      await enrol(gallery, "Anna Old");
      await enrol(gallery, "Ann Example");
      const merge = await gallery.merge(["Anna Old"], "Ann Example");
      await gallery.undo(merge.sequence);
      expect(await gallery.everNamed("Anna Old")).toHaveLength(1);
      const redo = await gallery.records.latest();
      await gallery.undo(redo);
      expect(await gallery.everNamed("Anna Old")).toHaveLength(2);
      await expectForgotten(gallery, ["Anna Old"], ["Ann"], 2);
    });

    test("other names of the person go, too: split and taken back, moved there and back, empty and merged", async () => {
      const cases: Record<string, (gallery: Gallery, faces: readonly number[]) => Promise<void>> = {
        split: async (gallery, faces) => {
          const { sequence } = await gallery.split("Ann Example", [faces[0]!], "Secret Alias");
          await gallery.undo(sequence);
        },
        moved: async (gallery, faces) => {
          await gallery.move(faces, "Secret Alias");
          await gallery.move(faces, "Ann Example");
          await gallery.deletePerson("Secret Alias");
        },
        "moved and still there": async (gallery, faces) => {
          await gallery.move(faces, "Secret Alias");
          await gallery.move(faces, "Ann Example");
        },
        "merged without a face": async (gallery) => {
          await gallery.enrol([{ name: "Secret Alias", faces: [] }]);
          await gallery.merge(["Secret Alias"], "Ann Example");
        },
        "merged without a face, and renamed": async (gallery) => {
          await gallery.enrol([{ name: "Secret", faces: [] }]);
          await gallery.rename("Secret", "Secret Alias");
          await gallery.merge(["Secret Alias"], "Ann Example");
          await gallery.rename("Ann Example", "Ann Second");
        },
      };
      for (const [what, change] of Object.entries(cases)) {
        const gallery = await fresh();
        const { faces } = await enrol(gallery, "Ann Example", 2);
        await change(gallery, faces);
        const receipt = await forget(gallery, ["Ann Example"]);
        expect([what, receipt.faces, receipt.finished]).toEqual([what, 2, true]);
        expect([what, await told(gallery)]).not.toEqual([what, expect.stringMatching(/Ann|Secret/)]);
        await expectReplay(gallery);
      }
    });

    test("a face that somebody else has now stays, and the log no longer says whose it was", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Ann Example", 2);
      const old = await enrol(gallery, "Anna Old");
      await gallery.merge(["Anna Old"], "Ann Example");
      await gallery.move(old.faces, "Keeper Kate");
      await expectForgotten(gallery, ["Ann Example"], ['Ann Example"', 'Anna Old"'], 2);
      expect((await gallery.person("Keeper Kate")).faces).toBe(2);
      const log = await gallery.records.log({ limit: 100 });
      const owners = log.flatMap(({ effects }) =>
        effects.flatMap((effect) =>
          effect.subject === "face"
            ? [effect.before?.person, effect.after?.person]
            : effect.subject === "person"
              ? [effect.id]
              : [],
        ),
      );
      expect(owners).not.toContain(ann.person);
      expect(owners).not.toContain(old.person);
      expect((await gallery.identify(old.vectors[0]!)).person?.name).toBe("Keeper Kate");
    });

    test("somebody else who was deleted stays, though one of the faces was theirs once", async () => {
      const gallery = await fresh();
      const carl = await enrol(gallery, "Carl", 2);
      await gallery.move([carl.faces[0]!], "Ann Example");
      const { sequence } = await gallery.deletePerson("Carl");
      await expectForgotten(gallery, ["Ann Example"], ["Ann"], 1);
      await gallery.undo(sequence);
      expect(await gallery.person("Carl")).toMatchObject({ id: carl.person, faces: 1 });
      await expectReplay(gallery);
    });

    test("a person who was merged and parted again stays", async () => {
      const gallery = await fresh();
      await enrol(gallery, "Ann Example");
      await enrol(gallery, "Ben");
      const { sequence } = await gallery.merge(["Ben"], "Ann Example");
      await gallery.undo(sequence);
      const deletion = await gallery.deletePerson("Ben");
      await expectForgotten(gallery, ["Ann Example"], ["Ann"], 1);
      await gallery.undo(deletion.sequence);
      expect((await gallery.person("Ben")).faces).toBe(1);
    });

    test("names with odd characters are forgotten by them, wherever they stood", async () => {
      const gallery = await fresh();
      for (const name of ['Zoë "Q" O\'Brien\\x', "%_{a,NULL}", "王小明的朋友", "-- \u{1F600} smile"]) {
        await enrol(gallery, name);
        await gallery.rename(name, "between");
        await gallery.rename("between", name);
        await expectForgotten(gallery, [name], [JSON.stringify(name).slice(1, -1), "between"], 1);
      }
      for (const name of ["", "\u0000", "\u0007bell", "x".repeat(5000)])
        await expect(gallery.forget([name])).rejects.toMatchObject({
          code: expect.stringMatching(/^(USAGE|PERSON_UNKNOWN)$/),
        });
    });

    test("a photograph, a vector and a crop that others have as well are not taken for what was left", async () => {
      const gallery = await fresh();
      const shared = face("party with everybody.jpg");
      await gallery.enrol([{ name: "Ann Example", faces: [shared, face("party with everybody.jpg")] }]);
      await gallery.enrol([{ name: "Annabella Example", faces: [shared] }]);
      const receipt = await forget(gallery, ["Ann Example"]);
      expect(receipt).toMatchObject({ faces: 2, finished: true });
      expect(receipt.searched.filter(({ hits }) => hits > 0)).toEqual([]);
      expect(receipt.notProven).toContain(
        '"party with everybody.jpg" was not searched for: it is part of what is kept of others',
      );
      expect(receipt.notProven.join("\n")).toMatch(/\d+ pieces of vectors or crops were not searched for/);
      expect((await gallery.search(shared.vector, 1))[0]?.person.name).toBe("Annabella Example");
    });

    test("two processes that forget at once both come to an end, and nothing is left", async () => {
      const gallery = await fresh();
      const second = new Gallery(await engine.again(storeOf(gallery)), { clock: ticking() });
      opened.push(second);
      await enrol(gallery, "Ann Example", 2);
      await enrol(gallery, "Ben Example", 2);
      const [ann, ben] = await Promise.all([gallery.forget(["Ann Example"]), second.forget(["Ben Example"])]);
      expect([ann.people[0]!.names, ben.people[0]!.names]).toEqual([["Ann Example"], ["Ben Example"]]);
      expect(await told(second)).not.toMatch(/Ann|Ben/);
      const same = await Promise.allSettled(
        [gallery, second].map(async (each) => await each.forget(["Keeper Kate"])),
      );
      expect(same.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
      for (const outcome of same)
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "PERSON_UNKNOWN" });
      for (const erasure of await gallery.finishErasures()) expect(erasure.finished).toBe(true);
      expect(await second.finishErasures()).toEqual([]);
      await expectReplay(second);
    });

    test("a receipt that could not be shown is kept without the names until it was", async () => {
      const gallery = await fresh();
      const { person, sequence } = await enrol(gallery, "Ann Example", 2);
      const unheard = gallery.forget(["Ann Example"], {
        show: () => {
          throw new Error("nobody listens");
        },
      });
      await expect(unheard).rejects.toThrow("nobody listens");
      const shown: unknown[] = [];
      const [receipt, ...more] = await gallery.finishErasures({
        show: async (each) => void shown.push(each),
      });
      expect(receipt).toMatchObject({
        faces: 2,
        finished: true,
        people: [{ id: person, names: [], faces: 2 }],
      });
      expect(receipt!.changes).toEqual([sequence + 1]);
      expect([shown, more]).toEqual([[receipt], []]);
      expect(await gallery.finishErasures()).toEqual([]);
      await expect(gallery.forget(["Ann Example"])).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
    });

    test("taking back a deletion is refused once the gallery was moved to another model without the face", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Ann Example", 2);
      const rename = await gallery.rename("Keeper Kate", "Kate");
      const { sequence } = await gallery.deleteFaces([ann.faces[0]!]);
      await storeOf(gallery).beginReindex(madePipeline(PIPELINE.model.dimension, "next-model"));
      const todo = await storeOf(gallery).facesToEmbed({ limit: 100 });
      const vectors = todo
        .filter(({ id }) => id !== ann.faces[0])
        .map(({ id }) => [id, made.direction()] as const);
      await storeOf(gallery).addReindexed(new Map(vectors));
      await storeOf(gallery).finishReindex("2026-01-02T00:00:00.000Z");
      await expect(gallery.undo(sequence)).rejects.toMatchObject({
        code: "CONFLICT",
        message: expect.stringContaining("moved to another model without it"),
      });
      await expect(gallery.undo()).rejects.toMatchObject({
        code: "CONFLICT",
        message: expect.stringContaining("(reindex), which cannot"),
      });
      await gallery.undo(rename.sequence);
      expect((await gallery.person("Keeper Kate")).faces).toBe(1);
      expect((await gallery.records.faces({ limit: 9 }, ann.person)).map(({ id }) => id)).toEqual([
        ann.faces[1],
      ]);
      await expectReplay(gallery);
      await expectForgotten(gallery, ["Ann Example"], ["Ann"], 1);
    });
  });
}

/** Replays the log: what it tells is what the tables hold. */
export async function expectReplay({ records }: Gallery): Promise<void> {
  const entries = [];
  for (let after: number | undefined; ; ) {
    const page = await records.log({ after, limit: 100 });
    entries.push(...page);
    if (page.length < 100) break;
    after = page.at(-1)!.sequence;
  }
  entries.reverse();
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, i) => i + 1));
  const people = new Map<number, object>();
  const faces = new Map<number, number>();
  for (const { effects } of entries) {
    for (const effect of effects) {
      if (effect.subject === "person") {
        if (effect.after) people.set(effect.id, { name: effect.after.name, expires: effect.after.expires });
        else people.delete(effect.id);
      } else if (effect.subject === "face") {
        if (effect.after) faces.set(effect.id, effect.after.person);
        else faces.delete(effect.id);
      }
    }
  }
  const there = await records.people({ limit: 1000 });
  const sorted = <V>(map: Map<number, V>): [number, V][] => [...map].sort(([a], [b]) => a - b);
  expect(sorted(people)).toEqual(
    sorted(new Map(there.map(({ id, name, expires }) => [id, { name, expires }]))),
  );
  const kept = await records.faces({ limit: 10_000 });
  expect(sorted(faces)).toEqual(sorted(new Map(kept.map(({ id, person }) => [id, person]))));
  const vectors = await records.vectors(kept.map(({ id }) => id));
  expect(vectors.size).toBe(kept.length);
}
