import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "../store.contract.ts";
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
