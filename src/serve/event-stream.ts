import { setTimeout } from "node:timers/promises";

/** The time after which a stream on which nothing happens says that it is there, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** An event as it is sent: whoever comes back tells the last id that they saw. */
export interface SentEvent {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

/** Something that is followed by looking at it again and again. */
export interface Followed {
  /** The next event, nothing yet, or the end. */
  readonly next: () => Promise<SentEvent | "nothing" | "end">;
  /** The time between two looks, in milliseconds. */
  readonly lookMs: number;
  /** True when the service is being stopped: then the stream ends, and whoever follows asks another. */
  readonly isStopping: () => boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * Server-sent events, each when it is asked for: a reader that is slow holds nothing up but itself.
 *
 * Source    html.spec.whatwg.org, "Server-sent events"
 */
export function eventStream({ next, lookMs, isStopping, now }: Followed): Response {
  const text = new TextEncoder();
  let heard = now();
  let gone = false;
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(text.encode("retry: 1000\n\n")),
    pull: async (stream) => {
      // Each pull ends with something to send, or with the stream.
      while (!gone) {
        if (isStopping()) return stream.close();
        // A database that does not answer is asked again.
        const found = await next().catch((): "nothing" => "nothing");
        if (found === "end") return stream.close();
        if (found !== "nothing") {
          heard = now();
          const { id, event, data } = found;
          return stream.enqueue(text.encode(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        }
        if (now() - heard >= HEARTBEAT_MS) {
          heard = now();
          return stream.enqueue(text.encode(": still there\n\n"));
        }
        await setTimeout(lookMs);
      }
    },
    cancel: () => {
      gone = true;
    },
  });
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" },
  });
}

/** The last event that whoever comes back has seen; undefined for somebody who has seen none. */
export function lastSeen(headers: Headers): number | undefined {
  const told = headers.get("last-event-id");
  const seen = told === null ? Number.NaN : Number(told);
  return Number.isSafeInteger(seen) && seen >= 0 ? seen : undefined;
}
