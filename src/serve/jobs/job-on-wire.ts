import type { z } from "zod";
import type { Job, JobCounts } from "../../gallery/index.ts";
import type { JobKind, Job as JobSchema } from "../wire/job-schemas.ts";

const REASON = "reason:";

/** A job as it is on the wire; nothing of what it was asked for, which may name people and this machine's folders. */
export function jobOnWire(collection: string, job: Job): z.input<typeof JobSchema> {
  const { id, kind, state, created, changed, done, total, counts, error } = job;
  return {
    job: id,
    collection,
    kind: kind as z.input<typeof JobKind>,
    state,
    created,
    changed,
    done,
    total,
    counts: those(counts, (name) => !name.startsWith(REASON)),
    reasons: those(counts, (name) => name.startsWith(REASON)),
    error,
  };
}

function those(counts: JobCounts, wanted: (name: string) => boolean): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).flatMap(([name, count]) =>
      wanted(name) ? [[name.startsWith(REASON) ? name.slice(REASON.length) : name, count]] : [],
    ),
  );
}

/** Tells whether a job has ended, and stays as it is. */
export function hasEnded({ state }: Pick<Job, "state">): boolean {
  return state !== "waiting" && state !== "running";
}
