import type { Gallery } from "../gallery/index.ts";
import { eventStream, type Followed } from "./event-stream.ts";

/** The time between two looks at a gallery, in milliseconds: two browsers see each other's change within two seconds. */
const LOOK_MS = 500;

/** Changes told in one event; of more it is told that there were some. */
const MOST = 100;

/** A gallery whose changes are followed. */
export interface FollowedChanges extends Pick<Followed, "isStopping" | "now"> {
  readonly gallery: Gallery;
  /** The change that was seen; undefined for the last one. */
  readonly seen: number | undefined;
}

/**
 * Numbers and kinds of a gallery's changes, as server-sent events: first where the log stands, then whenever it grows, by
 * whichever process. Nothing about anybody is in them.
 */
export function changeEvents({ gallery, seen, ...service }: FollowedChanges): Response {
  let last = seen;
  let told = false;
  return eventStream({
    ...service,
    lookMs: LOOK_MS,
    next: async () => {
      const sequence = await gallery.records.latest();
      if (told && sequence === last) return "nothing";
      const entries = last === undefined ? [] : await gallery.records.log({ limit: MOST });
      const kinds = entries.filter((entry) => entry.sequence > last!).map(({ kind }) => kind);
      told = true;
      last = sequence;
      return { id: sequence, event: "change", data: { sequence, kinds: [...new Set(kinds)] } };
    },
  });
}
