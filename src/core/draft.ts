import { readdirSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemCode } from "./errors.ts";

/** A draft without a machine's name, as earlier versions wrote it, is another's for this long. */
const NAMELESS_MS = 60_000;

/**
 * Path at which a file or folder is written before it is renamed to its place: beside it, under a name with this process and
 * machine. What processes of this machine left there that did not live to rename or remove it is removed first.
 */
export function draftOf(path: string): string {
  // A folder is named with or without a slash at its end; its draft lies beside it, never inside.
  const place = path.replace(/(?<=[^/\\])[/\\]+$/, "");
  for (const left of leftBehind(place)) rmSync(left, { recursive: true, force: true });
  return `${place}.${process.pid}@${machine()}.tmp`;
}

/** Drafts of a path whose processes are gone. */
function leftBehind(path: string): string[] {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  const left: string[] = [];
  for (const name of namesIn(folder)) {
    if (!name.startsWith(start)) continue;
    const draft = /^(\d+)(?:@([\w-]*))?\.(?:tmp|part)$/.exec(name.slice(start.length));
    if (!draft) continue;
    const [, pid, host] = draft;
    const here = host === undefined ? ageOf(join(folder, name)) > NAMELESS_MS : host === machine();
    if (here && isGone(Number(pid))) left.push(join(folder, name));
  }
  return left;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Whoever writes there will say why it cannot be.
    return [];
  }
}

function ageOf(path: string): number {
  return (
    performance.timeOrigin + performance.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  );
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    return systemCode(thrown) === "ESRCH";
  }
}

function machine(): string {
  return hostname().replace(/[^\w-]/g, "-");
}
