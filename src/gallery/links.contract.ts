import { expect, test } from "vitest";
import type { Galleries } from "./engine.contract.ts";
import { storeOf } from "./gallery.ts";
import { isUnknownName, unknownName } from "./plan-answer.ts";

/** Words about faces, kept. Called inside the suite of an engine. */
export function linksContract({ made, fresh, again, enrol, names }: Galleries): void {
  test("two people who are said to be one become one, whoever has a name; undo parts them", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 1);
    const unknown = await enrol(gallery, unknownName(77), 3);
    const faces = [unknown.faces[0]!, ann.faces[0]!] as const;
    const said = await gallery.answer({ kind: "same", faces });
    expect(said.result).toEqual({ people: [ann.person] });
    expect(await names(gallery)).toEqual(["Ann 4"]);
    expect(await gallery.records.links()).toEqual([
      { id: expect.any(Number), sequence: said.sequence, kind: "same", faces },
    ]);
    expect(await gallery.answer({ kind: "same", faces: [faces[1], faces[0]] })).toMatchObject({
      sequence: 0,
    });
    const { kind, effects } = (await gallery.records.entry(said.sequence))!;
    expect(kind).toBe("merge");
    expect(effects.at(-1)).toEqual({
      subject: "link",
      id: expect.any(Number),
      before: null,
      after: { kind: "same", faces },
    });
    const second = await again(gallery);
    expect(await second.records.links()).toHaveLength(1);
    await second.undo();
    expect(await names(gallery)).toEqual(["Ann 1", "Unknown 77 3"]);
    expect(await gallery.records.links()).toEqual([]);
    await second.undo(await gallery.records.latest());
    expect(await names(gallery)).toEqual(["Ann 4"]);
    expect((await gallery.check()).problems).toEqual([]);
  });

  test("of one person's faces those that are another's leave for somebody without a name", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 4);
    const [a, b, c, d] = ann.faces as [number, number, number, number];
    await gallery.answer({ kind: "same", faces: [b, c] });
    const said = await gallery.answer({ kind: "different", faces: [a, b] });
    const [, other] = said.result.people;
    const person = await gallery.person(other!);
    expect(isUnknownName(person.name)).toBe(true);
    expect((await gallery.records.faces({ limit: 9 }, person.id)).map(({ id }) => id)).toEqual([b, c]);
    expect((await gallery.records.faces({ limit: 9 }, ann.person)).map(({ id }) => id)).toEqual([a, d]);
    await gallery.undo();
    expect(await names(gallery)).toEqual(["Ann 4"]);
    await gallery.answer({ kind: "different", faces: [a, b], leaving: [d] });
    expect((await gallery.records.faces({ limit: 9 }, ann.person)).map(({ id }) => id)).toEqual([a]);
  });

  test("a contradiction is told in words, with the change that said the contrary", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 2);
    const ben = await enrol(gallery, "Ben", 2);
    const [a, b] = [ann.faces[0]!, ben.faces[0]!];
    const { sequence } = await gallery.answer({ kind: "different", faces: [a, b] });
    await expect(
      gallery.answer({ kind: "same", faces: [ann.faces[1]!, ben.faces[1]!] }),
    ).rejects.toMatchObject({
      code: "CONFLICT",
      message: `answer: expected one that goes with those before it, got the contrary of change ${sequence}, by which faces ${a} and ${b} are two people; "undo ${sequence}" takes that back`,
    });
    await gallery.undo(sequence);
    const same = await gallery.answer({ kind: "same", faces: [a, b] });
    await expect(gallery.answer({ kind: "different", faces: [b, a] })).rejects.toThrow(
      `the contrary of change ${same.sequence}, by which faces ${a} and ${b} are one person`,
    );
    expect(await names(gallery)).toEqual(["Ann 4"]);
    await expect(gallery.answer({ kind: "same", faces: [a, a] })).rejects.toMatchObject({ code: "USAGE" });
    await expect(gallery.answer({ kind: "same", faces: [a, 999_999] })).rejects.toMatchObject({
      code: "PERSON_UNKNOWN",
    });
  });

  test("who moves faces by hand has the last word, and undo gives the earlier one back", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 2);
    const ben = await enrol(gallery, "Ben", 1);
    await gallery.answer({ kind: "same", faces: [ann.faces[0]!, ann.faces[1]!] });
    await gallery.answer({ kind: "different", faces: [ann.faces[0]!, ben.faces[0]!] });
    const kinds = async () => (await gallery.records.links()).map(({ kind }) => kind);
    await gallery.move([ann.faces[1]!], "Ben");
    expect(await kinds()).toEqual(["different"]);
    await gallery.undo();
    expect((await kinds()).sort()).toEqual(["different", "same"]);
    await gallery.merge(["Ben"], "Ann");
    expect(await kinds()).toEqual(["same"]);
    await gallery.undo();
    expect((await kinds()).sort()).toEqual(["different", "same"]);
  });

  test("what is no face leaves, with its place; somebody without a name and without a face leaves, too", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 1);
    const unknown = await enrol(gallery, unknownName(78), 2);
    const said = await gallery.answer({ kind: "no-face", faces: [ann.faces[0]!, ...unknown.faces] });
    expect(said.result).toEqual({ people: [ann.person] });
    expect(await names(gallery)).toEqual(["Ann 0"]);
    const links = await gallery.records.links();
    expect(links.map(({ kind, faces }) => [kind, faces])).toEqual([
      ["no-face", [ann.faces[0]]],
      ["no-face", [unknown.faces[0]]],
      ["no-face", [unknown.faces[1]]],
    ]);
    expect(links[0]!.place).toEqual({
      sha256: "ab".repeat(32),
      box: expect.objectContaining({ x: expect.any(Number), width: expect.any(Number) }),
    });
    await gallery.undo();
    expect(await names(gallery)).toEqual(["Ann 1", "Unknown 78 2"]);
    expect(await gallery.records.links()).toEqual([]);
  });

  test("who is forgotten takes along what was said of them, and what concerns others stays", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann Example", 2);
    const ben = await enrol(gallery, "Ben Example", 2);
    const cal = await enrol(gallery, "Cal Example", 1);
    await gallery.answer({ kind: "different", faces: [ann.faces[0]!, ben.faces[0]!] });
    await gallery.answer({ kind: "different", faces: [ben.faces[0]!, cal.faces[0]!] });
    await gallery.answer({ kind: "same", faces: [ann.faces[0]!, ann.faces[1]!] });
    await gallery.answer({ kind: "no-face", faces: [ann.faces[1]!] });
    const receipt = await gallery.forget(["Ann Example"]);
    expect(receipt.searched.filter(({ hits }) => hits > 0)).toEqual([]);
    expect((await gallery.records.links()).map(({ kind, faces }) => [kind, faces])).toEqual([
      ["different", [ben.faces[0], cal.faces[0]]],
    ]);
    for (const { effects } of await gallery.records.log({ limit: 100 }))
      for (const effect of effects)
        if (effect.subject === "link")
          for (const face of (effect.after ?? effect.before)!.faces) expect(ann.faces).not.toContain(face);
    expect(await names(gallery)).toEqual(["Ben Example 2", "Cal Example 1"]);
  });

  test("a word about a face that was forgotten meanwhile is refused", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann", 1);
    const ben = await enrol(gallery, "Ben", 1);
    await gallery.forget(["Ben"]);
    const [id, face] = [await storeOf(gallery).reserveIds(1), made.face(made.direction())];
    const change = {
      kind: "answer" as const,
      at: "2026-01-01T00:00:00.000Z",
      contents: [],
      effects: [
        {
          subject: "link" as const,
          id,
          before: null,
          after: { kind: "different" as const, faces: [ann.faces[0]!, ben.faces[0]!] },
        },
      ],
    };
    await expect(storeOf(gallery).commit(change)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await gallery.records.links()).toEqual([]);
    expect(face.vector).toHaveLength(64);
  });

  test("people who became one by an answer are forgotten by either name", async () => {
    const gallery = await fresh();
    const ann = await enrol(gallery, "Ann Example", 1);
    const old = await enrol(gallery, "Anna Old", 1);
    await gallery.answer({ kind: "same", faces: [ann.faces[0]!, old.faces[0]!] });
    const receipt = await gallery.forget(["Anna Old"]);
    expect(receipt.faces).toBe(2);
    expect(await names(gallery)).toEqual([]);
    expect(await gallery.records.links()).toEqual([]);
  });
}
