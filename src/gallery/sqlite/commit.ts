import type { Change, Effect, PersonState } from "../change.ts";
import { nameTaken } from "../change.ts";
import { checkChange, type Outcome, subjectsOf } from "../check-change.ts";
import { checksumOfBytes, checksumOfOwner, checksumOfValues } from "../checksum.ts";
import { allWith, type Connection } from "./connection.ts";
import { isConstraint } from "./driver.ts";
import { addToSeal, RunningSeal, type SealName, sealOfEffect } from "./integrity.ts";
import { linksWith, presentFaces, presentPeople } from "./rows.ts";

/** Applies a change inside the caller's transaction, and returns its sequence. */
export function applyChange(connection: Connection, change: Change): number {
  const where = connection.path;
  const subjects = subjectsOf(change);
  const outcome = checkChange(where, change, {
    people: presentPeople(connection, subjects.people),
    faces: presentFaces(connection, subjects.faces),
    facesOfLeaving: allWith<{ id: number }>(
      connection,
      "SELECT id FROM face WHERE present AND person IN (?)",
      subjects.leaving,
    ).map((row) => row.id),
    kept: new Set(
      allWith<{ id: number }>(connection, "SELECT id FROM face WHERE id IN (?)", subjects.faces).map(
        (row) => row.id,
      ),
    ),
    links: linksWith(connection, subjects.links),
  });
  addContents(connection, change, outcome);
  // Names are freed before they are taken, so that two people can change names in one step.
  for (const [id, state] of outcome.people)
    if (!state) connection.run("UPDATE person SET present = 0 WHERE id = ?", id);
  for (const [id, state] of outcome.people) {
    if (!state) continue;
    try {
      writePerson(connection, id, state);
    } catch (thrown) {
      if (isConstraint(thrown)) throw nameTaken(where, state.name);
      throw thrown;
    }
  }
  const fresh = new Set(change.contents.map(({ id }) => id));
  for (const [id, state] of outcome.faces) {
    if (fresh.has(id)) continue;
    if (state) connection.run("UPDATE face SET person = ?, present = 1 WHERE id = ?", state.person, id);
    else connection.run("UPDATE face SET present = 0 WHERE id = ?", id);
  }
  return appendToLog(connection, change);
}

function writePerson(connection: Connection, id: number, { name, expires }: PersonState): void {
  const sql = "UPDATE person SET name = ?, expires = ?, present = 1 WHERE id = ?";
  if (connection.run(sql, name, expires, id) > 0) return;
  const checksum = checksumOfValues([id, name, expires, 1]);
  connection.run(
    "INSERT INTO person (id, name, expires, present, checksum) VALUES (?, ?, ?, 1, ?)",
    ...[id, name, expires, checksum],
  );
  addToSeal(connection, "person", { rows: 1, sum: checksum });
}

/** Faces that were never there before. What is inserted with its checksum is counted here, not by triggers. */
function addContents(connection: Connection, change: Change, outcome: Outcome): void {
  const seals = { face: new RunningSeal(), crop: new RunningSeal() };
  for (const { id, vector, provenance, crop } of change.contents) {
    const { source, sha256, ...rest } = provenance;
    const details = JSON.stringify(rest);
    const state = outcome.faces.get(id);
    const [person, present] = [state?.person ?? 0, state ? 1 : 0];
    const owner = checksumOfOwner(id, person, present);
    connection.run(
      "INSERT INTO face (id, person, present, source, sha256, details, owner, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[id, person, present, source, sha256, details, owner],
      checksumOfValues([id, source, sha256, details]),
    );
    if (present) seals.face.add(owner);
    const bytes = bytesOf(Float32Array.from(vector));
    connection.run(
      "INSERT INTO vector (face, value, checksum) VALUES (?, ?, ?)",
      id,
      bytes,
      checksumOfBytes(id, bytes),
    );
    if (!crop) continue;
    const checksum = checksumOfBytes(id, crop);
    connection.run("INSERT INTO crop (face, jpeg, checksum) VALUES (?, ?, ?)", id, crop, checksum);
    seals.crop.add(checksum);
  }
  for (const [name, seal] of Object.entries(seals)) addToSeal(connection, name as SealName, seal);
}

/** Adds an entry to the log and returns its sequence. */
export function appendToLog(connection: Connection, change: Omit<Change, "contents">): number {
  connection.run(
    "INSERT INTO log (sequence, kind, at, undoes) SELECT coalesce(max(sequence), 0) + 1, ?, ?, ? FROM log",
    change.kind,
    change.at,
    change.undoes ?? null,
  );
  const { sequence } = connection.get<{ sequence: number }>("SELECT max(sequence) AS sequence FROM log")!;
  const seal = new RunningSeal();
  for (const [ordinal, effect] of change.effects.entries())
    seal.add(writeEffect(connection, sequence, ordinal, effect));
  addToSeal(connection, "effect", seal);
  return sequence;
}

/** Returns what the row adds to the seal. */
function writeEffect(
  connection: Connection,
  sequence: number,
  ordinal: number,
  { subject, id, before, after }: Effect,
): number {
  const state = (each: Effect["before"]): string | null => each && JSON.stringify(each);
  const values = [sequence, ordinal, subject, id, state(before), state(after)];
  const checksum = checksumOfValues(values);
  connection.run(
    "INSERT INTO effect (sequence, ordinal, subject, id, before, after, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ...values,
    checksum,
  );
  return sealOfEffect(checksum, sequence, ordinal);
}

/** A vector's bytes, little-endian float32. */
export function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}
