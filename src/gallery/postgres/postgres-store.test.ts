import { afterAll } from "vitest";
import { missing, TestSchemas } from "../../../test/postgres-schemas.ts";
import type { StoreUnderTest } from "../engine.contract.ts";
import { forgettingContract } from "../forgetting.contract.ts";
import { historiesContract } from "../histories.contract.ts";
import { jobsContract } from "../jobs.contract.ts";
import { createStore, openStore } from "../open-store.ts";
import { storeContract } from "../store.contract.ts";

const schemas = new TestSchemas();

afterAll(async () => {
  await schemas.drop();
});

for (const search of ["exact", "approximate"] as const) {
  const engine: StoreUnderTest = {
    name: `PostgreSQL, ${search} search,`,
    create: (pipeline, settings) => createStore(schemas.fresh(search).href, pipeline, settings),
    again: (store) => openStore(schemas.again(store.address, search).href),
    missing,
    recall: search === "exact" ? 1 : 0.98,
    comparesAndSets: true,
  };
  storeContract(engine);
  forgettingContract(engine);
  historiesContract(engine, 8);
  jobsContract(engine);
}
