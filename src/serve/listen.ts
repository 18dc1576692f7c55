import {
  createServer,
  type IncomingMessage,
  maxHeaderSize,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { FaceError } from "../core/index.ts";
import { refusal } from "./answer.ts";
import type { App } from "./app.ts";
import { ServiceError, type Told, told } from "./service-error.ts";

/** A service at a port. */
export interface Listening {
  readonly url: string;
  /** Takes no more work, finishes what was accepted, and lets go of the port. A second call waits for the first. */
  close(): Promise<void>;
}

/** A place to listen at, and how patiently. */
export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Milliseconds in which a request's head has to arrive. @default 10000 */
  readonly headMs?: number | undefined;
}

/** Milliseconds in which a request's head has to arrive, and all of it, body included. */
const HEAD_MS = 10_000;
const REQUEST_MS = 120_000;

/** Connections at once; more wait in the system's own queue. */
const CONNECTIONS = 2000;

/** Serves an app at an address and port; port 0 takes a free one. Throws FaceError STORAGE where it cannot be had. */
export async function listen(app: App, { host, port, headMs = HEAD_MS }: ListenOptions): Promise<Listening> {
  const answer = getRequestListener(app.fetch, { errorHandler: () => answered(told(unreadable())) });
  /** Connections, each with the answers that are on their way, oldest first. */
  const sockets = new Map<Socket, Set<ServerResponse>>();
  const server = createServer(
    {
      headersTimeout: headMs,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: 5000,
      // Node looks every 30 seconds otherwise, whatever the times above.
      connectionsCheckingInterval: Math.min(1000, headMs / 2),
      // Without Host is refused below, with a sentence.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      const own = sockets.get(incoming.socket);
      own?.add(outgoing);
      outgoing.once("close", () => own?.delete(outgoing));
      if (hostsOf(incoming) === 1) void answer(incoming, outgoing);
      else refuse(outgoing, told(otherHosts()));
    },
  );
  server.maxConnections = CONNECTIONS;
  server.on("connection", (socket: Socket) => {
    sockets.set(socket, new Set());
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("checkExpectation", (_, outgoing: ServerResponse) => {
    refuse(outgoing, { ...told(otherExpectation()), status: 417 });
  });
  server.on("clientError", (error: Error & { readonly code?: string }, socket: Socket) => {
    const [current] = sockets.get(socket) ?? [];
    // In the middle of an answer nothing else can be said.
    if (socket.writable && error.code !== "ECONNRESET" && !current?.headersSent)
      socket.write(onTheWire(complaintOf(error.code, headMs)));
    socket.destroySoon();
  });
  await new Promise<void>((settle, fail) => {
    server.once("error", (cause) =>
      fail(
        new FaceError("STORAGE", {
          where: `${host}:${port}`,
          expected: "an address and port that are free",
          cause,
        }),
      ),
    );
    server.listen(port, host, settle);
  });
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: () => {
      closing ??= new Promise<void>((settle) => {
        app.stop();
        server.close(() => settle());
        // Nothing was accepted of a connection without an answer on its way: it is idle, or never sent a whole head.
        const sweep = (): void => {
          for (const [socket, answers] of sockets) if (answers.size === 0) socket.destroySoon();
        };
        sweep();
        // One whose request has just been answered is idle a moment later.
        const sweeping = setInterval(sweep, 50);
        server.once("close", () => clearInterval(sweeping));
      });
      return closing;
    },
  };
}

/** The number of times that a request names a host: two would let a proxy and this service each believe another. */
function hostsOf({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host").length;
}

/** The refusal of bytes that are no request. */
function complaintOf(code: string | undefined, headMs: number): Told {
  if (code === "HPE_HEADER_OVERFLOW") return { ...told(tooLongHead()), status: 431 };
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return told(tooSlowHead(headMs));
  return told(unreadable());
}

function otherHosts(): FaceError {
  return new FaceError("USAGE", { where: "request", expected: "one Host", got: "none or several" });
}

function otherExpectation(): FaceError {
  return new FaceError("USAGE", { where: "Expect", expected: "100-continue or none", got: "another" });
}

function unreadable(): FaceError {
  return new FaceError("USAGE", { where: "request", expected: "one of HTTP/1.1", got: "something else" });
}

function tooLongHead(): ServiceError {
  return new ServiceError("TOO_LARGE", {
    where: "head",
    expected: `at most ${maxHeaderSize} bytes`,
    got: "more",
  });
}

function tooSlowHead(ms: number): ServiceError {
  return new ServiceError("TIMEOUT", {
    where: "request",
    expected: `its head within ${ms / 1000} s, all of it within ${REQUEST_MS / 1000} s`,
    got: "a part",
  });
}

function answered(why: Told): Response {
  const { status, headers, body } = refusal(why);
  return new Response(body, { status, headers });
}

function refuse(outgoing: ServerResponse, why: Told): void {
  const { status, headers, body } = refusal(why);
  outgoing.writeHead(status, headers).end(body);
}

function onTheWire(why: Told): string {
  const { status, headers, body } = refusal(why);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", body].join("\r\n");
}
