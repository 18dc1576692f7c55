import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { threadId } from "node:worker_threads";
import { z } from "zod";
import { FaceError, parseJson, readTextSync, systemCode } from "../core/index.ts";

const Holder = z.strictObject({ pid: z.number().int().positive(), host: z.string(), born: z.string() });
type Holder = z.infer<typeof Holder>;

/** A complaint about a thing that somebody else holds. */
interface Busy {
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

/**
 * A file that one process holds at a time. It names its holder; the lock of a process that is no more is taken over,
 * so that nobody has to clean up after `kill -9`.
 */
export class FileLock {
  readonly #path: string;
  #held = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param busy the complaint when another process holds it, to which the holder is added
   * Throws    FaceError STORAGE with `busy`, or when the file cannot be written
   */
  static take(path: string, busy: Busy): FileLock {
    const draft = `${path}.${process.pid}.${threadId}`;
    const mine: Holder = { pid: process.pid, host: hostname(), born: birthOf(process.pid) ?? "" };
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(draft, JSON.stringify(mine));
      // A hard link is made whole or not at all, and never over a lock that is there.
      while (!linked(draft, path)) {
        const holder = readHolder(path);
        if (holder === "gone") continue;
        if (holder !== "damaged" && isAlive(holder))
          throw new FaceError("STORAGE", { ...busy, got: `${busy.got} (${described(holder)})` });
        setAside(path, holder);
      }
      return new FileLock(path);
    } catch (cause) {
      if (cause instanceof FaceError) throw cause;
      throw new FaceError("STORAGE", { where: path, expected: "to write a lock", cause });
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** A second call does nothing. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    rmSync(this.#path, { force: true });
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
}

function readHolder(path: string): Holder | "gone" | "damaged" {
  let text: string;
  try {
    text = readTextSync(path);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return "gone";
    throw thrown;
  }
  try {
    return Holder.parse(parseJson(text));
  } catch {
    // Locks are linked whole; what cannot be read was written by nobody who still holds it.
    return "damaged";
  }
}

/** Removes a dead process's lock; one that another process took in the meantime is put back. */
function setAside(path: string, dead: Holder | "damaged"): void {
  const aside = `${path}.${process.pid}.${threadId}.old`;
  try {
    renameSync(path, aside);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return;
    throw thrown;
  }
  const moved = readHolder(aside);
  if (moved !== "gone" && JSON.stringify(moved) !== JSON.stringify(dead)) linked(aside, path);
  rmSync(aside, { force: true });
}

/** Tells whether the process that a lock names is the one that runs under its number; on another machine it counts as alive. */
function isAlive({ pid, host, born }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // Not ours to signal, but there.
    return systemCode(thrown) === "EPERM";
  }
  const now = birthOf(pid);
  return now === undefined || born === "" || now === born;
}

/** When a process was started, in the system's own words, so that a number given again is told apart. */
function birthOf(pid: number): string | undefined {
  try {
    // The name in the second field may hold anything; what follows its last bracket is fields 3 to 52.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    // Not Linux: the number alone has to do.
    return undefined;
  }
}

function described({ pid, host }: Holder): string {
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}
