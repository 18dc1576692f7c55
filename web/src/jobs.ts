import { ask, type ClientAnswer } from "./service.ts";

/** Jobs in one question to the service, and questions at most. */
const PAGE = 100;
const PAGES = 20;

/** A gallery's long work of some kinds, newest first: all of it, as far as the service keeps it. */
export async function jobsOf(
  collection: string,
  kinds: readonly ClientAnswer<"job">["kind"][],
  signal: AbortSignal,
): Promise<ClientAnswer<"job">[]> {
  const found: ClientAnswer<"job">[] = [];
  let after: number | undefined;
  for (let page = 0; page < PAGES; page++) {
    const before = after === undefined ? {} : { after };
    const { jobs, next } = await ask("jobs", { collection, limit: PAGE, ...before }, { signal });
    found.push(...jobs.filter(({ kind }) => kinds.includes(kind)));
    if (next === null) break;
    after = Number(next);
  }
  return found;
}

/** A moment as people read it. */
export function momentText(iso: string): string {
  return new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}
