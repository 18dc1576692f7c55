import type { Job } from "../../gallery/index.ts";
import { eventStream, type Followed } from "../event-stream.ts";
import { hasEnded } from "./job-on-wire.ts";

/** The time between two looks at a job, in milliseconds. */
const LOOK_MS = 250;

/** A job that is followed. */
export interface FollowedJob extends Pick<Followed, "isStopping" | "now"> {
  readonly look: () => Promise<Job | undefined>;
  /** A job as its event tells it. */
  readonly tell: (job: Job) => unknown;
  /** The revision that was seen; only later ones are told. */
  readonly seen: number | undefined;
}

/**
 * A job whenever it changes, as server-sent events, until it has ended: `event: job`, its revision as `id`, and JSON as
 * `data`. Each event is the whole state, so that one who comes back late needs the last one alone.
 */
export function jobEvents({ look, tell, seen, ...service }: FollowedJob): Response {
  let last = seen ?? 0;
  let ended = false;
  return eventStream({
    ...service,
    lookMs: LOOK_MS,
    next: async () => {
      if (ended) return "end";
      const job = await look();
      if (!job) return "end";
      ended = hasEnded(job);
      if (job.revision <= last) return ended ? "end" : "nothing";
      last = job.revision;
      return { id: job.revision, event: "job", data: tell(job) };
    },
  });
}
