import { randomUUID } from "node:crypto";
import type { Told } from "./service-error.ts";

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** A caller's own id, where it is short and plain; else a new one. */
export function requestIdOf({ headers }: Request): string {
  const given = headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

/** An answer to what is no request that a handler could see, in the shape of every error. The connection ends with it. */
export function refusal({ status, code, message }: Told): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const requestId = randomUUID();
  const body = JSON.stringify({ error: { code, message, requestId } });
  const headers = {
    ...SECURITY_HEADERS,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "X-Request-Id": requestId,
    Connection: "close",
  };
  return { status, headers, body };
}

/** An answer with the headers that every one has, where it says nothing else itself. */
export function finished(
  response: Response,
  request: Request,
  requestId: string,
  origins: readonly string[],
): Response {
  // The answer itself, not a copy: a copy is sent as a stream, which takes longer.
  const { headers } = response;
  // Nobody reads it: a file that it would be read from is closed, a stream ends.
  if (request.method === "HEAD") response.body?.cancel().catch(() => undefined);
  for (const [name, value] of Object.entries(SECURITY_HEADERS))
    if (!headers.has(name)) headers.set(name, value);
  headers.set("X-Request-Id", requestId);
  const origin = request.headers.get("origin");
  if (origins.length > 0) headers.append("Vary", "Origin");
  if (origin !== null && origins.includes(origin)) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    headers.set("Cross-Origin-Resource-Policy", "cross-origin");
    if (request.method === "OPTIONS") {
      headers.set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE");
      headers.set(
        "Access-Control-Allow-Headers",
        "authorization, content-type, last-event-id, x-api-key, x-request-id",
      );
      headers.set("Access-Control-Max-Age", "600");
    }
  }
  return response;
}
