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

/** The erasures that are not finished; the table came by its checksums later than the others. */
const ERASURE: SealedTable = {
  name: "erasure",
  key: ["id"],
  columns: ["id", "at", "counts", "names", "marks", "tries", "receipt"],
};

/** The tables with a seal: how many rows there are and the sum of their checksums. */
export const SEALS = ["person", "face", "log", "effect", "crop"] as const;
export type SealName = (typeof SEALS)[number];

/** Queries that compute a table's seal from its rows. */
const SEAL_OF: Record<SealName, string> = {
  person: "SELECT count(*) AS rows, coalesce(sum(checksum), 0) & 4294967295 AS sum FROM person WHERE present",
  face: "SELECT count(*) AS rows, coalesce(sum(owner), 0) & 4294967295 AS sum FROM face WHERE present",
  log: "SELECT count(*) AS rows, coalesce(sum(checksum), 0) & 4294967295 AS sum FROM log",
  // With their places: a row whose key was damaged is not found where it belongs, and not where it says either.
  effect: `SELECT count(*) AS rows, coalesce(sum((checksum + 65599 * sequence + ordinal) & 4294967295), 0) & 4294967295 AS sum FROM effect`,
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
export function addChecksums(database: Database): [] {
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
    OWNER_TRIGGER,
    ...sealTriggers("person", "checksum", "present"),
    ...sealTriggers("face", "owner", "present"),
    ...["log", "effect", "crop"].flatMap((name) => sealTriggers(name)),
  ];
  for (const statement of statements) database.exec(statement);
  return [];
}

/** The same for what is left to do of erasures. */
export function addErasureChecksums(database: Database): [] {
  const { name, columns } = ERASURE;
  database.exec(`ALTER TABLE ${name} ADD COLUMN checksum INTEGER`);
  database.exec(`UPDATE ${name} SET checksum = arcface_checksum(${columns.join(", ")})`);
  for (const statement of rowTriggers(ERASURE)) database.exec(statement);
  return [];
}

/**
 * A row that was changed gets another checksum, and one of a small table that came without one gets its own.
 *
 * Rows of the large tables are inserted with their checksums, and counted with {@link addToSeal}: a table that has
 * triggers for what is inserted makes SQLite copy pages for every row.
 */
function rowTriggers({ name, key, columns }: SealedTable): string[] {
  const values = columns.map((column) => `NEW.${column}`).join(", ");
  const where = key.map((column) => `${column} = NEW.${column}`).join(" AND ");
  const set = `UPDATE ${name} SET checksum = arcface_checksum(${values}) WHERE ${where};`;
  return [
    ...(name === "meta" || name === "log" || name === "erasure"
      ? [`CREATE TRIGGER ${name}_added AFTER INSERT ON ${name} WHEN NEW.checksum IS NULL BEGIN ${set} END`]
      : []),
    `CREATE TRIGGER ${name}_changed AFTER UPDATE OF ${columns.join(", ")} ON ${name} BEGIN ${set} END`,
  ];
}

/** The seal follows the checksums, whoever sets them. @param condition column that says whether a row counts */
function sealTriggers(name: string, checksum = "checksum", condition?: string): string[] {
  const counts = (row: string): string => (condition === undefined ? "1" : `${row}.${condition}`);
  const sum = (row: string): string =>
    name === "effect"
      ? `coalesce(${row}.checksum + 65599 * ${row}.sequence + ${row}.ordinal, 0)`
      : `${counts(row)} * coalesce(${row}.${checksum}, 0)`;
  const move = (rows: string, sums: string): string =>
    `UPDATE seal SET rows = rows + ${rows}, sum = (sum + ${sums}) & ${SEAL_MASK} WHERE name = '${name}';`;
  const moved = move(`${counts("NEW")} - ${counts("OLD")}`, `${sum("NEW")} - ${sum("OLD")}`);
  const of = [checksum, ...(condition === undefined ? [] : [condition])].join(", ");
  return [
    ...(name === "log"
      ? [`CREATE TRIGGER log_seal_added AFTER INSERT ON log BEGIN ${move(counts("NEW"), sum("NEW"))} END`]
      : []),
    `CREATE TRIGGER ${name}_seal_changed AFTER UPDATE OF ${of} ON ${name} BEGIN ${moved} END`,
    `CREATE TRIGGER ${name}_seal_removed AFTER DELETE ON ${name} BEGIN ${move(`-${counts("OLD")}`, `-${sum("OLD")}`)} END`,
  ];
}

