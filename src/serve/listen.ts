import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { FaceError } from "../core/index.ts";
import type { App } from "./app.ts";

/** A service at a port. */
export interface Listening {
  readonly url: string;
  /** Takes no more work, finishes what was accepted, and lets go of the port. A second call waits for the first. */
  close(): Promise<void>;
}

/** Milliseconds in which a request's head has to arrive, and all of it, body included. */
const HEAD_MS = 10_000;
const REQUEST_MS = 120_000;

/** Connections at once; more wait in the system's own queue. */
const CONNECTIONS = 2000;

/** Serves an app at an address and port; port 0 takes a free one. Throws FaceError STORAGE where it cannot be had. */
export async function listen(
  app: App,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: 5000 },
  }) as Server;
  server.maxConnections = CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
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
        server.closeIdleConnections();
        // One that never sent a byte is not idle to Node, and would hold the port.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
        // A connection whose request has just been answered is idle a moment later.
        const sweep = setInterval(() => server.closeIdleConnections(), 50);
        server.once("close", () => clearInterval(sweep));
      });
      return closing;
    },
  };
}
