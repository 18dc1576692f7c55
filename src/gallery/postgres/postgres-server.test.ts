import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { missing, server, TestSchemas } from "../../../test/postgres-schemas.ts";
import { parseAddress } from "../address.ts";
import { PIPELINE, ticking } from "../engine.contract.ts";
import { Marks, type Piece, piecesOfCrop, piecesOfText, piecesOfVector } from "../erasure/index.ts";
import { Gallery, storeOf } from "../gallery.ts";
import { MadeFaces } from "../made-faces.ts";
import { Connections, type PostgresAddress } from "./connection.ts";
import { searchServerFiles } from "./server-files.ts";

describe.skipIf(missing !== undefined)(`PostgreSQL (${missing ?? "a server"}):`, () => {
  const schemas = new TestSchemas();
  const made = new MadeFaces(11);
  const opened: Gallery[] = [];

  const fresh = async (search: "exact" | "approximate" = "exact"): Promise<Gallery> => {
    const options = { clock: ticking(), threshold: 0.4 };
    const gallery = await Gallery.create(schemas.fresh(search).href, PIPELINE, options);
    opened.push(gallery);
    return gallery;
  };

  afterAll(async () => {
    for (const gallery of opened) await gallery.close();
    await schemas.drop();
  });

  test("names and paths are values, whatever they look like", async () => {
    const gallery = await fresh();
    const names = [
      "Robert'); DROP TABLE person;--",
      'Ann "the $1" O\\Neil',
      "%_ 王小明 \u{1F600}",
      "{a,NULL}",
    ];
    for (const name of names)
      await gallery.enrol([{ name, faces: [made.face(made.direction(), `${name}.jpg`)] }]);
    const listed = [];
    for await (const { name } of gallery.people()) listed.push(name);
    expect(listed).toEqual([...names].sort());
    const { id } = await gallery.person(names[0]!);
    expect((await gallery.records.faces({ limit: 9 }, id))[0]?.provenance.source).toBe(`${names[0]}.jpg`);
    await gallery.rename(names[1]!, "NULL");
    await gallery.undo();
    expect((await gallery.person(names[1]!)).faces).toBe(1);
    expect((await gallery.forget([names[3]!])).faces).toBe(1);
    expect((await gallery.records.stats()).people).toBe(3);
  });

  test("two people change names in one step", async () => {
    const gallery = await fresh();
    await gallery.enrol(["Ann", "Ben"].map((name) => ({ name, faces: [made.face(made.direction())] })));
    const state = (name: string) => ({ name, expires: null });
    const [ann, ben] = [await gallery.person("Ann"), await gallery.person("Ben")];
    const effects = [
      { subject: "person" as const, id: ann.id, before: state("Ann"), after: state("Ben") },
      { subject: "person" as const, id: ben.id, before: state("Ben"), after: state("Ann") },
    ];
    await storeOf(gallery).commit({ kind: "rename", at: "2026-01-01T00:00:00.000Z", effects, contents: [] });
    expect((await gallery.person("Ann")).id).toBe(ben.id);
  });

  test("the graph over half-precision vectors answers, and its cosines are those of the float32 vectors", async () => {
    const gallery = await fresh("approximate");
    const centres = Array.from({ length: 700 }, () => made.direction());
    const people = centres.map((centre, i) => ({
      name: `P${i}`,
      faces: [0, 1].map(() => ({ ...made.face(centre), crop: undefined })),
    }));
    await gallery.enrol(people);
    const exact = await Gallery.open(schemas.again(gallery.records.address, "exact").href, {
      clock: ticking(),
    });
    opened.push(exact);
    let agreed = 0;
    for (const centre of centres.slice(0, 40)) {
      const query = made.near(centre, 0.4);
      const truth = await exact.records.nearest(query, 5);
      const hits = await gallery.records.nearest(query, 5);
      for (const hit of hits) {
        const same = truth.find(({ person }) => person === hit.person);
        if (same) expect(hit.cosine).toBe(same.cosine);
        if (same) agreed++;
      }
    }
    expect(agreed / 200).toBeGreaterThanOrEqual(0.98);
    expect(await schemas.scansOfGraph(gallery.records.address)).toBeGreaterThan(0);
  });

  test("the search for bytes finds a vector, its half-precision copy and a crop while they are there", async () => {
    const gallery = await fresh("approximate");
    const face = made.face(made.direction(), "found-me.jpg");
    await gallery.enrol([{ name: "Present", faces: [face] }]);
    const connections = new Connections(parseAddress(gallery.records.address) as PostgresAddress);
    const hitsOf = async (tables: string[], pieces: Piece[]): Promise<number> => {
      const { files, beyond, failed } = await searchServerFiles(connections, tables, Marks.of(pieces));
      expect([...beyond, ...failed]).toEqual([expect.stringContaining("write-ahead log")]);
      return files.reduce((sum, { found }) => sum + [...found.values()].reduce((a, b) => a + b, 0), 0);
    };
    const [float, half] = [piecesOfVector(face.vector)[0]!, piecesOfVector(face.vector).at(-1)!];
    expect(await hitsOf(["vector_1"], [float])).toBe(1);
    expect(await hitsOf(["vector_1"], [half])).toBe(1);
    expect(await hitsOf(["crop"], piecesOfCrop(face.crop!))).toBe(piecesOfCrop(face.crop!).length);
    expect(await hitsOf(["face"], piecesOfText("found-me.jpg"))).toBe(1);
    await connections.close();
    const { searched } = await gallery.forget(["Present"]);
    expect(searched.length).toBeGreaterThan(10);
    expect(searched.filter(({ hits }) => hits > 0)).toEqual([]);
  });

  test("forgetting waits for a transaction that began earlier, also one that only has a number", async () => {
    const gallery = await fresh();
    await gallery.enrol([{ name: "Ann Example", faces: [made.face(made.direction())] }]);
    const other = new pg.Client(server);
    await other.connect();
    await other.query("BEGIN");
    await other.query("SELECT pg_current_xact_id()");
    let open = true;
    const ended = new Promise((resolve) => setTimeout(resolve, 1_500)).then(async () => {
      open = false;
      await other.query("COMMIT");
    });
    const receipt = await gallery.forget(["Ann Example"]);
    expect(open).toBe(false);
    expect(receipt).toMatchObject({ faces: 1, finished: true });
    await ended;
    await other.end();
  });

  test("a server that is not there and a schema without a gallery are said plainly, without the password", async () => {
    const nobody = Gallery.open("postgres://ann:secret@127.0.0.1:1/db", { clock: ticking() });
    await expect(nobody).rejects.toMatchObject({ code: "STORAGE" });
    await expect(nobody).rejects.not.toThrow(/secret/);
    const none = Gallery.open(schemas.fresh("exact").href, { clock: ticking() });
    await expect(none).rejects.toMatchObject({ code: "BAD_FILE" });
    const gallery = await fresh();
    const twice = Gallery.create(gallery.records.address, PIPELINE, { clock: ticking() });
    await expect(twice).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("a schema with someone else's tables is left alone", async () => {
    const address = schemas.fresh("exact");
    const schema = address.searchParams.get("gallery")!;
    const client = new pg.Client(server);
    await client.connect();
    await client.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.orders (id int)`);
    const create = Gallery.create(address.href, PIPELINE, { clock: ticking() });
    await expect(create).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await client.query(`SELECT count(*) FROM ${schema}.orders`)).rowCount).toBe(1);
    await client.end();
  });

  const altered = async (gallery: Gallery, sql: string): Promise<void> => {
    const client = new pg.Client(server);
    await client.connect();
    await client.query(
      `SET search_path = ${new URL(gallery.records.address).searchParams.get("gallery")}, public`,
    );
    await client.query(sql);
    await client.end();
  };

  test("a vector or crop that is not what was written is noticed, and so are settings that are none", async () => {
    const gallery = await fresh();
    const face = made.face(made.direction());
    const { result } = await gallery.enrol([{ name: "Ann", faces: [face] }]);
    const id = result[0]!.faces[0]!;
    await altered(gallery, "UPDATE crop SET jpeg = set_byte(jpeg, 7, 255 - get_byte(jpeg, 7))");
    await expect(gallery.records.crop(id)).rejects.toMatchObject({ code: "BAD_FILE" });
    await altered(
      gallery,
      "UPDATE vector_1 SET value = (SELECT array_agg(-x)::vector FROM unnest(value::real[]) AS x)",
    );
    await expect(gallery.records.vectors([id])).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(gallery.records.nearest(face.vector, 1)).rejects.toMatchObject({ code: "BAD_FILE" });
    await altered(gallery, "UPDATE head SET settings = '{}'");
    const again = Gallery.open(gallery.records.address, { clock: ticking() });
    await expect(again).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(again).rejects.toThrow(/expected its settings as it was written/);
  });

  /** Lets a statement alter a table without the server keeping its digests and seals in step, as damage does. */
  const damaged = async (gallery: Gallery, table: string, sql: string): Promise<void> =>
    await altered(
      gallery,
      `ALTER TABLE ${table} ALTER COLUMN digest DROP EXPRESSION; ALTER TABLE ${table} DISABLE TRIGGER USER; ${sql}`,
    );
  const people = async (): Promise<{ gallery: Gallery; ids: number[] }> => {
    const gallery = await fresh();
    const { result } = await gallery.enrol(
      ["Ann", "Ben"].map((name) => ({ name, faces: [made.face(made.direction(), `${name}.jpg`)] })),
    );
    return { gallery, ids: result.map(({ person }) => person) };
  };
  const asked: Record<string, (gallery: Gallery) => Promise<unknown>> = {
    person: (gallery) => gallery.person("Ben"),
    list: (gallery) => gallery.records.people({ limit: 9 }),
    faces: (gallery) => gallery.records.faces({ limit: 9 }),
    search: (gallery) => gallery.search(made.direction(), 2),
    log: (gallery) => gallery.records.log({ limit: 9 }),
    undo: (gallery) => gallery.undo(),
    rename: (gallery) => gallery.rename("Ann", "Anna"),
    delete: (gallery) => gallery.deletePerson("Ann"),
  };

  test.each([
    ["person", "UPDATE person SET name = 'Bea' WHERE name = 'Ben'", ["list", "search"], /person \d+/],
    [
      "person",
      "UPDATE person SET expires = '2020' WHERE name = 'Ann'",
      ["list", "rename", "delete"],
      /person \d+/,
    ],
    [
      "face",
      "UPDATE face SET source = 'other.jpg' WHERE source = 'Ann.jpg'",
      ["faces", "delete"],
      /face \d+/,
    ],
    [
      "face",
      "UPDATE face SET person = (SELECT max(id) FROM person) WHERE source = 'Ann.jpg'",
      ["faces", "search"],
      /face \d+/,
    ],
    ["log", "UPDATE log SET at = '2020'", ["log", "undo"], /change 1/],
    [
      "effect",
      "UPDATE effect SET after = '{\"person\": 1}' WHERE subject = 'face'",
      ["log", "undo"],
      /change 1/,
    ],
  ] as const)(
    "a damaged row of table %s is noticed by whoever reads it, and by a check: %s",
    async (table, sql, by, word) => {
      const { gallery } = await people();
      await damaged(gallery, table, sql);
      for (const each of by)
        await expect(asked[each]!(gallery), each).rejects.toMatchObject({
          code: "BAD_FILE",
          message: expect.stringMatching(word),
        });
      const { problems } = await gallery.check();
      expect(problems).toContainEqual(
        expect.stringMatching(/^(person|face|change|effect of change) \d+ is not as it was written$/),
      );
    },
  );

  test.each([
    ["crop", 'table "crop" lacks rows or has others'],
    ["effect", 'table "effect" lacks rows or has others'],
    ["log", 'table "log" lacks rows or has others'],
    ["person", 'table "person" lacks rows or has others'],
    ["face", 'table "face" lacks rows or has others'],
  ])("rows that table %s lacks are noticed by a check", async (table, problem) => {
    const { gallery } = await people();
    expect((await gallery.check()).problems).toEqual([]);
    await altered(gallery, `ALTER TABLE ${table} DISABLE TRIGGER USER; DELETE FROM ${table}`);
    expect((await gallery.check()).problems).toContain(problem);
  });

  test("a vector that a search passes over although its face is there is noticed by a check", async () => {
    const { gallery } = await people();
    await altered(gallery, "UPDATE vector_1 SET present = false WHERE face = (SELECT min(id) FROM face)");
    expect((await gallery.check()).problems).toContainEqual(
      expect.stringMatching(/^face \d+ is there, and its vector is not searched$/),
    );
  });

  test("what a gallery says of itself is told to be damaged, whichever of it is", async () => {
    for (const sql of [
      'UPDATE head SET settings = \'{"threshold": 0.1, "keepCrops": true}\'',
      "UPDATE head SET contract = jsonb_set(contract, '{flip}', 'true')",
      "UPDATE head SET generation = 2",
      "DELETE FROM head",
    ]) {
      const { gallery } = await people();
      await damaged(gallery, "head", sql);
      const again = Gallery.open(gallery.records.address, { clock: ticking() });
      await expect(again, sql).rejects.toMatchObject({
        code: "BAD_FILE",
        message: expect.stringContaining('expected the row of table "head" as it was written'),
      });
    }
    const gallery = await fresh();
    await gallery.enrol([{ name: "Ann", faces: [made.face(made.direction())] }]);
    const show = (): never => {
      throw new Error("not now");
    };
    await expect(gallery.forget(["Ann"], { show })).rejects.toThrow("not now");
    await damaged(gallery, "erasure", "UPDATE erasure SET receipt = '{}'");
    const opened = await Gallery.open(gallery.records.address, { clock: ticking() });
    const finishing = opened.finishErasures();
    await expect(finishing).rejects.toThrow(/expected erasure \d+ as it was written/);
    await opened.close();
    await altered(gallery, "DELETE FROM ids");
    const again = await Gallery.open(gallery.records.address, { clock: ticking() });
    await expect(again.enrol([{ name: "Ann", faces: [] }])).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringContaining('expected the row of table "ids" as it was written'),
    });
    await again.close();
  });

  test("a schema of an earlier version gets checksums and one spelling of names", async () => {
    const gallery = await fresh();
    const faces = [made.face(made.direction()), made.face(made.direction())];
    await gallery.enrol([
      { name: "A", faces: [faces[0]!] },
      { name: "B", faces: [faces[1]!] },
    ]);
    const rename = (from: string, to: string): string => `
      UPDATE person SET name = '${to}' WHERE name = '${from}';
      UPDATE effect SET after = jsonb_set(after, '{name}', '"${to}"') WHERE after->>'name' = '${from}';`;
    await altered(
      gallery,
      `DROP INDEX effect_link; DROP TABLE seal, note, job_file, job_share, job; DROP FUNCTION seal_rows CASCADE;
       ${["person", "face", "log", "effect", "head", "erasure"].map((table) => `ALTER TABLE ${table} DROP COLUMN digest;`).join(" ")}
       ALTER TABLE vector_1 DROP COLUMN checksum; ALTER TABLE crop DROP COLUMN checksum; UPDATE head SET version = 2;
       ${rename("A", "Zo\u00eb")} ${rename("B", "Zoe\u0308")}`,
    );
    const again = await Gallery.open(gallery.records.address, { clock: ticking() });
    opened.push(again);
    expect(again.records.respelled).toEqual([{ from: "Zoe\u0308", to: "Zo\u00eb (2)", numbered: true }]);
    expect((await again.identify(faces[1]!.vector)).person?.name).toBe("Zo\u00eb (2)");
    expect((await again.check()).problems).toEqual([]);
    await again.undo();
    expect((await again.records.stats()).people).toBe(0);
    expect((await again.check()).problems).toEqual([]);
  });
});
