import { copyFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Gallery } from "../gallery.ts";
import { MadeFaces } from "../made-faces.ts";
import { CONTRACT, storeContract, ticking } from "../store.contract.ts";
import { SqliteStore } from "./sqlite-store.ts";

const pathOf = (address: string): string => address.slice("sqlite:".length);

storeContract({
  name: "SQLite",
  create: async (contract, settings) =>
    await SqliteStore.create(
      join(await mkdtemp(join(tmpdir(), "arcface-gallery-")), "people.db"),
      contract,
      settings,
    ),
  again: async (store) => await SqliteStore.open(pathOf(store.address)),
  recall: 1,
  comparesAndSets: true,
});

test("once a gallery is closed its file alone is the gallery", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface-gallery-"));
  const made = new MadeFaces(3);
  const gallery = await Gallery.create(`sqlite:${join(folder, "people.db")}`, CONTRACT, {
    clock: ticking(),
    threshold: 0.4,
  });
  const centre = made.direction();
  await gallery.enrol([{ name: "Ann", faces: [made.face(centre), made.face(centre)] }]);
  await gallery.close();
  await copyFile(join(folder, "people.db"), join(folder, "copy.db"));
  await using copy = await Gallery.open(`sqlite:${join(folder, "copy.db")}`, { clock: ticking() });
  expect(await copy.store.stats()).toMatchObject({ people: 1, faces: 2 });
  expect((await copy.identify(made.near(centre, 0.9))).person?.name).toBe("Ann");
});
