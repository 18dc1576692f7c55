import { setMaxListeners } from "node:events";
import { type Context, Hono } from "hono";
import type { Gallery } from "../gallery/index.ts";
import { Admission } from "./admission.ts";
import { finished, requestIdOf } from "./answer.ts";
import { bodyOf } from "./body-of.ts";
import { COMPREFACE } from "./compreface/index.ts";
import { DEEPFACE } from "./deepface/index.ts";
import { DOCS_STYLE, docsPage } from "./docs-page.ts";
import { type ForeignRoute, foreignBody } from "./foreign.ts";
import { fromText } from "./from-text.ts";
import { type FetchOptions, fetchPicture } from "./guarded-fetch.ts";
import { AllowedFolders } from "./jobs/allowed-folders.ts";
import { JobWorker } from "./jobs/job-worker.ts";
import { PictureLook } from "./jobs/picture-look.ts";
import type { Studies } from "./jobs/studies.ts";
import { Metrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { OpenedPages } from "./opened-pages.ts";
import { answerPage, type PageFiles } from "./page/index.ts";
import { type BodyRules, readBody } from "./read-body.ts";
import { checked, type FetchUrl } from "./read-pictures.ts";
import { FACES } from "./routes/faces.ts";
import { GALLERIES } from "./routes/galleries.ts";
import { JOBS } from "./routes/jobs.ts";
import { OPERATION } from "./routes/operation.ts";
import { PEOPLE } from "./routes/people.ts";
import { PICTURES } from "./routes/pictures.ts";
import { QUESTIONS } from "./routes/questions.ts";
import { STUDIES } from "./routes/studies.ts";
import type { Asked, Caller, Handler, Handlers, Served, Service } from "./service.ts";
import { logged, ServiceError, told } from "./service-error.ts";
import { type KeyRing, LIMITS, type Limits } from "./settings/index.ts";
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
  /** Folders that long work may read. */
  readonly folders?: readonly string[] | undefined;
  /** The means for studies and evaluations of such folders; without them none are taken. */
  readonly studies?: Studies | undefined;
  /** The name under which this process holds shares of long work. @default its own number */
  readonly holder?: string | undefined;
  /** Milliseconds after which a share of long work is taken over whose process says nothing. @default 15000 */
  readonly leaseMs?: number | undefined;
  /** Milliseconds for which a job that has ended can be asked about. @default thirty days */
  readonly keepJobsMs?: number | undefined;
  /** Origins whose pages may ask. */
  readonly origins?: readonly string[] | undefined;
  /** The page for people, as `readPage` reads it; without it `/` is nothing. */
  readonly page?: PageFiles | undefined;
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
  /** Does the long work of the galleries until the signal ends; what was begun then is given back. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

const HANDLERS: Handlers<EndpointName> = {
  ...OPERATION,
  ...PICTURES,
  ...GALLERIES,
  ...PEOPLE,
  ...FACES,
  ...QUESTIONS,
  ...JOBS,
  ...STUDIES,
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
  const stopped = new AbortController();
  const isStopping = (): boolean => stopped.signal.aborted;
  // Each body that is being read listens.
  setMaxListeners(0, stopped.signal);
  const bodies: BodyRules = { ...limits, stopped: stopped.signal };
  const service: Service = {
    collections,
    recognition: options.recognition,
    queueOf,
    limits,
    metrics,
    clock,
    now,
    folders: new AllowedFolders(options.folders ?? []),
    studies: options.studies,
    pages: new OpenedPages(now),
    wakeJobs: (name) => workers.get(name)?.wake(),
    isStopping,
  };
  const workers = new Map(
    [...collections].map(([name, { gallery, recognition }]) => [
      name,
      new JobWorker({
        gallery,
        recognition,
        look: new PictureLook(queueOf(recognition), recognition.workers),
        clock,
        holder: options.holder ?? `service ${process.pid}`,
        leaseMs: options.leaseMs,
        studies: options.studies,
        keepJobsMs: options.keepJobsMs,
        log,
      }),
    ]),
  );
  const admission = new Admission({
    keys,
    origins: options.origins,
    requestsPerSecond: limits.requestsPerSecond,
    now,
    isStopping,
  });
  const fetchUrl = urlFetcher(options, limits);
  const document = openApiDocument(version);
  const texts: Readonly<Record<string, readonly [type: string, text: string]>> = {
    "/openapi.json": ["application/json", JSON.stringify(document)],
    "/docs": ["text/html; charset=utf-8", docsPage(version, document)],
    "/docs.css": ["text/css; charset=utf-8", DOCS_STYLE],
  };

  const answerForeign = async (route: ForeignRoute, context: Context): Promise<Response> => {
    const request = context.req.raw;
    const caller = await admission.admit(request, route.role, undefined);
    const signal = patience(request, limits);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    const body = request.method === "GET" ? new Uint8Array() : await readBody(request, bodies);
    const content = await foreignBody(
      body,
      request.headers.get("content-type") ?? "",
      limits,
      fetchUrl,
      signal,
    );
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
        : await admission.admit(request, role, context.req.param("collection"));
    const params = checked(endpoint.params, fromText(endpoint.params, context.req.param()));
    const inQuery = Object.fromEntries(new URL(request.url).searchParams);
    const query = body.kind === "pictures" ? {} : checked(endpoint.query, fromText(endpoint.query, inQuery));
    const signal = endpoint.answer.kind === "events" ? request.signal : patience(request, limits);
    const begun = now();
    const given = await bodyOf(request, body, signal, bodies, fetchUrl);
    if (body.kind !== "none") metrics.stage("read", now() - begun);
    const asked = {
      params,
      query,
      caller,
      requestId,
      headers: request.headers,
      signal,
      ...given,
    } as unknown as Asked;
    const result = await handler(service, asked);
    if (result instanceof Response) return result;
    return Response.json(result, { status: endpoint.answer.kind === "json" ? endpoint.answer.status : 200 });
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
      if (status === 500 || code === "STORAGE")
        log?.error(
          { requestId, endpoint: name, code, ...logged(thrown) },
          status === 500 ? "defect" : "storage",
        );
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
  app.all("*", async (context) => {
    const ofPage = options.page && answerPage(options.page, context.req.raw);
    return await wrapped(ofPage ? "page" : "none", context, async () => {
      if (ofPage) return ofPage;
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
    });
  });
  return {
    fetch: async (request) => await app.fetch(request),
    stop: () => {
      stopped.abort();
    },
    active: () => active,
    work: async (signal) => {
      await Promise.all([...workers.values()].map(async (worker) => await worker.run(signal)));
    },
  };
}

/** Ends when the client hangs up or has waited for too long. */
function patience({ signal }: Request, { requestMs }: Limits): AbortSignal {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
  // Each of a request's pictures listens, and Node warns of more than ten.
  setMaxListeners(0, ended);
  return ended;
}

/** The methods of a path that some endpoint has. */
function methodsAt(pathname: string): string[] {
  return Object.values<Endpoint>(ENDPOINTS)
    .filter(({ path }) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname))
    .map(({ method }) => method.toUpperCase());
}

function urlFetcher({ allowUrls }: AppOptions, limits: Limits): FetchUrl | undefined {
  if (!allowUrls) return undefined;
  const how = allowUrls === true ? {} : allowUrls;
  return async (url, signal, bytes) => await fetchPicture(url, { bytes, ms: limits.bodyMs, signal, ...how });
}
