import { execFile } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { FaceError, systemCode } from "../../core/index.ts";
import { followingChange } from "./schema.ts";
import { changeOf, digestOf, type LogBeside, readLogBeside } from "./write-ahead-log.ts";

/** The number of times that files are read that others change meanwhile. */
const READINGS = 20;

/** Prints the first bytes of files: path and number of bytes in turn. */
const FIRST_BYTES = `
const fs = require("node:fs");
const asked = process.argv.slice(1);
for (let i = 0; i < asked.length; i += 2) {
  const bytes = Buffer.alloc(Number(asked[i + 1]));
  let read = 0;
  try { read = fs.readSync(fs.openSync(asked[i], "r"), bytes, 0, bytes.length, 0); } catch {}
  console.log(bytes.toString("hex", 0, read));
}`;

/**
 * To be asked before SQLite opens a file: SQLite applies whatever log lies beside it, also one that was begun on a file
 * that another was put in place of, and so destroys both.
 *
 * Every change of a gallery writes page 1 with the next number. So the file's page 1 is one that the log holds, or the one
 * before its first; in that case nothing of the log is in the file yet, and the file is older.
 *
 * Throws    FaceError CONFLICT when the log was not begun on this file, or that is in doubt
 */
export async function expectOwnLog(path: string): Promise<void> {
  for (let reading = 1; ; reading++) {
    const log = logBeside(path);
    if (!log) return;
    const why = await strangeness(path, log).catch((cause: unknown) => {
      if (systemCode(cause) === "ENOENT") return "one that is gone";
      throw cause;
    });
    if (why === undefined) return;
    // Another process may have written, or emptied the log, or removed it as the last to close the file, in between.
    const now = logBeside(path);
    if (now?.salts === log.salts && now.frames === log.frames)
      throw new FaceError("CONFLICT", {
        where: path,
        expected: `the file that ${path}-wal was written for`,
        got: why,
        note: `both are left as they are: end what still uses them, then move ${path}-wal away to open this file as it is, or put the earlier file back`,
      });
    if (reading === READINGS)
      throw new FaceError("STORAGE", {
        where: path,
        expected: "files that stand still for a moment",
        got: "none",
        note: "try again",
      });
  }
}

function logBeside(path: string): LogBeside | undefined {
  try {
    return readLogBeside(`${realpathSync(path)}-wal`);
  } catch {
    return undefined;
  }
}

/** Says why a log may not be the file's; undefined when it is. */
async function strangeness(path: string, log: LogBeside): Promise<string | undefined> {
  const file = realpathSync(path);
  const [page, index] = await firstBytes([file, log.pageBytes], [`${file}-shm`, 136]);
  if (page!.length < log.pageBytes || (page!.readUInt16BE(16) || 1) !== log.pageBytes % 65_535)
    return "another database";
  if (log.firstPages.has(digestOf(page!))) return undefined;
  const change = changeOf(page!);
  // Packing the file keeps the number, and galleries of earlier versions have none; of them the times tell.
  if (![undefined, change, followingChange(change)].includes(log.firstChange)) return "another state of it";
  // The part of the log that is in the file, and was about to be.
  const applied = index!.length === 136 && (index!.readUInt32LE(96) > 0 || index!.readUInt32LE(128) > 0);
  const [put, written] = [statSync(file), statSync(`${file}-wal`)];
  if (applied || put.ctimeMs <= Math.max(written.mtimeMs, written.ctimeMs)) return undefined;
  return `one that was put there or touched later (if it is the same, "touch" ${path}-wal)`;
}

/** Read by another process: this one may have the file open, and would lose its locks on it by closing it (POSIX). */
async function firstBytes(...asked: readonly (readonly [string, number])[]): Promise<Buffer[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["-e", FIRST_BYTES, ...asked.flat().map(String)],
    {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    },
  );
  return stdout.split("\n").map((line) => Buffer.from(line, "hex"));
}
