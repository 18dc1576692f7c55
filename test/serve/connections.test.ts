import { connect, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { listen } from "../../src/serve/index.ts";
import { madeService, picture } from "./made-service.ts";

/*
 * Requests as no client would write them, at a port.
 */

const { app, recognition } = await madeService("connections", {
  limits: { bodyBytes: 100_000, bodyMs: 400, requestsPerSecond: 1000 },
});
const listening = await listen(app, { host: "127.0.0.1", port: 0, headMs: 400 });
afterAll(async () => await listening.close());
const port = Number(new URL(listening.url).port);

/** All that comes back until the other end closes, or a quarter of a second after the last of it. */
async function raw(write: (socket: Socket) => void): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  return await new Promise((settle) => {
    const over = (): void => {
      clearTimeout(timer);
      socket.destroy();
      settle(text);
    };
    let timer = setTimeout(over, 3000);
    socket.on("data", (part) => {
      text += part.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(over, 250);
    });
    socket.on("error", over);
    socket.on("end", over);
    socket.on("connect", () => write(socket));
  });
}

const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const HOST = "Host: 127.0.0.1\r\n";
const GET = `GET /healthz HTTP/1.1\r\n${HOST}`;
const POST = `POST /v1/detect HTTP/1.1\r\n${HOST}Content-Type: image/jpeg\r\n`;
const body = "made:ann-000";

