import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, openStore } from "../open-store.ts";
import { storeContract } from "../store.contract.ts";

const server = process.env["ARCFACE_TEST_MILVUS"];
const missing =
  server === undefined
    ? 'ARCFACE_TEST_MILVUS names no server; "tools/test-servers start FILE" starts one'
    : undefined;

/** All galleries of this file are tenants of the same collections. */
const prefix = `test_${randomUUID().slice(0, 8)}`;

async function freshAddress(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface-gallery-"));
  const url = new URL(`${server!}/${prefix}`);
  url.searchParams.set("tenant", `t_${randomUUID().slice(0, 8)}`);
  url.searchParams.set("records", `sqlite:${join(folder, "people.db")}`);
  return url.href;
}

storeContract({
  name: "Milvus",
  create: async (contract, settings) => await createStore(await freshAddress(), contract, settings),
  again: (store) => openStore(store.address),
  missing,
  recall: 0.98,
  comparesAndSets: true,
});
