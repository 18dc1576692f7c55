import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MILVUS_SERVERS } from "../../../test/milvus-servers.ts";
import { parseAddress } from "../address.ts";
import { PIPELINE, ticking } from "../engine.contract.ts";
import { Gallery } from "../gallery.ts";
import { MadeFaces } from "../made-faces.ts";
import { asking, type MilvusAddress } from "./client.ts";
import { VectorCollection } from "./vector-collection.ts";

describe("Questions to Milvus", () => {
  const busy = { status: { error_code: "RateLimit", code: 8, reason: "slow down" } };
  const done = { status: { error_code: "Success", code: 0, reason: "" }, rows: 3 };

  test("are put again while the trouble is passing", async () => {
    let calls = 0;
    const answer = await asking("here", async () => {
      calls++;
      if (calls === 1) throw Object.assign(new Error("14 UNAVAILABLE"), { code: 14 });
      return calls === 2 ? busy : done;
    }, [1, 1, 1]);
    expect(answer).toBe(done);
    expect(calls).toBe(3);
  });

  test("are given up after the last pause, and at once when asking again cannot help", async () => {
    let calls = 0;
    const always = (answer: object) => async () => {
      calls++;
      return answer;
    };
    await expect(asking("here", always(busy), [1, 1])).rejects.toMatchObject({ code: "STORAGE" });
    expect(calls).toBe(3);
    calls = 0;
    const wrong = { error_code: "IllegalArgument", code: 5, reason: "no such field" };
    await expect(asking("here", always(wrong), [1, 1])).rejects.toThrow("no such field");
    expect(calls).toBe(1);
  });

  test("need records, and a server that answers; nothing is made when it does not", async () => {
    const open = Gallery.open("milvus://127.0.0.1:1/x", { clock: ticking() });
    await expect(open).rejects.toThrow(/records=sqlite:FILE/);
    const records = join(await mkdtemp(join(tmpdir(), "arcface-gallery-")), "people.db");
    const address = `milvus://ann:secret@127.0.0.1:1/x?records=sqlite:${records}`;
    const create = Gallery.create(address, PIPELINE, { clock: ticking() });
    await expect(create).rejects.toMatchObject({ code: "STORAGE" });
    await expect(create).rejects.not.toThrow(/secret/);
    await expect(Gallery.open(`sqlite:${records}`, { clock: ticking() })).rejects.toMatchObject({
      code: "BAD_FILE",
    });
  });
});

describe.each(MILVUS_SERVERS)("$name:", ({ address: server, missing }) => {
  if (missing !== undefined) test.skip(missing);
  else aServer(server!);
});

