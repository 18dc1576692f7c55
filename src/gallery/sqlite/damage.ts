import { FaceError, reasonOf } from "../../core/index.ts";
import type { Connection } from "./connection.ts";
import { isSealed, SEALS } from "./integrity.ts";

/** Rows whose checksum is not that of their columns: the word for the row, and the question for their numbers. */
const QUESTIONS: readonly (readonly [string, string])[] = [
  ["row", "SELECT key AS id FROM meta WHERE checksum IS NOT arcface_checksum(key, value)"],
  ["person", "SELECT id FROM person WHERE checksum IS NOT arcface_checksum(id, name, expires, present)"],
  [
    "face",
    "SELECT id FROM face WHERE owner IS NOT arcface_owner(id, person, present) OR checksum IS NOT arcface_checksum(id, source, sha256, details)",
  ],
  ["vector of face", "SELECT face AS id FROM vector WHERE checksum IS NOT arcface_bytes(face, value)"],
  ["crop of face", "SELECT face AS id FROM crop WHERE checksum IS NOT arcface_bytes(face, jpeg)"],
  [
    "change",
    "SELECT sequence AS id FROM log WHERE checksum IS NOT arcface_checksum(sequence, kind, at, undoes, forgotten)",
  ],
  [
    "effect of change",
    "SELECT sequence AS id FROM effect WHERE checksum IS NOT arcface_checksum(sequence, ordinal, subject, id, before, after)",
  ],
  [
    "erasure",
    "SELECT id FROM erasure WHERE checksum IS NOT arcface_checksum(id, at, counts, names, marks, tries, receipt)",
  ],
];

/** Everything in a file that is not as it was written, by SQLite's own check, all checksums and all seals. */
export function damageOf(connection: Connection): string[] {
  const problems: string[] = [];
  const looking = (what: string, look: () => void): void => {
    try {
      look();
    } catch (thrown) {
      if (thrown instanceof FaceError && thrown.code === "BAD_FILE")
        problems.push(`${what} cannot be read: ${reasonOf(thrown.cause ?? thrown)}`);
      else throw thrown;
    }
  };
  looking("the file", () => {
    const rows = connection.all<{ integrity_check: string }>("PRAGMA integrity_check");
    for (const { integrity_check: text } of rows) if (text !== "ok") problems.push(`SQLite: ${text}`);
  });
  for (const [word, sql] of QUESTIONS)
    looking(`table of ${word}`, () => {
      for (const { id } of connection.all<{ id: number | string }>(sql))
        problems.push(`${word} ${id} is not as it was written`);
    });
  for (const name of SEALS)
    looking(`table "${name}"`, () => {
      if (!isSealed(connection, name)) problems.push(`table "${name}" lacks rows or has others`);
    });
  return problems;
}
