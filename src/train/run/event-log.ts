import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import writeFileAtomic from "write-file-atomic";
import { FaceError, parseJson, readTextSync, reasonOf, systemCode } from "../../core/index.ts";
import type { RunEvent } from "./events.ts";

/** `events.jsonl`: what happened in a run, one JSON object a line, appended as it happens. */
export class EventLog {
  readonly #path: string;
  readonly #file: number;
  #closed = false;

  private constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
  }

  /** Begins a new log, or goes on with the one there is. Throws FaceError STORAGE. */
  static open(path: string): EventLog {
    try {
      return new EventLog(path, openSync(path, "a"));
    } catch (cause) {
      throw storageError(path, cause);
    }
  }

  /** Throws FaceError STORAGE. */
  append(event: RunEvent): void {
    try {
      writeSync(this.#file, `${JSON.stringify(event)}\n`);
    } catch (cause) {
      throw storageError(this.#path, cause);
    }
  }

  /** A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      fsyncSync(this.#file);
    } finally {
      closeSync(this.#file);
    }
  }
}

/** Of a log: some two million steps. */
const MAX_LOG_BYTES = 2 ** 28;

/** The events of a log in order; a last line that was cut off when the machine stopped is left out. */
export function readEvents(path: string): RunEvent[] {
  if (!existsSync(path)) return [];
  const events: RunEvent[] = [];
  for (const line of readTextSync(path, MAX_LOG_BYTES).split("\n")) {
    if (line === "") continue;
    try {
      events.push(parseJson(line) as RunEvent);
    } catch {
      // Written by a process that was stopped in the middle of it: what it said is done again.
    }
  }
  return events;
}

/**
 * Takes back what was logged after a step, because the run goes on from there and does it again.
 *
 * Throws    FaceError STORAGE
 */
export function rewindEvents(path: string, step: number): void {
  const kept = readEvents(path).filter((event) => event.step <= step);
  try {
    writeFileAtomic.sync(path, kept.map((event) => `${JSON.stringify(event)}\n`).join(""));
  } catch (cause) {
    throw storageError(path, cause);
  }
}

function storageError(path: string, cause: unknown): FaceError {
  const got = systemCode(cause) === "ENOSPC" ? "a full disk" : reasonOf(cause);
  return new FaceError("STORAGE", { where: path, expected: "to write events", got, cause });
}
