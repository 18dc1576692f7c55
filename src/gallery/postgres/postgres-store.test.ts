import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll } from "vitest";
import { parseAddress } from "../address.ts";
import { storeContract } from "../store.contract.ts";
import type { PostgresAddress } from "./connection.ts";
import { PostgresStore } from "./postgres-store.ts";

const server = process.env["ARCFACE_TEST_POSTGRES"];
const missing =
  server === undefined
    ? 'ARCFACE_TEST_POSTGRES names no server; "tools/test-servers start FILE" starts one'
    : undefined;

const schemas: string[] = [];

function addressOf(schema: string, search: string): PostgresAddress {
  const url = new URL(server!);
  url.searchParams.set("gallery", schema);
  url.searchParams.set("search", search);
  return parseAddress(url.href) as PostgresAddress;
}

function freshAddress(search: string): PostgresAddress {
  const schema = `test_${randomUUID().replaceAll("-", "_").slice(0, 20)}`;
  schemas.push(schema);
  return addressOf(schema, search);
}

afterAll(async () => {
  if (server === undefined) return;
  const client = new pg.Client(server);
  await client.connect();
  for (const schema of schemas) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
});

for (const search of ["exact", "approximate"]) {
  storeContract({
    name: `PostgreSQL, ${search} search,`,
    create: (contract, settings) => PostgresStore.create(freshAddress(search), contract, settings),
    again: (store) =>
      PostgresStore.open(addressOf(new URL(store.address).searchParams.get("gallery")!, search)),
    missing,
    recall: search === "exact" ? 1 : 0.98,
    comparesAndSets: true,
  });
}
