import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import type { z } from "zod";
import { FaceError } from "../core/index.ts";
import type { Gallery } from "../gallery/index.ts";
import { COMPREFACE } from "./compreface/index.ts";
import { DEEPFACE } from "./deepface/index.ts";
import { DOCS_STYLE, docsPage } from "./docs-page.ts";
import { type ForeignRoute, foreignBody } from "./foreign.ts";
import { fromText } from "./from-text.ts";
import { type FetchOptions, fetchPicture } from "./guarded-fetch.ts";
import { Metrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { readBody } from "./read-body.ts";
import { checked, type FetchUrl, json, readPictures } from "./read-pictures.ts";
import { OPERATION } from "./routes/operation.ts";
import { PEOPLE } from "./routes/people.ts";
import { WORK } from "./routes/work.ts";
import type { Asked, Caller, Handler, Handlers, Served, Service } from "./service.ts";
import { logged, ServiceError, told } from "./service-error.ts";
import { type KeyRing, LIMITS, type Limits, RateLimit, ROLES, type Role } from "./settings/index.ts";
import { ENDPOINTS, type Endpoint, type EndpointName } from "./wire/index.ts";
import { type PictureWorkers, WorkQueue } from "./work-queue.ts";

/** A line of the log: never a picture, a vector or a name. */
export interface ServiceLog {
  info(line: object, message: string): void;
  warn(line: object, message: string): void;
  error(line: object, message: string): void;
}

/** Everything that a service is made of. */
export interface AppOptions {
  /** The workers that make vectors where no gallery is asked. */
  readonly recognition: PictureWorkers;
  /** Galleries by the names they have on the wire, each with what makes vectors for it. */
  readonly galleries?: Readonly<Record<string, GalleryToServe>> | undefined;
  /** The keys, which say who may ask for what; without keys anybody who reaches the service may do everything. */
  readonly keys?: Pick<KeyRing, "find"> | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly log?: ServiceLog | undefined;
  readonly clock: () => Date;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Shown in the document. */
  readonly version: string;
  /** True if pictures are fetched from addresses, and how. */
  readonly allowUrls?: boolean | Pick<FetchOptions, "resolve" | "isOpen"> | undefined;
  /** Origins whose pages may ask. */
  readonly origins?: readonly string[] | undefined;
}

/** A gallery and what makes vectors for it. */
export interface GalleryToServe {
  readonly gallery: Gallery;
  /** @default the service's own */
  readonly recognition?: PictureWorkers | undefined;
}

/** A service without a port. */
export interface App {
  /** Answers a request. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** From now on work is refused with 503; what was accepted goes on. */
  readonly stop: () => void;
  /** Requests that are being answered. */
  readonly active: () => number;
}

const HANDLERS: Handlers<EndpointName> = { ...OPERATION, ...WORK, ...PEOPLE };

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** The whole service: a function of what it is made of. It opens nothing, and closes nothing. */
export function createApp(options: AppOptions): App {
  const { clock, now, version, log, keys } = options;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const queues = new Map<PictureWorkers, WorkQueue>();
  const sum = (of: (recognition: PictureWorkers, queue: WorkQueue) => number): number =>
    [...queues].reduce((total, [recognition, queue]) => total + of(recognition, queue), 0);
  const metrics = new Metrics(() => ({
    waiting: sum((_, queue) => queue.waiting),
    busy: sum((_, queue) => queue.busy),
    workers: sum(({ workers }) => workers),
  }));
  const queueOf = (recognition: PictureWorkers): WorkQueue => {
    let queue = queues.get(recognition);
    if (!queue) {
      queue = new WorkQueue(recognition, limits, now, {
        waited: (ms) => metrics.stage("wait", ms),
        computed: (ms, pictures) => {
          metrics.stage("compute", ms);
          metrics.computed(pictures);
        },
        refused: () => metrics.refused(),
      });
      queues.set(recognition, queue);
    }
    return queue;
  };
  queueOf(options.recognition);
  const collections = new Map<string, Served>();
  for (const [name, { gallery, recognition = options.recognition }] of Object.entries(
    options.galleries ?? {},
  )) {
    queueOf(recognition);
    collections.set(name, { name, gallery, recognition });
  }
  let stopping = false;
  const service: Service = {
    collections,
    recognition: options.recognition,
    queueOf,
    limits,
    metrics,
    clock,
    isStopping: () => stopping,
  };
  const rates = new RateLimit(limits.requestsPerSecond, now);
  const fetchUrl = urlFetcher(options, limits);
  const document = openApiDocument(version);
  const texts: Readonly<Record<string, readonly [type: string, text: string]>> = {
    "/openapi.json": ["application/json", JSON.stringify(document)],
    "/docs": ["text/html; charset=utf-8", docsPage(version, document)],
    "/docs.css": ["text/css; charset=utf-8", DOCS_STYLE],
  };

  /** The one who asks. Throws ServiceError UNAUTHORIZED, FORBIDDEN. */
  const callerOf = async (request: Request): Promise<Caller> => {
    if (!keys) {
      expectOwnMachine(request, options.origins ?? []);
      return { id: "local", role: "admin", gallery: null };
    }
    const key = await keys.find(secretOf(request) ?? "");
    if (key) return key;
    throw new ServiceError(
      "UNAUTHORIZED",
      { where: "key", expected: "a valid key", got: "none" },
      {
        "WWW-Authenticate": "Bearer",
      },
    );
  };

  /** The caller, when they may ask. Throws ServiceError UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS, STOPPING. */
  const admit = async (request: Request, role: Role, collection: string | undefined): Promise<Caller> => {
    const caller = await callerOf(request);
    if (ROLES.indexOf(caller.role) < ROLES.indexOf(role))
      throw new ServiceError("FORBIDDEN", { where: "key", expected: `the role ${role}`, got: caller.role });
    if (collection !== undefined && caller.gallery !== null && caller.gallery !== collection)
      throw new ServiceError("FORBIDDEN", {
        where: "key",
        expected: "a key for this gallery",
        got: "one for another",
      });
    if (keys) rates.take(caller.id);
    if (stopping) throw stoppingError();
    return caller;
  };

  const answerForeign = async (route: ForeignRoute, context: Context): Promise<Response> => {
    const request = context.req.raw;
    const caller = await admit(request, route.role, undefined);
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(limits.requestMs)]);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    const body = request.method === "GET" ? new Uint8Array() : await readBody(request, limits);
    const content = await foreignBody(body, request.headers.get("content-type") ?? "", fetchUrl, signal);
    return await route.handle(service, { params: context.req.param(), query, caller, signal, ...content });
  };

  const answer = async (
    endpoint: Endpoint,
    handler: Handler<Endpoint>,
    context: Context,
    requestId: string,
  ): Promise<Response> => {
    const request = context.req.raw;
    const { role, body } = endpoint;
    const caller: Caller =
      role === null
        ? { id: "none", role: "read", gallery: null }
        : await admit(request, role, context.req.param("collection"));
    const params = checked(endpoint.params, fromText(endpoint.params, context.req.param()));
    const inQuery = Object.fromEntries(new URL(request.url).searchParams);
    const query = body.kind === "pictures" ? {} : checked(endpoint.query, fromText(endpoint.query, inQuery));
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(limits.requestMs)]);
    const begun = now();
    const given = await bodyOf(request, body, signal);
    if (body.kind !== "none") metrics.stage("read", now() - begun);
    const asked = { params, query, caller, requestId, signal, ...given } as unknown as Asked;
    const result = await handler(service, asked);
    if (result instanceof Response) return result;
    return Response.json(result, { status: endpoint.answer.kind === "json" ? endpoint.answer.status : 200 });
  };

  const bodyOf = async (
    request: Request,
    body: Endpoint["body"],
    signal: AbortSignal,
  ): Promise<{ readonly body: unknown; readonly pictures: readonly Uint8Array[] }> => {
    if (body.kind === "none") return { body: undefined, pictures: [] };
    if (body.kind === "json") {
      const type = request.headers.get("content-type") ?? "";
      if (!/^application\/json\b/i.test(type))
        throw new ServiceError("MEDIA_TYPE", {
          where: "body",
          expected: "application/json",
          got: "another Content-Type",
        });
      return { body: checked(body.schema, json(await readBody(request, limits))), pictures: [] };
    }
    const found = await readPictures(request, body.options, limits, fetchUrl, signal);
    const { length } = found.pictures;
    if (length < body.least || length > body.most)
      throw new FaceError("USAGE", {
        where: "pictures",
        expected: body.least === body.most ? `${body.least}` : `${body.least} to ${body.most}`,
        got: String(length),
      });
    return { body: checked(body.options as z.ZodObject, found.options), pictures: found.pictures };
  };

  let active = 0;
  /** Runs what answers, tells what went wrong, and writes the log's line. */
  const wrapped = async (
    name: string,
    context: Context,
    run: (requestId: string) => Promise<Response>,
    { tell, statuses = {} }: Partial<Pick<ForeignRoute, "tell" | "statuses">> = {},
  ): Promise<Response> => {
    const begun = now();
    const requestId = requestIdOf(context.req.raw);
    active++;
    let response: Response;
    let code: string | undefined;
    try {
      response = await run(requestId);
    } catch (thrown) {
      const failure = told(thrown);
      code = failure.code;
      const { message, headers } = failure;
      const status = statuses[code] ?? failure.status;
      if (status === 500) log?.error({ requestId, endpoint: name, code, ...logged(thrown) }, "defect");
      response = Response.json(
        tell ? tell(code, message, requestId, status) : { error: { code, message, requestId } },
        { status, headers },
      );
    } finally {
      active--;
    }
    const ms = now() - begun;
    metrics.answered(name, response.status, ms);
    log?.info(
      {
        requestId,
        endpoint: name,
        status: response.status,
        ms: Math.round(ms * 10) / 10,
        ...(code && { code }),
      },
      "answered",
    );
    return finished(response, context.req.raw, requestId, options.origins ?? []);
  };

  const app = new Hono({ strict: true });
  for (const [name, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    const handler = HANDLERS[name as EndpointName] as unknown as Handler<Endpoint>;
    const path = endpoint.path.replace(/\{(\w+)\}/g, ":$1");
    app.on(
      endpoint.method.toUpperCase(),
      path,
      async (context) =>
        await wrapped(
          name,
          context,
          async (requestId) => await answer(endpoint, handler, context, requestId),
        ),
    );
  }
  for (const route of [...COMPREFACE, ...DEEPFACE])
    app.on(
      route.method,
      route.path,
      async (context) =>
        await wrapped(route.name, context, async () => await answerForeign(route, context), route),
    );
  for (const [path, [type, text]] of Object.entries(texts))
    app.get(
      path,
      async (context) =>
        await wrapped(
          "document",
          context,
          async () => new Response(text, { headers: { "Content-Type": type } }),
        ),
    );
  app.options(
    "*",
    async (context) => await wrapped("preflight", context, async () => new Response(null, { status: 204 })),
  );
  app.all(
    "*",
    async (context) =>
      await wrapped("none", context, async () => {
        const others = methodsAt(new URL(context.req.url).pathname);
        if (others.length > 0)
          throw new ServiceError(
            "METHOD_NOT_ALLOWED",
            { where: "method", expected: "one that /docs lists", got: "another" },
            {
              Allow: others.join(", "),
            },
          );
        throw new ServiceError("NOT_FOUND", {
          where: "path",
          expected: "one that /docs lists",
          got: "another",
        });
      }),
  );
  return {
    fetch: async (request) => await app.fetch(request),
    stop: () => {
      stopping = true;
    },
    active: () => active,
  };
}

