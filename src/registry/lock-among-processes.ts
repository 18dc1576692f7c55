import { lock } from "proper-lockfile";

/** The time that another process may hold the lock of a download without a sign of life, in milliseconds. */
const STALE_MS = 15_000;

/** Waits for what nobody else on this machine is to do at once. Returns what gives it free. @param path need not exist; its folder must */
export async function lockAmongProcesses(path: string): Promise<() => Promise<void>> {
  return await lock(path, {
    realpath: false,
    stale: STALE_MS,
    retries: { forever: true, minTimeout: 100, maxTimeout: 500, factor: 1.5 },
  });
}
