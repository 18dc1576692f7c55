import { FaceError } from "../../core/index.ts";
import { checksumOfBytes } from "../checksum.ts";
import { floatsOfField } from "./binary-copy.ts";
import type { Connections } from "./connection.ts";
import { type DigestedTable, isWhole, SEALS, type SealedTable, sealOf } from "./digests.ts";
import { type Head, readHead } from "./head.ts";
import { vectorTable, vectorTables } from "./schema.ts";

/** Rows read at a time. */
const PAGE = 500;

/** The name of a row of each table, and the number by which it is known. */
const ROWS: readonly (readonly [DigestedTable, string, string])[] = [
  ["person", "person", "id"],
  ["face", "face", "id"],
  ["log", "change", "sequence"],
  ["effect", "effect of change", "sequence"],
  ["erasure", "erasure", "id"],
];

/** Everything in a schema that is not as it was written: by the digests of rows, the seals of tables and the checksums. */
export async function damageOf(connections: Connections): Promise<string[]> {
  const head = await readHead(connections);
  const problems: string[] = [];
  const looking = async (what: string, look: () => Promise<readonly string[]>): Promise<void> => {
    try {
      problems.push(...(await look()));
    } catch (thrown) {
      if (!(thrown instanceof FaceError) || thrown.code !== "BAD_FILE") throw thrown;
      problems.push(`${what} cannot be read: ${thrown.message}`);
    }
  };
  for (const [table, word, number] of ROWS)
    await looking(`table "${table}"`, async () => {
      const rows = await connections.rows<{ id: number }>(
        `SELECT ${number} AS id FROM ${table} WHERE NOT (${isWhole(table)}) ORDER BY ${number}`,
      );
      return rows.map(({ id }) => `${word} ${id} is not as it was written`);
    });
  for (const table of Object.keys(SEALS) as SealedTable[])
    await looking(`table "${table}"`, async () => {
      const [row] = await connections.rows<{ same: boolean | null }>(
        `SELECT seal.rows = now.rows AND seal.sum = now.sum AS same
         FROM (${sealOf(table)}) AS now LEFT JOIN seal ON seal.name = '${table}'`,
      );
      return row?.same ? [] : [`table "${table}" lacks rows or has others`];
    });
  await looking("the log", async () => await lastChange(connections));
  await looking("the vectors", async () => await hidden(connections, head));
  for (const table of vectorTables(head))
    await looking(`table "${table}"`, async () => await contents(connections, table, "vector"));
  await looking('table "crop"', async () => await contents(connections, "crop", "crop"));
  return problems;
}

async function lastChange(connections: Connections): Promise<string[]> {
  const [row] = await connections.rows<{ head: number; last: number }>(
    "SELECT head.sequence AS head, coalesce((SELECT max(sequence) FROM log), 0) AS last FROM head",
  );
  return row && row.head !== row.last ? [`the last change is ${row.last}, and was ${row.head}`] : [];
}

/** Faces that are there and whose vectors are not searched, or the other way round. */
async function hidden(connections: Connections, { generation }: Head): Promise<string[]> {
  const rows = await connections.rows<{ id: number; present: boolean }>(
    `SELECT face.id, face.present FROM face JOIN ${vectorTable(generation)} AS v ON v.face = face.id
     WHERE v.present <> face.present ORDER BY face.id`,
  );
  return rows.map(({ id, present }) =>
    present
      ? `face ${id} is there, and its vector is not searched`
      : `face ${id} is gone, and its vector is searched`,
  );
}

/** Vectors or crops that are not as they were written. */
async function contents(connections: Connections, table: string, word: "vector" | "crop"): Promise<string[]> {
  const problems: string[] = [];
  const value = word === "crop" ? "jpeg" : "vector_send(value)";
  for (let after = -1; ; ) {
    const rows = await connections.rows<{ face: number; value: Buffer; checksum: number | null }>(
      `SELECT face, ${value} AS value, checksum FROM ${table} WHERE face > $1 ORDER BY face LIMIT ${PAGE}`,
      [after],
    );
    for (const row of rows) {
      const bytes = word === "crop" ? row.value : new Uint8Array(floatsOfField(row.value).buffer);
      if (row.checksum !== checksumOfBytes(row.face, bytes))
        problems.push(`${word} of face ${row.face} is not as it was written`);
    }
    if (rows.length < PAGE) return problems;
    after = rows.at(-1)!.face;
  }
}