function stoppingError(): ServiceError {
  return new ServiceError(
    "STOPPING",
    { where: "service", expected: "it to go on", got: "it being stopped", note: "ask again" },
    {
      "Retry-After": "5",
      Connection: "close",
    },
  );
}

/** The methods of a path that some endpoint has. */
function methodsAt(pathname: string): string[] {
  return Object.values<Endpoint>(ENDPOINTS)
    .filter(({ path }) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname))
    .map(({ method }) => method.toUpperCase());
}

function secretOf({ headers }: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-api-key") ?? undefined;
}

/**
 * Without keys the service is this machine's own: a page of another origin in somebody's browser is not, nor a name of the
 * internet that was pointed here.
 *
 * Throws    ServiceError FORBIDDEN
 */
function expectOwnMachine(request: Request, origins: readonly string[]): void {
  const { hostname, origin: own } = new URL(request.url);
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname))
    throw new ServiceError("FORBIDDEN", {
      where: "host",
      expected: "localhost or 127.0.0.1 of a service without keys",
      got: "another name",
    });
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== own && !origins.includes(origin))
    throw new ServiceError("FORBIDDEN", {
      where: "origin",
      expected: "no page of another origin",
      got: "one",
      note: "--origin names those that may ask",
    });
}

/** A caller's own id, where it is short and plain; else a new one. */
function requestIdOf({ headers }: Request): string {
  const given = headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

function finished(
  response: Response,
  request: Request,
  requestId: string,
  origins: readonly string[],
): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) headers.set(name, value);
  headers.set("X-Request-Id", requestId);
  const origin = request.headers.get("origin");
  if (origins.length > 0) headers.append("Vary", "Origin");
  if (origin !== null && origins.includes(origin)) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    headers.set("Cross-Origin-Resource-Policy", "cross-origin");
    if (request.method === "OPTIONS") {
      headers.set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE");
      headers.set("Access-Control-Allow-Headers", "authorization, content-type, x-api-key, x-request-id");
      headers.set("Access-Control-Max-Age", "600");
    }
  }
  return new Response(response.body, { status: response.status, headers });
}

function urlFetcher({ allowUrls }: AppOptions, limits: Limits): FetchUrl | undefined {
  if (!allowUrls) return undefined;
  const how = allowUrls === true ? {} : allowUrls;
  return async (url, signal) =>
    await fetchPicture(url, { bytes: limits.bodyBytes, ms: limits.bodyMs, signal, ...how });
}