test.each([
  ["two hosts", `${GET}Host: evil.example\r\n\r\n`, 400],
  ["the same host twice", `${GET}${HOST}\r\n`, 400],
  ["no host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
  ["no host, by an old client", "GET /healthz HTTP/1.0\r\n\r\n", 400],
  ["a host with a path", "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1/evil\r\n\r\n", 400],
  ["two lengths", `${POST}Content-Length: 12\r\nContent-Length: 13\r\n\r\n${body}`, 400],
  ["a list of lengths", `${POST}Content-Length: 12, 12\r\n\r\n${body}`, 400],
  ["a length below nothing", `${POST}Content-Length: -1\r\n\r\n`, 400],
  ["a length with a sign", `${POST}Content-Length: +12\r\n\r\n${body}`, 400],
  ["a length and chunks", `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ["chunks and a length", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 400],
  ["another encoding", `${POST}Transfer-Encoding: identity, xchunked\r\n\r\n0\r\n\r\n`, 400],
  ["chunked that is not the last", `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, 400],
  ["a chunk's size that is no number", `${POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400],
  ["a chunk's size below nothing", `${POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n`, 400],
  ["a chunk's size of 0x", `${POST}Transfer-Encoding: chunked\r\n\r\n0xc\r\n${body}\r\n0\r\n\r\n`, 400],
  ["a chunk of 2⁶⁴ bytes", `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`, 400],
  ["a chunk longer than its size", `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\n${body}\r\n0\r\n\r\n`, 400],
  ["a space before a colon", `${GET}X-A : b\r\n\r\n`, 400],
  ["a folded line", `${GET}X-A: b\r\n c\r\n\r\n`, 400],
  ["a line that ends bare", `${GET}X-A: b\rX-B: c\r\n\r\n`, 400],
  ["a null in a header", `${GET}X-A: b\0c\r\n\r\n`, 400],
  ["a head of 20,000 bytes", `${GET}X-A: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  ["a path of 20,000 bytes", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, 431],
  ["no method", "hello\r\n\r\n", 400],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["another version", `GET /healthz HTTP/3.7\r\n${HOST}\r\n`, 400],
  ["another expectation", `${GET}Expect: miracles\r\n\r\n`, 417],
])("%s is refused in the shape of every error, and the connection ends", async (_, request, status) => {
  const answer = await raw((socket) => socket.write(request, "latin1"));
  expect(statuses(answer), answer).toEqual([status]);
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  const { error } = JSON.parse(answer.split("\r\n\r\n")[1]!) as { error: Record<string, string> };
  expect(error).toMatchObject({ code: expect.any(String), requestId: expect.any(String) });
  expect(error["message"]).toMatch(/expected/);
  expect(answer).toMatch(/X-Content-Type-Options: nosniff/i);
});

test.each([
  ["a chunk's extension", `${POST}Transfer-Encoding: chunked\r\n\r\nc;a=b\r\n${body}\r\n0\r\n\r\n`, 200],
  ["a trailer", `${POST}Transfer-Encoding: chunked\r\n\r\nc\r\n${body}\r\n0\r\nX-A: b\r\n\r\n`, 200],
  [
    "chunks of one byte",
    `${POST}Transfer-Encoding: chunked\r\n\r\n${[...body].map((c) => `1\r\n${c}\r\n`).join("")}0\r\n\r\n`,
    200,
  ],
  ["an upgrade to something else", `${GET}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, 200],
  [
    "an upgrade to HTTP/2",
    `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    200,
  ],
  ["a path with its host", `GET http://127.0.0.1/healthz HTTP/1.1\r\n${HOST}\r\n`, 200],
  ["another host than the path's", `GET http://evil.example/v1/model HTTP/1.1\r\n${HOST}\r\n`, 403],
  ["HEAD", `HEAD /healthz HTTP/1.1\r\n${HOST}\r\n`, 200],
  ["TRACE", `TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`, 405],
  ["a method of its own", `BREW /healthz HTTP/1.1\r\n${HOST}\r\n`, 400],
])("%s is answered once", async (_, request, status) => {
  const answer = await raw((socket) => socket.write(request));
  expect(statuses(answer), answer).toEqual([status]);
});

test("a request that is hidden in another's body is a part of the body", async () => {
  const hidden = `${GET}\r\n`;
  const answer = await raw((socket) =>
    socket.write(`${POST}Content-Length: ${hidden.length}\r\n\r\n${hidden}${GET}Connection: close\r\n\r\n`),
  );
  expect(statuses(answer)).toEqual([422, 200]);
});

test("a client that asks first is told to go on, and then answered", async () => {
  const answer = await raw((socket) => {
    socket.write(`${POST}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
    socket.once("data", () => socket.write(body));
  });
  expect(statuses(answer)).toEqual([100, 200]);
});

test("requests that come in one go are answered in their order, each once", async () => {
  const asked = Array.from({ length: 50 }, (_, i) =>
    i % 2 === 0
      ? `${GET}X-Request-Id: r${i}\r\n\r\n`
      : `${POST}X-Request-Id: r${i}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const answer = await raw((socket) => socket.write(asked.join("")));
  expect(statuses(answer)).toEqual(new Array(50).fill(200));
  expect([...answer.matchAll(/x-request-id: (\w+)/gi)].map(([, id]) => id)).toEqual(
    asked.map((_, i) => `r${i}`),
  );
});

test("a client that has said all it will is answered all the same", async () => {
  const answer = await raw((socket) => socket.end(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`));
  expect(statuses(answer)).toEqual([200]);
});

test("a client that ends in the middle of a body takes nothing with it", async () => {
  const before = recognition.seen.length;
  const answer = await raw((socket) => socket.end(`${POST}Content-Length: 1000\r\n\r\n${body}`));
  expect(statuses(answer)).toEqual([400]);
  expect(recognition.seen).toHaveLength(before);
  expect(app.active()).toBe(0);
});

test("heads and bodies that come a byte at a time are not waited for, and others are answered meanwhile", async () => {
  const drip = (start: string) => (socket: Socket) => {
    socket.write(start);
    const more = setInterval(() => socket.write("a"), 50);
    socket.on("close", () => clearInterval(more));
  };
  const begun = performance.now();
  const slow = [
    ...Array.from({ length: 20 }, () => raw(drip(`${GET}X-A: `))),
    ...Array.from({ length: 20 }, () => raw(drip(`${POST}Content-Length: 1000\r\n\r\n`))),
  ];
  expect((await fetch(`${listening.url}/healthz`)).status).toBe(200);
  for (const answer of await Promise.all(slow)) expect(statuses(answer)).toEqual([408]);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test("an answer goes to whoever asked, however many ask for it on how few connections", async () => {
  const names = ["ann-000", "party-000+060", "nobody"];
  const expected = [1, 2, 0];
  const bodies = names.map((name) => new Blob([picture(name)]));
  const found = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const headers = { "Content-Type": "image/jpeg" };
      const response = await fetch(`${listening.url}/v1/detect`, {
        method: "POST",
        headers,
        body: bodies[i % 3]!,
      });
      const { pictures } = (await response.json()) as { pictures: { faces: unknown[] }[] };
      return pictures[0]!.faces.length;
    }),
  );
  expect(found).toEqual(found.map((__, i) => expected[i % 3]));
});

test("a stop waits for no half of a head and no half of a body, and what was accepted is answered", async () => {
  const own = await madeService("stopped", { limits: { bodyMs: 60_000 } });
  const at = await listen(own.app, { host: "127.0.0.1", port: 0 });
  let release: () => void = () => undefined;
  own.recognition.gate = new Promise((resolve) => {
    release = resolve;
  });
  const send = async (text: string): Promise<() => string> => {
    const socket = connect(Number(new URL(at.url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (part) => {
      answer += part.toString("latin1");
    });
    socket.on("error", () => undefined);
    await new Promise<void>((sent) => socket.write(text, () => sent()));
    return () => answer;
  };
  const silent = await send("");
  const half = await send(GET);
  const body1 = await send(`${POST}Content-Length: 1000\r\n\r\n${body}`);
  const chunked = await send(`${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  const whole = await send(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`);
  await expect.poll(() => own.recognition.batches.length).toBe(1);
  const begun = performance.now();
  const closed = at.close();
  setTimeout(release, 500);
  await closed;
  expect(performance.now() - begun).toBeLessThan(4000);
  expect([silent(), half()]).toEqual(["", ""]);
  await expect
    .poll(() => [body1, chunked, whole].map((answer) => statuses(answer())))
    .toEqual([[503], [503], [200]]);
});
