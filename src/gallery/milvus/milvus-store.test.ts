import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MILVUS_SERVERS } from "../../../test/milvus-servers.ts";
import type { StoreUnderTest } from "../engine.contract.ts";
import { jobsContract } from "../jobs.contract.ts";
import { createStore, openStore } from "../open-store.ts";
import { storeContract } from "../store.contract.ts";

/** All galleries of this file are tenants of the same collections. */
const prefix = `test_${randomUUID().slice(0, 8)}`;

async function freshAddress(server: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface-gallery-"));
  const url = new URL(`${server}/${prefix}`);
  url.searchParams.set("tenant", `t_${randomUUID().slice(0, 8)}`);
  url.searchParams.set("records", `sqlite:${join(folder, "people.db")}`);
  return url.href;
}

for (const [i, { name, address, missing }] of MILVUS_SERVERS.entries()) {
  const engine: StoreUnderTest = {
    name,
    create: async (pipeline, settings) => await createStore(await freshAddress(address!), pipeline, settings),
    again: (store) => openStore(store.address),
    missing,
    recall: 0.98,
    comparesAndSets: true,
  };
  storeContract(engine);
  // Kept with the records, and shares are held inside of their transactions: the engine itself is enough.
  if (i === 0) jobsContract(engine);
}
