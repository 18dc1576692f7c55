import { expect, test } from "vitest";
import type { Change, Effect, FaceContent } from "./change.ts";
import type { Galleries } from "./engine.contract.ts";
import { storeOf } from "./gallery.ts";

/** Changes of people and faces, and how they are taken back. Called inside the suite of an engine. */
export function changesContract({ made, fresh, enrol, names }: Galleries): void {
  test("renaming, moving, splitting, merging and deleting do what they say", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 3);
    const ben = await enrol(gallery, "Ben", 2);
    await gallery.rename("Ann", "Anna");
    expect(await names(gallery)).toEqual(["Anna 3", "Ben 2"]);
    await expect(gallery.rename("Ben", "Anna")).rejects.toMatchObject({ code: "CONFLICT" });
    await gallery.move([ann.faces[0]!], "Ben");
    expect(await names(gallery)).toEqual(["Anna 2", "Ben 3"]);
    const moved = await gallery.identify(ann.vectors[0]!);
    expect(moved.candidates).toMatchObject([{ person: { name: "Ben" }, face: ann.faces[0] }]);
    await gallery.split("Anna", [ann.faces[1]!], "Twin");
    expect(await names(gallery)).toEqual(["Anna 1", "Ben 3", "Twin 1"]);
    await gallery.merge(["Twin", "Ben"], "Anna");
    expect(await names(gallery)).toEqual(["Anna 5"]);
    expect((await gallery.identify(ben.vectors[1]!)).person?.name).toBe("Anna");
    await gallery.deleteFaces([ben.faces[1]!]);
    expect((await gallery.search(ben.vectors[1]!, 1))[0]?.face).not.toBe(ben.faces[1]);
    await gallery.deletePerson("Anna");
    expect(await names(gallery)).toEqual([]);
    expect(await gallery.search(ann.vectors[0]!, 3)).toEqual([]);
    await expect(gallery.person("Anna")).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
  });

  test("each change can be taken back, last first, and the taking back too", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 2);
    await enrol(gallery, "Ben", 2);
    await gallery.rename("Ann", "Anna");
    await gallery.split("Anna", [ann.faces[0]!], "Twin");
    await gallery.merge(["Ben"], "Twin");
    await gallery.deletePerson("Twin");
    expect(await names(gallery)).toEqual(["Anna 1"]);
    const undone = await gallery.undo();
    expect(undone.result.kind).toBe("delete");
    expect(await names(gallery)).toEqual(["Anna 1", "Twin 3"]);
    expect((await gallery.identify(ann.vectors[0]!)).candidates[0]?.person.name).toBe("Twin");
    await gallery.undo();
    expect(await names(gallery)).toEqual(["Anna 1", "Ben 2", "Twin 1"]);
    const split = await gallery.undo();
    expect(await names(gallery)).toEqual(["Anna 2", "Ben 2"]);
    await gallery.undo(split.sequence);
    expect(await names(gallery)).toEqual(["Anna 1", "Ben 2", "Twin 1"]);
    await expect(gallery.undo(split.sequence)).rejects.toMatchObject({ code: "CONFLICT" });
    const log = await gallery.records.log({ limit: 100 });
    expect(log.map(({ kind }) => kind)).toEqual([
      "undo",
      "undo",
      "undo",
      "undo",
      "delete",
      "merge",
      "split",
      "rename",
      "enrol",
      "enrol",
    ]);
    expect(log.map(({ sequence }) => sequence)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("a last change that cannot be undone is said, and nothing before it is taken back instead", async () => {
    const gallery = await fresh();
    await enrol(gallery, "Annabella", 1);
    const { sequence } = await gallery.enrol([{ name: "Ben", faces: [made.face(made.direction())] }]);
    await gallery.forget(["Annabella"]);
    const forgotten = await gallery.records.latest();
    await expect(gallery.undo()).rejects.toMatchObject({
      code: "CONFLICT",
      message: `undo: expected a last change that can be undone, got ${forgotten} (forget), which cannot; "undo ${sequence}" takes back the one before it (enrol)`,
    });
    expect(await names(gallery)).toEqual(["Ben 1"]);
    await gallery.rename("Ben", "Benedict");
    expect((await gallery.undo()).result.kind).toBe("rename");
    await expect(gallery.undo()).rejects.toMatchObject({ code: "CONFLICT" });
    await gallery.undo(sequence);
    expect(await names(gallery)).toEqual([]);
  });

  test("a change that later ones built upon is not taken back alone", async () => {
    const gallery = await fresh();
    const { sequence } = await gallery.enrol([{ name: "Ann", faces: [made.face(made.direction())] }]);
    await gallery.rename("Ann", "Anna");
    await expect(gallery.undo(sequence)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await names(gallery)).toEqual(["Anna 1"]);
    await expect(gallery.undo(99)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("a change that fails in its middle leaves nothing", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 1);
    const [person, face] = [await storeOf(gallery).reserveIds(2), 0];
    const effects: Effect[] = [
      { subject: "person", id: person, before: null, after: { name: "Ben", expires: null } },
      { subject: "face", id: ann.faces[0]!, before: { person: 123_456 }, after: { person } },
    ];
    const contents: FaceContent[] = [];
    const change: Change = { kind: "move", at: "2026-01-01T00:00:00.000Z", effects, contents };
    await expect(storeOf(gallery).commit(change)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await names(gallery)).toEqual(["Ann 1"]);
    expect(await gallery.records.log({ limit: 10 })).toHaveLength(1);
    expect(face).toBe(0);
  });

  test("no face is left without its person", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 2);
    const leaving: Effect = {
      subject: "person",
      id: ann.person,
      before: { name: "Ann", expires: null },
      after: null,
    };
    const change: Change = {
      kind: "delete",
      at: "2026-01-01T00:00:00.000Z",
      effects: [leaving],
      contents: [],
    };
    await expect(storeOf(gallery).commit(change)).rejects.toThrow(/every face of a person who leaves/);
    const orphan: Effect = {
      subject: "face",
      id: ann.faces[0]!,
      before: { person: ann.person },
      after: { person: 99_999 },
    };
    await expect(storeOf(gallery).commit({ ...change, effects: [orphan] })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect(await names(gallery)).toEqual(["Ann 2"]);
  });
}
