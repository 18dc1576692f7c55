import type { Change, Effect } from "../change.ts";
import { nameTaken } from "../change.ts";
import { checkChange, subjectsOf } from "../check-change.ts";
import { checksumOfBytes } from "../checksum.ts";
import { allWith, type Connection } from "./connection.ts";
import { isConstraint } from "./driver.ts";
import { presentFaces, presentPeople } from "./rows.ts";

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
  });
  for (const { id, vector, provenance, crop } of change.contents) {
    const { source, sha256, ...details } = provenance;
    connection.run(
      "INSERT INTO face (id, person, present, source, sha256, details) VALUES (?, 0, 0, ?, ?, ?)",
      id,
      source,
      sha256,
      JSON.stringify(details),
    );
    const bytes = bytesOf(Float32Array.from(vector));
    connection.run(
      "INSERT INTO vector (face, value, checksum) VALUES (?, ?, ?)",
      id,
      bytes,
      checksumOfBytes(id, bytes),
    );
    if (crop)
      connection.run(
        "INSERT INTO crop (face, jpeg, checksum) VALUES (?, ?, ?)",
        id,
        crop,
        checksumOfBytes(id, crop),
      );
  }
  // Names are freed before they are taken, so that two people can change names in one step.
  for (const [id, state] of outcome.people)
    if (!state) connection.run("UPDATE person SET present = 0 WHERE id = ?", id);
  for (const [id, state] of outcome.people) {
    if (!state) continue;
    try {
      connection.run(
        "INSERT INTO person (id, name, expires, present) VALUES (?, ?, ?, 1) ON CONFLICT (id) DO UPDATE SET name = excluded.name, expires = excluded.expires, present = 1",
        id,
        state.name,
        state.expires,
      );
    } catch (thrown) {
      if (isConstraint(thrown)) throw nameTaken(where, state.name);
      throw thrown;
    }
  }
  for (const [id, state] of outcome.faces) {
    if (state) connection.run("UPDATE face SET person = ?, present = 1 WHERE id = ?", state.person, id);
    else connection.run("UPDATE face SET present = 0 WHERE id = ?", id);
  }
  return appendToLog(connection, change);
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
  for (const [ordinal, effect] of change.effects.entries())
    writeEffect(connection, sequence, ordinal, effect);
  return sequence;
}

function writeEffect(connection: Connection, sequence: number, ordinal: number, effect: Effect): void {
  connection.run(
    "INSERT INTO effect (sequence, ordinal, subject, id, before, after) VALUES (?, ?, ?, ?, ?, ?)",
    sequence,
    ordinal,
    effect.subject,
    effect.id,
    effect.before && JSON.stringify(effect.before),
    effect.after && JSON.stringify(effect.after),
  );
}

/** A vector's bytes, little-endian float32. */
export function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}
