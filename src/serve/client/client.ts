import type { z } from "zod";
import type { AnswerOf, BodyOf, ENDPOINTS, EndpointName } from "../wire/index.ts";
import { followJob } from "./follow-job.ts";
import { ROUTES } from "./routes.ts";

/** A picture as a browser or a program has it: encoded bytes. */
export type ClientPicture = Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** An object without fields says nothing about those of others. */
export type ClientFields<T> = string extends keyof T ? unknown : T;

/** The fields of a call that its body carries, pictures among them. */
export type ClientBody<B extends BodyOf> = B extends { readonly schema: infer S extends z.ZodType }
  ? z.input<S>
  : B extends { readonly options: infer S extends z.ZodType; readonly least: infer L }
    ? ClientFields<z.input<S>> &
        (L extends 0
          ? { readonly pictures?: readonly ClientPicture[] }
          : { readonly pictures: readonly ClientPicture[] })
    : unknown;

/** Everything that a call is given: parts of the path, of the query and of the body in one object. */
export type ClientInput<N extends EndpointName> = ClientFields<z.input<(typeof ENDPOINTS)[N]["params"]>> &
  ClientFields<z.input<(typeof ENDPOINTS)[N]["query"]>> &
  ClientBody<(typeof ENDPOINTS)[N]["body"]>;

/** A call's answer: JSON as the document says, bytes, or JSON again and again until there is no more. */
export type ClientAnswer<N extends EndpointName> = (typeof ENDPOINTS)[N]["answer"] extends infer A extends
  AnswerOf
  ? A extends { readonly schema: infer S extends z.ZodType }
    ? z.output<S>
    : A extends { readonly events: infer S extends z.ZodType }
      ? AsyncGenerator<z.output<S>, void>
      : Blob
  : never;

/** A function for each thing that a service does, by the names of `/openapi.json`. */
export type Client = {
  readonly [N in EndpointName]: (
    input: ClientInput<N>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<ClientAnswer<N>>;
};

/** Address of a service, and the key of who asks. */
export interface ClientOptions {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly key?: string | undefined;
  /** @default the platform's */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

/** A service's refusal. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  /** Seconds after which to ask again, where the service says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: string, message: string, requestId?: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/**
 * A service's calls. Needs `fetch` alone: runs in Node.js, Bun, Deno and browsers.
 *
 * Throws    ClientError for what the service refuses; what `fetch` throws
 *
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { createClient } from "arcface-ts/client";
 *
 * const arcface = createClient({ url: "http://127.0.0.1:8080", key: process.env["ARCFACE_KEY"] });
 * const pictures = [new Blob([await readFile("party.jpg")])];
 * const { pictures: [photograph] } = await arcface.identify({ collection: "default", pictures });
 * if (photograph && "faces" in photograph) for (const { who } of photograph.faces) console.log(who.answer, who.person?.name);
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const calls = Object.keys(ROUTES).map((name) => [
    name,
    async (input: Record<string, unknown>, { signal }: { signal?: AbortSignal } = {}) =>
      await call(options, ROUTES[name as EndpointName], input, signal),
  ]);
  return Object.fromEntries(calls) as Client;
}

async function call(
  options: ClientOptions,
  { method, path, body: kind, answer }: (typeof ROUTES)[EndpointName],
  input: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { url, key, fetch: ask = fetch } = options;
  const { pictures, ...rest } = input;
  const fields = new Map(Object.entries(rest).filter(([, value]) => value !== undefined));
  const where = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const part = String(fields.get(name));
    fields.delete(name);
    return encodeURIComponent(part);
  });
  const query =
    kind === "none" ? new URLSearchParams([...fields].map(([name, value]) => [name, String(value)])) : "";
  const headers = new Headers(key === undefined ? {} : { Authorization: `Bearer ${key}` });
  let body: FormData | string | undefined;
  if (kind === "json") {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(Object.fromEntries(fields));
  } else if (kind === "pictures") body = formOf(fields, (pictures ?? []) as readonly ClientPicture[]);
  const asked = async (lastEventId?: string): Promise<Response> => {
    if (lastEventId !== undefined) headers.set("Last-Event-ID", lastEventId);
    const response = await ask(
      new Request(`${url.replace(/\/$/, "")}${where}${String(query) === "" ? "" : `?${query}`}`, {
        method: method.toUpperCase(),
        headers,
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      }),
    );
    if (!response.ok) throw await refusal(response);
    return response;
  };
  const response = await asked();
  if (answer === "events") return followJob(response, asked, isFinal, signal);
  return answer === "json" ? await response.json() : await response.blob();
}

/** A refusal that asking again does not change; a service that is being stopped or has too much to do is asked again. */
function isFinal(thrown: unknown): boolean {
  return thrown instanceof ClientError && thrown.status < 500 && thrown.status !== 429;
}

function formOf(fields: ReadonlyMap<string, unknown>, pictures: readonly ClientPicture[]): FormData {
  const form = new FormData();
  for (const each of pictures) form.append("pictures", each instanceof Blob ? each : new Blob([each]));
  for (const [name, value] of fields)
    form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  return form;
}

async function refusal(response: Response): Promise<ClientError> {
  const told = (await response.json().catch(() => undefined)) as
    | { readonly error?: { readonly code: string; readonly message: string; readonly requestId: string } }
    | undefined;
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(after) ? after : undefined;
  const { code, message, requestId } = told?.error ?? {};
  return new ClientError(
    response.status,
    code ?? "HTTP",
    message ?? `the service answered with status ${response.status} and no reason`,
    requestId,
    retryAfter,
  );
}
