import { FaceError } from "../core/index.ts";
import { ServiceError, stoppingError } from "./service-error.ts";
import type { Limits } from "./settings/index.ts";

/** Milliseconds in which the rest of a body has to arrive once the service is being stopped. */
const STOPPING_MS = 1000;

/** The bounds of a body, and when no more of it is waited for. */
export interface BodyRules extends Pick<Limits, "bodyBytes" | "bodyMs"> {
  /** Ends when the service is being stopped. */
  readonly stopped?: AbortSignal | undefined;
}

/**
 * A request's body, whole: no longer than it may be, and not for longer than it may take.
 *
 * Throws    ServiceError TOO_LARGE, TIMEOUT, STOPPING; FaceError ABORTED for a body that breaks off
 */
export async function readBody(
  request: Request,
  { bodyBytes, bodyMs, stopped }: BodyRules,
): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (Number(announced ?? 0) > bodyBytes) throw tooLarge(bodyBytes);
  const timers: NodeJS.Timeout[] = [];
  let stop: () => void = () => undefined;
  const late = new Promise<never>((_, fail) => {
    timers.push(setTimeout(() => fail(tooSlow(bodyMs)), bodyMs));
    stop = () => timers.push(setTimeout(() => fail(stoppingError()), STOPPING_MS));
  });
  if (stopped?.aborted) stop();
  stopped?.addEventListener("abort", stop, { once: true });
  late.catch(() => undefined);
  try {
    return announced === null
      ? await readParts(request, bodyBytes, late)
      : await readAnnounced(request, bodyBytes, late);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new FaceError("ABORTED", {
      where: "body",
      expected: "all of it",
      got: "a part, and the client gone",
      cause: error,
    });
  } finally {
    stopped?.removeEventListener("abort", stop);
    for (const timer of timers) clearTimeout(timer);
  }
}

/** A body whose length was said, which the connection holds it to: in one go, without a stream of the web in between. */
async function readAnnounced(request: Request, bodyBytes: number, late: Promise<never>): Promise<Uint8Array> {
  const all = request.arrayBuffer();
  all.catch(() => undefined);
  const bytes = new Uint8Array(await Promise.race([all, late]));
  // Without a connection nothing holds it.
  if (bytes.length > bodyBytes) throw tooLarge(bodyBytes);
  return bytes;
}

async function readParts(request: Request, bodyBytes: number, late: Promise<never>): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return Buffer.concat(parts, total);
      total += value.length;
      if (total > bodyBytes) throw tooLarge(bodyBytes);
      parts.push(value);
    }
  } finally {
    // Nothing more of a body that was refused is read.
    reader.cancel().catch(() => undefined);
  }
}

/** Connections end with it: what is still being sent is not waited for. */
const ENDS = { Connection: "close" };

function tooLarge(bytes: number): ServiceError {
  return new ServiceError(
    "TOO_LARGE",
    { where: "body", expected: `at most ${bytes} bytes`, got: "more" },
    ENDS,
  );
}

function tooSlow(ms: number): ServiceError {
  return new ServiceError(
    "TIMEOUT",
    { where: "body", expected: `all of it within ${ms / 1000} s`, got: "a part" },
    ENDS,
  );
}