/** A face's owner changes often and is read for every face at once: it has a checksum of its own. */
const OWNER_TRIGGER =
  "CREATE TRIGGER face_owner_changed AFTER UPDATE OF id, person, present ON face BEGIN UPDATE face SET owner = arcface_owner(NEW.id, NEW.person, NEW.present) WHERE id = NEW.id; END";

/** Rows and the sum of their checksums, as they are counted. */
export class RunningSeal implements Seal {
  rows = 0;
  sum = 0;

  add(checksum: number): void {
    this.rows++;
    this.sum = (this.sum + checksum) % (SEAL_MASK + 1);
  }
}

/** The amount that a row of the log's effects adds to their seal. */
export function sealOfEffect(checksum: number, sequence: number, ordinal: number): number {
  return (checksum + 65599 * sequence + ordinal) % (SEAL_MASK + 1);
}

/** Counts rows that were inserted with their checksums, inside the caller's transaction. */
export function addToSeal(connection: Connection, name: SealName, { rows, sum }: Seal): void {
  if (rows === 0) return;
  connection.run(
    `UPDATE seal SET rows = rows + ?, sum = (sum + ?) & ${SEAL_MASK} WHERE name = ?`,
    rows,
    sum,
    name,
  );
}

/** Tells whether the rows of a table are those that its seal counts. */
export function isSealed(connection: Connection, name: SealName): boolean {
  // One question, so that nobody writes between its halves.
  const same = connection.get<{ same: number | null }>(
    `SELECT seal.rows = found.rows AND seal.sum = found.sum AS same
     FROM (${SEAL_OF[name]}) AS found LEFT JOIN seal ON seal.name = ?`,
    name,
  );
  return same?.same === 1;
}

/** Throws FaceError BAD_FILE when rows of a table are missing, double or from elsewhere. */
export function expectSealed(connection: Connection, name: SealName): void {
  if (!isSealed(connection, name)) throw damaged(connection.path, `table "${name}"`);
}

/** {@link expectSealed} for rows that were read already, in the same transaction. */
export function expectSeal(connection: Connection, name: SealName, { rows, sum }: Seal): void {
  const kept = connection.get<Seal>("SELECT rows, sum FROM seal WHERE name = ?", name);
  if (kept?.rows !== rows || kept.sum !== sum) throw damaged(connection.path, `table "${name}"`);
}

/**
 * Checks before people are looked up: that nobody is missing, and that the index of names, by which they
 * are found, says what the table says. Looked at once for an opening of the file.
 *
 * Throws    FaceError BAD_FILE
 */
export function expectWholePeople(connection: Connection): void {
  connection.once("person", () => {
    expectSealed(connection, "person");
    const [first] = connection.all<{ integrity_check: string }>("PRAGMA integrity_check(person)");
    if (first?.integrity_check !== "ok") throw damaged(connection.path, 'the index of table "person"');
  });
}

/** The same for faces and the index by which a person's are found. Throws FaceError BAD_FILE. */
export function expectWholeFaces(connection: Connection): void {
  connection.once("face", () => {
    expectSealed(connection, "face");
    const sum = (how: string): string =>
      `(SELECT count(*) || ' ' || coalesce(sum((31 * person + id) & ${SEAL_MASK}), 0) FROM face ${how})`;
    const same = connection.get<{ same: number }>(
      `SELECT ${sum("INDEXED BY face_person")} = ${sum("NOT INDEXED")} AS same`,
    );
    if (same?.same !== 1) throw damaged(connection.path, 'the index of table "face"');
  });
}

/** The same for the log. Throws FaceError BAD_FILE. */
export function expectWholeLog(connection: Connection): void {
  connection.once("log", () => {
    expectSealed(connection, "log");
    expectSealed(connection, "effect");
  });
}

/** The number of rows that a table has, and the sum of their checksums below 2³². */
export interface Seal {
  readonly rows: number;
  readonly sum: number;
}
