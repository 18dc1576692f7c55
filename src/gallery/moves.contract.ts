import { beforeAll, describe, expect, test } from "vitest";
import type { Enrolled, Galleries, StoreUnderTest } from "./engine.contract.ts";
import type { Gallery } from "./gallery.ts";
import { storeOf } from "./gallery.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";

/** Moves of a gallery to another model. Called inside the suite of an engine. */
export function movesContract(engine: StoreUnderTest, { made, fresh, again, enrol }: Galleries): void {
  describe("moving to another model", () => {
    const next = madePipeline(32, "next-model");
    const nextFaces = new MadeFaces(9, 32);
    let gallery: Gallery;
    let ann: Enrolled;

    beforeAll(async () => {
      if (engine.missing !== undefined) return;
      gallery = await fresh();
      ann = await enrol(gallery, "Ann", 3);
      await enrol(gallery, "Ben", 2);
    });

    test("goes on where it was, refuses to end early, and then answers with the new vectors only", async () => {
      const second = await again(gallery);
      await storeOf(gallery).beginReindex(next);
      const todo = await storeOf(gallery).facesToEmbed({ limit: 10 });
      expect(todo).toHaveLength(5);
      expect(Buffer.from(todo[0]!.crop!).equals(Buffer.from(ann.crops[0]!))).toBe(true);
      const vectors = new Map(todo.map(({ id }) => [id, nextFaces.direction()]));
      await storeOf(gallery).addReindexed(new Map([...vectors].slice(0, 3)));
      await expect(storeOf(gallery).finishReindex("2026-01-02T00:00:00.000Z")).rejects.toMatchObject({
        code: "CONFLICT",
      });
      await storeOf(gallery).beginReindex(next);
      await expect(storeOf(gallery).beginReindex(madePipeline(32, "third"))).rejects.toMatchObject({
        code: "CONFLICT",
      });
      const rest = await storeOf(gallery).facesToEmbed({ limit: 10 });
      expect(rest.map(({ id }) => id)).toEqual(todo.slice(3).map(({ id }) => id));
      expect((await gallery.identify(ann.vectors[0]!)).person?.name).toBe("Ann");
      await storeOf(gallery).addReindexed(new Map([...vectors].slice(3)));
      await storeOf(gallery).finishReindex("2026-01-02T00:00:00.000Z");
      expect(gallery.pipeline).toEqual(next);
      const query = vectors.get(ann.faces[1]!)!;
      expect(await gallery.identify(query)).toMatchObject({
        person: { name: "Ann" },
        candidates: [{ face: ann.faces[1] }],
      });
      await expect(second.search(ann.vectors[0]!, 1)).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
      const late = second.enrol([{ name: "Late", faces: [made.face(made.direction())] }]);
      await expect(late).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
      expect((await again(gallery)).pipeline).toEqual(next);
    });
  });

  test("a move to a pipeline that nobody runs any more gives way to the next, with nothing left of it", async () => {
    const gallery = await fresh();
    const { faces } = await enrol(gallery, "Ann", 2);
    const old = madePipeline(32, "next-model");
    await storeOf(gallery).beginReindex(old);
    const oldFaces = new MadeFaces(9, 32);
    await storeOf(gallery).addReindexed(new Map(faces.map((id) => [id, oldFaces.direction()])));
    const current = { ...madePipeline(16, "next-model"), alignment: { ...old.alignment!, version: 2 } };
    await storeOf(gallery).beginReindex(current);
    expect(await storeOf(gallery).facesToEmbed({ limit: 9 })).toHaveLength(2);
    const newFaces = new MadeFaces(9, 16);
    const vectors = new Map(faces.map((id) => [id, newFaces.direction()]));
    await storeOf(gallery).addReindexed(vectors);
    await storeOf(gallery).finishReindex("2026-01-02T00:00:00.000Z");
    expect(gallery.pipeline).toEqual(current);
    expect((await gallery.identify(vectors.get(faces[0]!)!)).candidates[0]?.face).toBe(faces[0]);
  });
}
