import { checksumOfBytes } from "../checksum.ts";
import { floatsOfField } from "./binary-copy.ts";
import type { Connections } from "./connection.ts";
import { readHead } from "./head.ts";
import { vectorTables } from "./schema.ts";

/** Rows read at a time. */
const PAGE = 500;

/** Vectors and crops that are not as they were written. */
export async function damageOf(connections: Connections): Promise<string[]> {
  const problems: string[] = [];
  const tables = [
    ...vectorTables(await readHead(connections)).map((name) => ({
      name,
      value: "vector_send(value)",
      word: "vector",
    })),
    { name: "crop", value: "jpeg", word: "crop" },
  ];
  for (const { name, value, word } of tables) {
    for (let after = -1; ; ) {
      const rows = await connections.rows<{ face: number; value: Buffer; checksum: number | null }>(
        `SELECT face, ${value} AS value, checksum FROM ${name} WHERE face > $1 ORDER BY face LIMIT ${PAGE}`,
        [after],
      );
      for (const row of rows) {
        const bytes = word === "crop" ? row.value : new Uint8Array(floatsOfField(row.value).buffer);
        if (row.checksum !== checksumOfBytes(row.face, bytes))
          problems.push(`${word} of face ${row.face} is not as it was written`);
      }
      if (rows.length < PAGE) break;
      after = rows.at(-1)!.face;
    }
  }
  return problems;
}
