import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A stand-in for a CompreFace, after its public description of the REST API: subjects, faces page by page, a picture by
 * its UUID with empty bytes for one that is not there, and 401 for a wrong key. It recognises nobody.
 */
export class MadeCompreFace {
  readonly key = randomUUID();
  /** Subjects without faces. */
  readonly subjects: string[] = [];
  readonly faces: { image_id: string; subject: string; bytes: Uint8Array }[] = [];
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** The number of pictures that it gives before its connections break. */
  picturesLeft = Number.POSITIVE_INFINITY;
  readonly #server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://made");
    this.asked.push(pathname);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (request.headers["x-api-key"] !== this.key)
      return json(401, { message: "Missing or wrong API key", code: 1 });
    const path = pathname.replace("/api/v1/recognition/", "").replace(/\/$/, "");
    if (path === "subjects")
      return json(200, {
        subjects: [...new Set([...this.subjects, ...this.faces.map(({ subject }) => subject)])],
      });
    if (path === "faces") {
      const page = Number(searchParams.get("page") ?? 0);
      const size = Number(searchParams.get("size") ?? 20);
      return json(200, {
        faces: this.faces
          .slice(page * size, (page + 1) * size)
          .map(({ image_id, subject }) => ({ image_id, subject })),
        page_number: page,
        page_size: size,
        total_pages: Math.ceil(this.faces.length / size),
        total_elements: this.faces.length,
      });
    }
    const id = /^faces\/([^/]+)\/img$/.exec(path)?.[1];
    if (!id) return json(404, { message: "Not found", code: 0 });
    if (this.picturesLeft-- <= 0) return request.socket.destroy();
    response.writeHead(200).end(this.faces.find(({ image_id }) => image_id === id)?.bytes);
  });

  add(subject: string, bytes: Uint8Array): void {
    this.faces.push({ image_id: randomUUID(), subject, bytes });
  }

  async listen(): Promise<string> {
    await new Promise<void>((settle) => this.#server.listen(0, "127.0.0.1", settle));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
