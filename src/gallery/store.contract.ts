import { afterAll, describe, expect, test } from "vitest";
import { cosine, type UnitVector } from "../core/index.ts";
import type { Change, Effect } from "./change.ts";
import { changesContract } from "./changes.contract.ts";
import { DIMENSION, galleriesOf, PIPELINE, SETTINGS, type StoreUnderTest } from "./engine.contract.ts";
import { storeOf } from "./gallery.ts";
import { linksContract } from "./links.contract.ts";
import { MadeFaces, provenance } from "./made-faces.ts";
import { movesContract } from "./moves.contract.ts";

/** The contract of every engine; called once for each. */
export function storeContract(engine: StoreUnderTest): void {
  const title = engine.missing === undefined ? engine.name : `${engine.name} (skipped: ${engine.missing})`;
  describe.skipIf(engine.missing !== undefined)(`${title} keeps a gallery:`, () => {
    const galleries = galleriesOf(engine);
    const { made, fresh, again, enrol, names } = galleries;

    afterAll(async () => {
      await galleries.close();
    });

    changesContract(galleries);
    movesContract(engine, galleries);
    linksContract(galleries);

    test("a note is kept for the state it is of, replaced, and gone when somebody is forgotten", async () => {
      const gallery = await fresh();
      await enrol(gallery, "Ann", 1);
      const store = storeOf(gallery);
      const before = await store.latest();
      expect(await store.note("n")).toBeUndefined();
      await store.keepNote("n", '"1', before);
      await store.keepNote("n", "two", before);
      expect(await storeOf(await again(gallery)).note("n")).toBe("two");
      await enrol(gallery, "Ben", 1);
      await store.keepNote("n", "of an earlier state", before);
      expect(await store.note("n")).toBe("two");
      await gallery.forget(["Ann"]);
      expect(await store.note("n")).toBeUndefined();
    });

    test("what was enrolled is there when it is opened again: people, provenance, vectors and crops to the bit", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Ann", 3);
      const second = await again(gallery);
      expect(second.pipeline).toEqual(PIPELINE);
      expect(second.records.settings).toEqual(SETTINGS);
      expect(await second.person("Ann")).toEqual({ id: ann.person, name: "Ann", expires: null, faces: 3 });
      const faces = await second.records.faces({ limit: 10 }, ann.person);
      expect(faces.map(({ id }) => id)).toEqual(ann.faces);
      expect(faces[1]).toEqual({ id: ann.faces[1], person: ann.person, provenance: provenance("Ann/1.jpg") });
      const vectors = await second.records.vectors(ann.faces);
      expect([...vectors.get(ann.faces[2]!)!]).toEqual([...ann.vectors[2]!]);
      const crop = await second.records.crop(ann.faces[0]!);
      expect(Buffer.from(crop!).equals(Buffer.from(ann.crops[0]!))).toBe(true);
    });

    test("a face near someone is theirs, a face near nobody is unknown", async () => {
      const gallery = await fresh();
      expect(await gallery.identify(made.direction())).toMatchObject({
        person: null,
        cosine: null,
        candidates: [],
      });
      const ann = await enrol(gallery, "Ann", 3);
      await enrol(gallery, "Ben", 3);
      const query = made.near(ann.centre);
      const best = Math.max(...ann.vectors.map((vector) => cosine(query, vector)));
      const found = await gallery.identify(query, { k: 2 });
      expect(found).toMatchObject({ person: { name: "Ann" }, threshold: 0.4 });
      expect(found.cosine).toBeCloseTo(best, 6);
      expect(found.candidates.map(({ person }) => person.name)).toEqual(["Ann", "Ben"]);
      const stranger = await gallery.identify(made.direction());
      expect(stranger.person).toBeNull();
      expect(stranger.candidates).toHaveLength(1);
      expect((await gallery.identify(query, { threshold: 0.999 })).person).toBeNull();
      expect(await gallery.verify("Ben", query)).toMatchObject({ same: false, person: { name: "Ben" } });
      expect((await gallery.verify("Ann", query)).cosine).toBeCloseTo(best, 6);
    });

    test("the nearest people are those of comparing with everything", async () => {
      const gallery = await fresh();
      const centres = Array.from({ length: 60 }, () => made.direction());
      const enrolments = centres.map((centre, i) => ({
        name: `P${String(i).padStart(2, "0")}`,
        faces: [1, 2, 3].map(() => made.face(centre)),
      }));
      const { result } = await gallery.enrol(enrolments);
      let agreed = 0;
      const rounds = 20;
      for (let round = 0; round < rounds; round++) {
        const query = made.near(centres[round]!, 0.3);
        const exact = enrolments
          .map(({ faces }, i) => ({
            person: result[i]!.person,
            cosine: Math.max(...faces.map(({ vector }) => cosine(query, vector))),
          }))
          .sort((a, b) => b.cosine - a.cosine || a.person - b.person)
          .slice(0, 5);
        const hits = await gallery.records.nearest(query, 5);
        expect(hits).toHaveLength(5);
        for (const hit of hits) {
          const truth = exact.find(({ person }) => person === hit.person);
          if (truth) {
            expect(hit.cosine).toBeCloseTo(truth.cosine, 6);
            agreed++;
          }
        }
        for (let i = 1; i < 5; i++) expect(hits[i - 1]!.cosine).toBeGreaterThanOrEqual(hits[i]!.cosine);
      }
      expect(agreed / (rounds * 5)).toBeGreaterThanOrEqual(engine.recall);
    });

    test("people are listed in order of names, page by page", async () => {
      const gallery = await fresh();
      for (const name of ["Zoë", "Ann", "Ben", "Cem", "Dana"]) await enrol(gallery, name, 1);
      const first = await gallery.records.people({ limit: 2 });
      expect(first.map(({ name }) => name)).toEqual(["Ann", "Ben"]);
      const next = await gallery.records.people({ after: "Ben", limit: 2 });
      expect(next.map(({ name }) => name)).toEqual(["Cem", "Dana"]);
      expect(await names(gallery)).toEqual(["Ann 1", "Ben 1", "Cem 1", "Dana 1", "Zoë 1"]);
    });

    test("names that look the same are one person, and what is not seen is refused", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Zoe\u0308", 1);
      await enrol(gallery, " Zo\u00eb\u00a0", 1);
      expect(await names(gallery)).toEqual(["Zo\u00eb 2"]);
      expect(await gallery.person("Zoe\u0308 ")).toMatchObject({ id: ann.person, faces: 2 });
      await gallery.rename("Zoe\u0308", "Ann\u00a0 Zoe\u0308");
      await gallery.split("Ann Zoe\u0308", ann.faces, "Be\u0301a");
      await gallery.move(ann.faces, "Be\u0301a ");
      expect(await names(gallery)).toEqual(["Ann Zo\u00eb 1", "B\u00e9a 1"]);
      for (const name of ["Zo\u200be", "Zo\u202ee", "Zo\u009be", "Zo\u0000e", ""]) {
        const refused = { code: "USAGE" };
        await expect(gallery.enrol([{ name, faces: [] }])).rejects.toMatchObject(refused);
        await expect(gallery.rename("B\u00e9a", name)).rejects.toMatchObject(refused);
        await expect(gallery.move(ann.faces, name)).rejects.toMatchObject(refused);
        await expect(gallery.split("B\u00e9a", ann.faces, name)).rejects.toMatchObject(refused);
        await expect(gallery.person(name)).rejects.toMatchObject(refused);
      }
      const effect: Effect = {
        subject: "person",
        id: ann.person,
        before: { name: "Ann Zo\u00eb", expires: null },
        after: { name: "Zoe\u0308", expires: null },
      };
      const change = {
        kind: "rename" as const,
        at: "2026-01-01T00:00:00.000Z",
        effects: [effect],
        contents: [],
      };
      await expect(storeOf(gallery).commit(change)).rejects.toMatchObject({ code: "USAGE" });
      await gallery.merge(["Be\u0301a", "B\u00e9a"], "Ann Zoe\u0308");
      expect(await names(gallery)).toEqual(["Ann Zo\u00eb 2"]);
    });

    test("vectors of another dimension or with broken numbers are refused", async () => {
      const gallery = await fresh();
      const wrong = new MadeFaces(1, 32).direction();
      const enrolWrong = gallery.enrol([
        { name: "Ann", faces: [{ vector: wrong, provenance: provenance("a") }] },
      ]);
      await expect(enrolWrong).rejects.toMatchObject({ code: "SHAPE" });
      await expect(gallery.search(wrong, 1)).rejects.toMatchObject({ code: "SHAPE" });
      const broken = new Float32Array(DIMENSION).fill(Number.NaN) as unknown as UnitVector;
      await expect(gallery.search(broken, 1)).rejects.toMatchObject({ code: "ZERO_VECTOR" });
      expect(await names(gallery)).toEqual([]);
    });

    test("another process's changes are in the next answer", async () => {
      const gallery = await fresh();
      const second = await again(gallery);
      expect(await second.search(made.direction(), 1)).toEqual([]);
      const ann = await enrol(gallery, "Ann", 2);
      expect((await second.identify(ann.vectors[0]!)).person?.name).toBe("Ann");
      await second.rename("Ann", "Anna");
      await second.deleteFaces([ann.faces[0]!]);
      const found = await gallery.identify(ann.vectors[0]!);
      expect(found.candidates[0]).toMatchObject({ person: { name: "Anna" }, face: ann.faces[1] });
    });

    test.skipIf(!engine.comparesAndSets)(
      "of two processes that change one thing, neither overwrites the other",
      async () => {
        const gallery = await fresh();
        const second = await again(gallery);
        await enrol(gallery, "Ann", 1);
        const rename = (to: string): Effect => ({
          subject: "person",
          id: 0,
          before: { name: "Ann", expires: null },
          after: { name: to, expires: null },
        });
        const { id } = await gallery.person("Ann");
        const change = (to: string): Change => ({
          kind: "rename",
          at: "2026-01-01T00:00:00.000Z",
          effects: [{ ...rename(to), id }],
          contents: [],
        });
        const answers = await Promise.allSettled([
          storeOf(gallery).commit(change("One")),
          storeOf(second).commit(change("Two")),
        ]);
        expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
        const same = await Promise.all(
          Array.from({ length: 12 }, (_, i) =>
            (i % 2 ? gallery : second).enrol([{ name: "Shared", faces: [made.face(made.direction())] }]),
          ),
        );
        expect(same.filter(({ result }) => result[0]!.created)).toHaveLength(1);
        expect((await gallery.person("Shared")).faces).toBe(12);
      },
    );

    test("photographs that are in the gallery are known again", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Ann", 2);
      const known = await gallery.records.knownPhotographs(["ab".repeat(32), "cd".repeat(32)]);
      expect([...known]).toEqual([["ab".repeat(32), [ann.person]]]);
    });

    test("forgetting removes a person, the deleted faces, the merged and the log's words, and cannot be undone", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Annabella", 3);
      await enrol(gallery, "Bella", 1);
      const ben = await enrol(gallery, "Benedict", 2);
      await gallery.merge(["Bella"], "Annabella");
      await gallery.deleteFaces([ann.faces[2]!]);
      const receipt = await gallery.forget(["Annabella"]);
      expect(receipt).toMatchObject({ faces: 4, crops: 4 });
      expect(receipt.searched.length).toBeGreaterThan(0);
      expect(receipt.searched.reduce((sum, { hits }) => sum + hits, 0)).toBe(0);
      expect(await names(gallery)).toEqual(["Benedict 2"]);
      expect((await gallery.search(ann.vectors[0]!, 1))[0]?.person.name).toBe("Benedict");
      expect(JSON.stringify(await gallery.records.log({ limit: 100 }))).not.toMatch(/ella/);
      expect(JSON.stringify(await gallery.records.log({ limit: 100 }))).toMatch(/Benedict/);
      await expect(gallery.undo(1)).rejects.toMatchObject({ code: "CONFLICT" });
      expect((await gallery.identify(ben.vectors[0]!)).person?.name).toBe("Benedict");
    });

    test("pruning forgets those whose date has passed, and what was deleted when asked to", async () => {
      const gallery = await fresh();
      const face = () => made.face(made.direction());
      await gallery.enrol([
        { name: "Guest", faces: [face()], expires: new Date(Date.UTC(2025, 5, 1)) },
        { name: "Later", faces: [face()], expires: new Date(Date.UTC(2027, 5, 1)) },
        { name: "Member", faces: [face()] },
        { name: "Gone", faces: [face()] },
      ]);
      await gallery.deletePerson("Gone");
      const pruned = await gallery.prune();
      expect(pruned?.people.map(({ names }) => names)).toEqual([["Guest"]]);
      expect(await names(gallery)).toEqual(["Later 1", "Member 1"]);
      expect((await gallery.records.stats()).deletedFaces).toBe(1);
      const rest = await gallery.prune({ deletedBefore: new Date(Date.UTC(2026, 6, 1)) });
      expect(rest?.faces).toBe(1);
      expect((await gallery.records.stats()).deletedFaces).toBe(0);
      expect(await gallery.prune()).toBeUndefined();
      await gallery.retain("Later", null);
      expect((await gallery.person("Later")).expires).toBeNull();
    });

    test("a check of everything finds nothing wrong after changes of every kind", async () => {
      const gallery = await fresh();
      const ann = await enrol(gallery, "Ann", 3);
      await enrol(gallery, "Ben", 1);
      await gallery.rename("Ann", "Anna");
      await gallery.split("Anna", [ann.faces[0]!], "Twin");
      await gallery.merge(["Ben"], "Anna");
      await gallery.deletePerson("Twin");
      await gallery.undo();
      await gallery.forget(["Twin"]);
      expect(await gallery.check()).toEqual({
        ...{ people: 1, faces: 3, changes: 8 },
        problems: [],
      });
    });

    test("says how large it is", async () => {
      const gallery = await fresh();
      await enrol(gallery, "Ann", 3);
      await enrol(gallery, "Ben", 1);
      await gallery.deletePerson("Ben");
      expect(await gallery.records.stats()).toMatchObject({
        people: 1,
        faces: 3,
        deletedFaces: 1,
        changes: 3,
      });
    });

    test("a closed gallery says so, and closing twice does nothing", async () => {
      const gallery = await fresh();
      await gallery.close();
      await gallery.close();
      await expect(gallery.person("Ann")).rejects.toMatchObject({ code: "CLOSED" });
    });
  });
}
