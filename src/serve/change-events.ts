import { setTimeout } from "node:timers/promises";
import type { Gallery } from "../gallery/index.ts";

/** The time between two looks at a gallery, in milliseconds: two browsers see each other's change within two seconds. */
const LOOK_MS = 500;

/** The time after which a stream on which nothing happens says that it is there, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** Changes told in one event; of more it is told that there were some. */
const MOST = 100;

/** A gallery whose changes are followed. */
export interface FollowedChanges {
  readonly gallery: Gallery;
  /** The change that was seen; undefined for the last one. */
  readonly seen: number | undefined;
  /** True when the service is being stopped: then the stream ends, and whoever follows asks another. */
  readonly isStopping: () => boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * Numbers and kinds of a gallery's changes, as server-sent events: first where the log stands, then whenever it grows, by
 * whichever process. Nothing about anybody is in them.
 */
export function changeEvents({
  gallery,
  seen,
  isStopping,
  now,
}: FollowedChanges): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  let last = seen;
  let told = false;
  let heard = now();
  let gone = false;
  const look = async (): Promise<{ sequence: number; kinds: string[] } | undefined> => {
    const sequence = await gallery.records.latest();
    if (told && sequence === last) return undefined;
    const entries = last === undefined ? [] : await gallery.records.log({ limit: MOST });
    const kinds = entries.filter((entry) => entry.sequence > last!).map(({ kind }) => kind);
    return { sequence, kinds: [...new Set(kinds)] };
  };
  return new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(text.encode("retry: 1000\n\n")),
    pull: async (stream) => {
      while (!gone) {
        if (isStopping()) return stream.close();
        // A database that does not answer is asked again.
        const news = await look().catch(() => undefined);
        if (news) {
          told = true;
          last = news.sequence;
          heard = now();
          return stream.enqueue(text.encode(`id: ${last}\nevent: change\ndata: ${JSON.stringify(news)}\n\n`));
        }
        if (now() - heard >= HEARTBEAT_MS) {
          heard = now();
          return stream.enqueue(text.encode(": still there\n\n"));
        }
        await setTimeout(LOOK_MS);
      }
    },
    cancel: () => {
      gone = true;
    },
  });
}
