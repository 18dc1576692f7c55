import { setTimeout } from "node:timers/promises";
import type { Job } from "../../gallery/index.ts";
import { hasEnded } from "./job-on-wire.ts";

/** The time between two looks at a job, in milliseconds. */
const LOOK_MS = 250;

/** The time after which a stream on which nothing happens says that it is there, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** A job that is followed. */
export interface Followed {
  readonly look: () => Promise<Job | undefined>;
  /** A job as its event tells it. */
  readonly tell: (job: Job) => unknown;
  /** The revision that was seen; only later ones are told. */
  readonly seen: number;
  /** True when the service is being stopped: then the stream ends, and whoever follows asks another. */
  readonly isStopping: () => boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * A job whenever it changes, as server-sent events, until it has ended: `event: job`, its revision as `id`, and JSON as
 * `data`. Each event is the whole state, so that one who comes back late needs the last one alone.
 *
 * Source    html.spec.whatwg.org, "Server-sent events"
 */
export function jobEvents({ look, tell, seen, isStopping, now }: Followed): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  let last = seen;
  let ended = false;
  let heard = now();
  let gone = false;
  return new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(text.encode("retry: 1000\n\n")),
    pull: async (stream) => {
      // Each pull ends with something to send, or with the stream.
      while (!gone) {
        if (ended || isStopping()) return stream.close();
        // A database that does not answer is asked again.
        const job = await look().catch(() => null);
        if (job === undefined) return stream.close();
        ended = job !== null && hasEnded(job);
        if (job && job.revision > last) {
          last = job.revision;
          heard = now();
          const data = JSON.stringify(tell(job));
          return stream.enqueue(text.encode(`id: ${job.revision}\nevent: job\ndata: ${data}\n\n`));
        }
        if (now() - heard >= HEARTBEAT_MS) {
          heard = now();
          return stream.enqueue(text.encode(": still there\n\n"));
        }
        if (!ended) await setTimeout(LOOK_MS);
      }
    },
    cancel: () => {
      gone = true;
    },
  });
}
