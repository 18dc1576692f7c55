import { type Respelling, respellings } from "../respelling.ts";
import type { Database } from "./driver.ts";

/** Brings all names of a file, also those in its log, into the spelling that names have now. */
export function respell(database: Database): Respelling[] {
  const state = (column: string): string =>
    `SELECT json_extract(${column}, '$.name') AS name, id FROM effect WHERE subject = 'person' AND ${column} IS NOT NULL`;
  const names = database
    .prepare(
      `SELECT name, min(id) AS id FROM (SELECT name, id FROM person UNION ALL ${state("before")} UNION ALL ${state("after")})
       WHERE name IS NOT NULL GROUP BY name ORDER BY id, name`,
    )
    .all() as { name: string }[];
  const changed = respellings(names.map(({ name }) => name));
  const statements = [
    "UPDATE person SET name = ? WHERE name = ?",
    ...["before", "after"].map(
      (column) =>
        `UPDATE effect SET ${column} = json_set(${column}, '$.name', ?) WHERE subject = 'person' AND json_extract(${column}, '$.name') = ?`,
    ),
  ].map((sql) => database.prepare(sql));
  for (const { from, to } of changed) for (const statement of statements) statement.run(to, from);
  return changed;
}
