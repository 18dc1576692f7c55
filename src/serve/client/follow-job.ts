import { readEvents } from "./read-events.ts";

/** The time before a stream that broke off is asked for again, in milliseconds, and how often in a row. */
const AGAIN_MS = 1000;
const TRIES = 30;

const ENDED = new Set(["done", "failed", "cancelled"]);

/**
 * A job whenever it changes, until it has ended. A stream that breaks off is asked for again, behind what was seen: also
 * while the service is started anew.
 *
 * @param ask asks for the stream, behind an event
 * @param isFinal tells whether a failure is the service's own word, which asking again does not change
 */
export async function* followJob<J extends { readonly state?: string }>(
  first: Response,
  ask: (lastEventId: string | undefined) => Promise<Response>,
  isFinal: (thrown: unknown) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<J, void> {
  let response: Response | undefined = first;
  let seen: string | undefined;
  for (let tries = 0; ; ) {
    try {
      response ??= await ask(seen);
      for await (const { id, data } of readEvents(response.body!)) {
        tries = 0;
        seen = id ?? seen;
        const job = JSON.parse(data) as J;
        yield job;
        if (job.state !== undefined && ENDED.has(job.state)) return;
      }
    } catch (thrown) {
      if (isFinal(thrown) || signal?.aborted || tries >= TRIES) throw thrown;
    }
    if (signal?.aborted) throw signal.reason;
    tries++;
    response = undefined;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
