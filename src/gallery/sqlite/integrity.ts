import { checksumOfBytes, checksumOfOwner, checksumOfValues, damaged } from "../checksum.ts";
import type { Connection, SqlValue } from "./connection.ts";
import type { Database } from "./driver.ts";

/** A table whose rows carry a checksum of their columns. */
interface SealedTable {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** Tables with a checksum of each row, kept by triggers, so that no writer can leave one behind. */
const TABLES: readonly SealedTable[] = [
  { name: "meta", key: ["key"], columns: ["key", "value"] },
  { name: "person", key: ["id"], columns: ["id", "name", "expires", "present"] },
  { name: "face", key: ["id"], columns: ["id", "source", "sha256", "details"] },
  { name: "log", key: ["sequence"], columns: ["sequence", "kind", "at", "undoes", "forgotten"] },
  {
    name: "effect",
    key: ["sequence", "ordinal"],
    columns: ["sequence", "ordinal", "subject", "id", "before", "after"],
  },
];

/** What the seals hold: how many rows there are and the sum of their checksums. */
export const SEALS = ["person", "face", "log", "effect", "crop"] as const;
export type SealName = (typeof SEALS)[number];

/** How a table's seal is computed from its rows. */
const SEAL_OF: Record<SealName, string> = {
  person: "SELECT count(*) AS rows, coalesce(sum(checksum), 0) & 4294967295 AS sum FROM person WHERE present",
  face: "SELECT count(*) AS rows, coalesce(sum(owner), 0) & 4294967295 AS sum FROM face WHERE present",
  log: "SELECT count(*) AS rows, coalesce(sum(checksum), 0) & 4294967295 AS sum FROM log",
  effect: "SELECT count(*) AS rows, coalesce(sum(checksum), 0) & 4294967295 AS sum FROM effect",
  crop: "SELECT count(*) AS rows, coalesce(sum(checksum), 0) & 4294967295 AS sum FROM crop",
};

/** Seals are sums below 2³². */
const SEAL_MASK = 0xffffffff;

/** Gives a connection the functions that triggers and migrations use. */
export function defineChecksums(database: Database): void {
  const options = { deterministic: true, varargs: true } as const;
  database.function("arcface_checksum", options, (...values: SqlValue[]) =>
    checksumOfValues(values as (string | number | null)[]),
  );
  database.function("arcface_owner", options, (...[id, person, present]: SqlValue[]) =>
    checksumOfOwner(Number(id), Number(person), Number(present)),
  );
  database.function("arcface_bytes", options, (...[id, bytes]: SqlValue[]) =>
    checksumOfBytes(Number(id), bytes as Uint8Array),
  );
}

/** Columns, triggers and seals for a file that has none, and the checksums of what is in it. */
export function addChecksums(database: Database): void {
  const moving = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'vector_next'").get();
  const statements = [
    "CREATE TABLE seal (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID",
    ...TABLES.flatMap(({ name, columns }) => [
      `ALTER TABLE ${name} ADD COLUMN checksum INTEGER`,
      `UPDATE ${name} SET checksum = arcface_checksum(${columns.join(", ")})`,
    ]),
    "ALTER TABLE face ADD COLUMN owner INTEGER",
    "UPDATE face SET owner = arcface_owner(id, person, present)",
    ...["vector", ...(moving ? ["vector_next"] : [])].flatMap((table) => [
      `ALTER TABLE ${table} ADD COLUMN checksum INTEGER`,
      `UPDATE ${table} SET checksum = arcface_bytes(face, value)`,
    ]),
    "ALTER TABLE crop ADD COLUMN checksum INTEGER",
    "UPDATE crop SET checksum = arcface_bytes(face, jpeg)",
    ...SEALS.map(
      (name) => `INSERT INTO seal (name, rows, sum) SELECT '${name}', rows, sum FROM (${SEAL_OF[name]})`,
    ),
    ...TABLES.flatMap(rowTriggers),
    ...OWNER_TRIGGERS,
    ...sealTriggers("person", "checksum", "present"),
    ...sealTriggers("face", "owner", "present"),
    ...["log", "effect", "crop"].flatMap((name) => sealTriggers(name)),
  ];
  for (const statement of statements) database.exec(statement);
}

/** A row that came without a checksum gets one, and one that was changed another. */
function rowTriggers({ name, key, columns }: SealedTable): string[] {
  const values = columns.map((column) => `NEW.${column}`).join(", ");
  const where = key.map((column) => `${column} = NEW.${column}`).join(" AND ");
  const set = `UPDATE ${name} SET checksum = arcface_checksum(${values}) WHERE ${where};`;
  return [
    `CREATE TRIGGER ${name}_added AFTER INSERT ON ${name} WHEN NEW.checksum IS NULL BEGIN ${set} END`,
    `CREATE TRIGGER ${name}_changed AFTER UPDATE OF ${columns.join(", ")} ON ${name} BEGIN ${set} END`,
  ];
}

/** The seal follows the checksums, whoever sets them. @param condition column that says whether a row counts */
function sealTriggers(name: string, checksum = "checksum", condition?: string): string[] {
  const counts = (row: string): string => (condition === undefined ? "1" : `${row}.${condition}`);
  const sum = (row: string): string => `${counts(row)} * coalesce(${row}.${checksum}, 0)`;
  const move = (rows: string, sums: string): string =>
    `UPDATE seal SET rows = rows + ${rows}, sum = (sum + ${sums}) & ${SEAL_MASK} WHERE name = '${name}';`;
  const moved = move(`${counts("NEW")} - ${counts("OLD")}`, `${sum("NEW")} - ${sum("OLD")}`);
  const of = [checksum, ...(condition === undefined ? [] : [condition])].join(", ");
  return [
    `CREATE TRIGGER ${name}_seal_added AFTER INSERT ON ${name} BEGIN ${move(counts("NEW"), sum("NEW"))} END`,
    `CREATE TRIGGER ${name}_seal_changed AFTER UPDATE OF ${of} ON ${name} BEGIN ${moved} END`,
    `CREATE TRIGGER ${name}_seal_removed AFTER DELETE ON ${name} BEGIN ${move(`-${counts("OLD")}`, `-${sum("OLD")}`)} END`,
  ];
}

/** Whose a face is changes often and is read for every face at once: it has a checksum of its own. */
const OWNER_TRIGGERS: readonly string[] = [
  "CREATE TRIGGER face_owner_added AFTER INSERT ON face WHEN NEW.owner IS NULL BEGIN UPDATE face SET owner = arcface_owner(NEW.id, NEW.person, NEW.present) WHERE id = NEW.id; END",
  "CREATE TRIGGER face_owner_changed AFTER UPDATE OF id, person, present ON face BEGIN UPDATE face SET owner = arcface_owner(NEW.id, NEW.person, NEW.present) WHERE id = NEW.id; END",
];

/** The seal of a table, and what its rows make of it. Equal unless rows are missing, double or from elsewhere. */
export function sealsOf(
  connection: Connection,
  name: SealName,
): { readonly kept: Seal; readonly found: Seal } {
  const kept = connection.get<Seal>("SELECT rows, sum FROM seal WHERE name = ?", name);
  const found = connection.get<Seal>(SEAL_OF[name])!;
  return {
    kept: { rows: kept?.rows ?? -1, sum: kept?.sum ?? 0 },
    found: { rows: found.rows, sum: found.sum },
  };
}

/** Throws FaceError BAD_FILE when rows of a table are missing, double or from elsewhere. */
export function expectSealed(connection: Connection, name: SealName): void {
  const { kept, found } = sealsOf(connection, name);
  if (kept.rows !== found.rows || kept.sum !== found.sum)
    throw damaged(connection.path, `table "${name}" with ${Math.max(0, kept.rows)} rows`);
}

/** How many rows a table has, and the sum of their checksums below 2³². */
export interface Seal {
  readonly rows: number;
  readonly sum: number;
}
