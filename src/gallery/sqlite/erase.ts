import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findBytes, MIN_TEXT_BYTES, piecesOfCrop, piecesOfVector } from "../erasure/index.ts";
import type { Erasure } from "../store.ts";
import { appendToLog } from "./commit.ts";
import { allWith, type Connection } from "./connection.ts";
import { asStorageError, retryBusy } from "./driver.ts";
import { vectorOf } from "./rows.ts";

/** Where files lie that are derived from a gallery, such as maps of its faces; forgetting anybody empties it. */
export function derivedFolderOf(path: string): string {
  return `${path}.derived`;
}

/** What a person leaves in the file, gathered before it is removed. */
interface Traces {
  readonly people: readonly number[];
  readonly faces: readonly number[];
  readonly crops: number;
  readonly pieces: readonly Uint8Array[];
  readonly texts: readonly string[];
}

/** Removes people and everything that is kept of them from the file, then searches the files for their bytes. */
export async function erasePeople(
  connection: Connection,
  people: readonly number[],
  at: string,
): Promise<Erasure> {
  const { traces, logEffects } = await connection.write(() => {
    const found = tracesOf(connection, people);
    return { traces: found, logEffects: removeRows(connection, found, at) };
  });
  const notProven: string[] = [];
  await compact(connection, notProven);
  const derived = derivedFolderOf(connection.path);
  await rm(derived, { recursive: true, force: true });
  const texts = [];
  for (const text of traces.texts) {
    if (isUsedByOthers(connection, text))
      notProven.push(`"${text}" was not searched for: it is part of what is kept of others`);
    else if (Buffer.byteLength(text) >= MIN_TEXT_BYTES) texts.push(Buffer.from(text));
    else notProven.push(`"${text}" was not searched for: so short a text turns up by chance`);
  }
  const files = ["", "-wal", "-shm", "-journal"].map((ending) => connection.path + ending);
  const rest = await readdir(derived).catch(() => []);
  const searched = await findBytes(
    [...files, ...rest.map((name) => join(derived, name))],
    [...traces.pieces, ...texts],
  );
  return { faces: traces.faces.length, crops: traces.crops, logEffects, searched, notProven };
}

/**
 * Who and what goes: the people, those who were merged into them, and all their faces, deleted ones too.
 */
function tracesOf(connection: Connection, people: readonly number[]): Traces {
  const everyone = new Set(people);
  for (let size = 0; size !== everyone.size; ) {
    size = everyone.size;
    const merged = allWith<{ id: number }>(
      connection,
      `SELECT DISTINCT json_extract(effect.before, '$.person') AS id FROM effect
       JOIN log USING (sequence) JOIN person ON person.id = json_extract(effect.before, '$.person')
       WHERE log.kind = 'merge' AND effect.subject = 'face' AND NOT person.present
       AND json_extract(effect.after, '$.person') IN (?)`,
      [...everyone],
    );
    for (const { id } of merged) everyone.add(id);
  }
  const ids = [...everyone];
  const faces = allWith<{ id: number; source: string }>(
    connection,
    "SELECT id, source FROM face WHERE person IN (?)",
    ids,
  );
  const faceIds = faces.map(({ id }) => id);
  const vectors = vectorTables(connection).flatMap((table) =>
    allWith<{ value: Uint8Array }>(connection, `SELECT value FROM ${table} WHERE face IN (?)`, faceIds),
  );
  const crops = allWith<{ jpeg: Uint8Array }>(connection, "SELECT jpeg FROM crop WHERE face IN (?)", faceIds);
  const states = allWith<{ name: string | null }>(connection, `SELECT name FROM person WHERE id IN (?)`, ids);
  const formerNames = allWith<{ name: string | null }>(
    connection,
    `SELECT json_extract(before, '$.name') AS name FROM effect WHERE subject = 'person' AND id IN (?)`,
    ids,
  );
  const names = [...states, ...formerNames].flatMap(({ name }) => (name === null ? [] : [name]));
  return {
    people: ids,
    faces: faceIds,
    crops: crops.length,
    pieces: [
      ...vectors.flatMap(({ value }) => piecesOfVector(vectorOf(value))),
      ...crops.flatMap(({ jpeg }) => piecesOfCrop(jpeg)),
    ],
    texts: [...new Set([...names, ...faces.map(({ source }) => source)])],
  };
}

/** Tables that hold vectors: while the gallery moves to another model there are two. */
function vectorTables(connection: Connection): string[] {
  return connection
    .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'vector%'")
    .map(({ name }) => name);
}

function removeRows(connection: Connection, { people, faces }: Traces, at: string): number {
  let effects = 0;
  const forget = (subject: "person" | "face", id: number): void => {
    connection.run(
      "UPDATE log SET forgotten = forgotten + (SELECT count(*) FROM effect WHERE effect.sequence = log.sequence AND id = ? AND subject = ?) WHERE sequence IN (SELECT sequence FROM effect WHERE id = ? AND subject = ?)",
      id,
      subject,
      id,
      subject,
    );
    effects += connection.run("DELETE FROM effect WHERE id = ? AND subject = ?", id, subject);
  };
  const tables = vectorTables(connection);
  for (const id of faces) {
    for (const table of tables) connection.run(`DELETE FROM ${table} WHERE face = ?`, id);
    connection.run("DELETE FROM crop WHERE face = ?", id);
    connection.run("DELETE FROM face WHERE id = ?", id);
    forget("face", id);
  }
  for (const id of people) {
    connection.run("DELETE FROM person WHERE id = ?", id);
    forget("person", id);
  }
  // What other processes need to take the faces out of their indexes: numbers, and nothing about anybody.
  const gone = faces.map((id) => ({ subject: "face" as const, id, before: null, after: null }));
  appendToLog(connection, { kind: "forget", at, effects: gone });
  return effects;
}

/** Packs the file and empties the write-ahead log, in which older pages stand. */
async function compact(connection: Connection, notProven: string[]): Promise<void> {
  try {
    await retryBusy(connection.path, () => connection.database.exec("VACUUM"));
    await retryBusy(connection.path, () => {
      const row = connection.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
      if (row.busy) throw Object.assign(new Error("database is locked"), { errcode: 5 });
    });
  } catch (thrown) {
    const error = asStorageError(connection.path, thrown);
    notProven.push(
      `the file could not be packed while others use it (${(error as Error).message}); forget again`,
    );
  }
}

function isUsedByOthers(connection: Connection, text: string): boolean {
  const found = (sql: string): boolean => connection.get(sql, text) !== undefined;
  return (
    found("SELECT 1 FROM person WHERE instr(name, ?) LIMIT 1") ||
    found("SELECT 1 FROM face WHERE instr(source, ?) LIMIT 1") ||
    connection.get(
      "SELECT 1 FROM effect WHERE instr(coalesce(before, '') || coalesce(after, ''), ?) LIMIT 1",
      JSON.stringify(text).slice(1, -1),
    ) !== undefined
  );
}