/** Properties that hold on a server. */
function aServer(server: string): void {
  const made = new MadeFaces(21);
  const opened: { close(): Promise<void> }[] = [];
  const prefix = `test_${randomUUID().slice(0, 8)}`;
  const face = () => ({ ...made.face(made.direction()), crop: undefined });

  /** An address for records in a fresh folder. */
  const addressOf = async (tenant: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "arcface-gallery-"));
    const url = new URL(`${server}/${prefix}`);
    url.searchParams.set("tenant", tenant);
    url.searchParams.set("records", `sqlite:${join(folder, "people.db")}`);
    return url.href;
  };

  afterAll(async () => {
    for (const each of opened) await each.close();
  });

  const create = async (address: string): Promise<Gallery> => {
    const gallery = await Gallery.create(address, PIPELINE, { clock: ticking(), threshold: 0.4 });
    opened.push(gallery);
    return gallery;
  };

  test("tenants of one collection do not see each other", async () => {
    const [one, two] = [await create(await addressOf("one")), await create(await addressOf("two"))];
    const mine = face();
    await one.enrol([{ name: "Mine", faces: [mine] }]);
    await two.enrol([{ name: "Theirs", faces: [face()] }]);
    expect((await two.search(mine.vector, 5)).map(({ person }) => person.name)).toEqual(["Theirs"]);
    expect((await one.search(mine.vector, 5))[0]).toMatchObject({ person: { name: "Mine" } });
  });

  test("records without their rows on Milvus, and more of them than one batch, are sent on at the first question", async () => {
    const address = await addressOf("later");
    const records = await Gallery.create((parseAddress(address) as MilvusAddress).records, PIPELINE, {
      clock: ticking(),
    });
    const faces = Array.from({ length: 1300 }, face);
    const { result } = await records.enrol(faces.map((each, i) => ({ name: `P${i}`, faces: [each] })));
    await records.deletePerson("P7");
    await records.close();
    const gallery = await Gallery.open(address, { clock: ticking() });
    opened.push(gallery);
    for (const i of [0, 999, 1000, 1299])
      expect((await gallery.search(faces[i]!.vector, 1))[0]?.person.id).toBe(result[i]!.person);
    await gallery.undo();
    expect((await gallery.search(faces[7]!.vector, 1))[0]?.person.name).toBe("P7");
  });

  test("what was just added is in the next answer, every time", async () => {
    const gallery = await create(await addressOf("at_once"));
    for (let round = 0; round < 8; round++) {
      const added = face();
      await gallery.enrol([{ name: `P${round}`, faces: [added] }]);
      expect((await gallery.search(added.vector, 1))[0]?.person.name).toBe(`P${round}`);
    }
  });

  test("rows that two processes wrote at the same time change no answer", async () => {
    const address = await addressOf("twice");
    const gallery = await create(address);
    const centre = made.direction();
    const crowd = Array.from({ length: 60 }, () => ({ ...made.face(centre), crop: undefined }));
    const { result } = await gallery.enrol([
      { name: "Crowd", faces: crowd },
      { name: "Other", faces: [face()] },
    ]);
    const rows = await Promise.all(
      [1, 2, 3].map(async () => {
        const each = await VectorCollection.connect(parseAddress(address) as MilvusAddress);
        opened.push(each);
        await each.change(PIPELINE);
        return each;
      }),
    );
    const vectors = new Map(result[0]!.faces.map((id, i) => [id, crowd[i]!.vector]));
    await Promise.all(rows.map((each) => each.add(vectors)));
    expect((await gallery.search(centre, 2)).map(({ person }) => person.name)).toEqual(["Crowd", "Other"]);
    await gallery.forget(["Crowd"]);
    expect(await rows[0]!.present(result[0]!.faces)).toEqual([]);
    expect((await gallery.search(centre, 2)).map(({ person }) => person.name)).toEqual(["Other"]);
  });

  test("a check names the faces whose rows Milvus lost", async () => {
    const address = await addressOf("lost");
    const gallery = await create(address);
    const { result } = await gallery.enrol([{ name: "Ann", faces: [face(), face(), face()] }]);
    expect((await gallery.check()).problems).toEqual([]);
    const rows = await VectorCollection.connect(parseAddress(address) as MilvusAddress);
    opened.push(rows);
    await rows.change(PIPELINE);
    const [, lost] = result[0]!.faces;
    await rows.remove([lost!]);
    expect((await gallery.check()).problems).toEqual([
      expect.stringMatching(new RegExp(`^face ${lost} has no row on milvus://.*: no search finds it$`)),
    ]);
  });

  test("what is forgotten has no row any more, and the receipt says what nobody could search", async () => {
    const address = await addressOf("leaving");
    const gallery = await create(address);
    const { result } = await gallery.enrol([{ name: "Leaving", faces: [face(), face()] }]);
    await gallery.search(made.direction(), 1);
    const rows = await VectorCollection.connect(parseAddress(address) as MilvusAddress);
    opened.push(rows);
    await rows.change(PIPELINE);
    expect((await rows.present(result[0]!.faces)).sort()).toEqual([...result[0]!.faces]);
    const { notProven } = await gallery.forget(["Leaving"]);
    expect(await rows.present(result[0]!.faces)).toEqual([]);
    expect(notProven.at(-1)).toMatch(/segments, logs and object storage were not searched/);
  });
}
