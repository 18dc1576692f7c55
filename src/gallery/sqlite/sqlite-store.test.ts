import { copyFile, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIPELINE, type StoreUnderTest, ticking } from "../engine.contract.ts";
import { forgettingContract } from "../forgetting.contract.ts";
import { Gallery, storeOf } from "../gallery.ts";
import { historiesContract } from "../histories.contract.ts";
import { jobsContract } from "../jobs.contract.ts";
import { MadeFaces } from "../made-faces.ts";
import { storeContract } from "../store.contract.ts";
import { Connection } from "./connection.ts";
import { SqliteStore } from "./sqlite-store.ts";

const pathOf = (address: string): string => address.slice("sqlite:".length);

const engine: StoreUnderTest = {
  name: "SQLite",
  create: async (pipeline, settings) =>
    await SqliteStore.create(
      join(await mkdtemp(join(tmpdir(), "arcface-gallery-")), "people.db"),
      pipeline,
      settings,
    ),
  again: async (store) => await SqliteStore.open(pathOf(store.address)),
  recall: 1,
  comparesAndSets: true,
};

storeContract(engine);
forgettingContract(engine);
historiesContract(engine, 25);
jobsContract(engine);

test("once a gallery is closed its file alone is the gallery", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface-gallery-"));
  const made = new MadeFaces(3);
  const gallery = await Gallery.create(`sqlite:${join(folder, "people.db")}`, PIPELINE, {
    clock: ticking(),
    threshold: 0.4,
  });
  const centre = made.direction();
  await gallery.enrol([{ name: "Ann", faces: [made.face(centre), made.face(centre)] }]);
  await gallery.close();
  await copyFile(join(folder, "people.db"), join(folder, "copy.db"));
  await using copy = await Gallery.open(`sqlite:${join(folder, "copy.db")}`, { clock: ticking() });
  expect(await copy.records.stats()).toMatchObject({ people: 1, faces: 2 });
  expect((await copy.identify(made.near(centre, 0.9))).person?.name).toBe("Ann");
});

test("a gallery of an earlier version is listed, and moves to a pipeline from a move that nobody can finish", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "arcface-gallery-")), "people.db");
  const made = new MadeFaces(4);
  const gallery = await Gallery.create(`sqlite:${path}`, PIPELINE, { clock: ticking(), threshold: 0.4 });
  await gallery.enrol([{ name: "Ann", faces: [made.face(made.direction())] }]);
  await storeOf(gallery).beginReindex({ ...PIPELINE, flip: true });
  const face = (await storeOf(gallery).facesToEmbed({ limit: 1 }))[0]!;
  await storeOf(gallery).addReindexed(new Map([[face.id, made.direction()]]));
  await gallery.close();
  const earlier = { model: "test-model", dimension: 64, metric: "cosine", preprocessing: "0123456789abcdef" };
  const connection = await Connection.open(path);
  connection.run("UPDATE meta SET value = ?", JSON.stringify(earlier));
  connection.run("UPDATE meta SET value = ? WHERE key = 'settings'", '{"threshold":0.4,"keepCrops":true}');
  connection.run("UPDATE meta SET value = '100' WHERE key = 'nextId'");
  connection.close();
  await using opened = await Gallery.open(`sqlite:${path}`, { clock: ticking() });
  expect(opened.pipeline).toEqual({
    model: { id: "test-model", dimension: 64 },
    preprocessing: earlier.preprocessing,
  });
  expect((await opened.person("Ann")).name).toBe("Ann");
  await storeOf(opened).beginReindex(PIPELINE);
  // The vector of the move that was dropped is gone with it.
  expect(await storeOf(opened).facesToEmbed({ limit: 9 })).toHaveLength(1);
  await expect(storeOf(opened).beginReindex({ ...PIPELINE, flip: true })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  const realigned = { ...PIPELINE, alignment: { ...PIPELINE.alignment!, version: 2 } };
  await storeOf(opened).beginReindex(realigned);
  await storeOf(opened).addReindexed(new Map([[face.id, made.direction()]]));
  await storeOf(opened).finishReindex("2026-01-02T00:00:00.000Z");
  expect(opened.pipeline).toEqual(realigned);
});

test("a gallery is not made of what could not be opened again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface-gallery-"));
  const make = async (change: object, threshold: number): Promise<unknown> => {
    const pipeline = { ...PIPELINE, ...change } as typeof PIPELINE;
    const made = Gallery.create(`sqlite:${join(folder, "people.db")}`, pipeline, {
      clock: ticking(),
      threshold,
    });
    return await made.catch((error: unknown) => error);
  };
  expect(await make({ model: "made" }, 0.4)).toMatchObject({
    code: "USAGE",
    message: expect.stringContaining(
      'expected a pipeline to make a gallery with, got one whose "model" is not',
    ),
  });
  expect(await make({}, 40)).toMatchObject({
    code: "USAGE",
    message: expect.stringContaining(
      'expected settings to make a gallery with, got one whose "threshold" is not',
    ),
  });
  expect(await readdir(folder)).toEqual([]);
});
