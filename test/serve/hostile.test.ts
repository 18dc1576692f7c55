import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { FaceError } from "../../src/core/index.ts";
import { isOpenAddress } from "../../src/serve/guarded-fetch.ts";
import { listen } from "../../src/serve/index.ts";
import { told } from "../../src/serve/service-error.ts";
import { ask, form, madeService, picture } from "./made-service.ts";

const logged: string[] = [];
const log = {
  info: (line: object) => void logged.push(JSON.stringify(line)),
  warn: (line: object) => void logged.push(JSON.stringify(line)),
  error: (line: object) => void logged.push(JSON.stringify(line)),
};
const limits = { bodyBytes: 100_000, bodyMs: 300, faces: 2, requestsPerSecond: 1000 };
const { app, gallery } = await madeService("hostile", { limits, log });
const listening = await listen(app, { host: "127.0.0.1", port: 0 });
afterAll(async () => await listening.close());
const port = Number(new URL(listening.url).port);
const C = "/v1/collections/default";

/** Writes to the port as no client would; resolves with the head of the answer, or what came until the end. */
async function raw(write: (socket: Socket) => void): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  return await new Promise((settle) => {
    socket.on("data", (part) => {
      text += part.toString();
    });
    socket.on("error", () => settle(text));
    socket.on("close", () => settle(text));
    socket.on("connect", () => write(socket));
  });
}

test("a body that says it is too large is refused unread, one that turns out to be is cut off", async () => {
  const announced = await raw((socket) =>
    socket.write(
      "POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999\r\n\r\n",
    ),
  );
  expect(announced).toMatch(/^HTTP\/1\.1 413 /);
  expect(announced).toContain('"code":"TOO_LARGE"');
  const endless = await raw((socket) => {
    socket.write(
      "POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const more = setInterval(() => {
      if (socket.destroyed) clearInterval(more);
      else socket.write(chunk);
    }, 1);
    socket.on("close", () => clearInterval(more));
  });
  expect(endless).toMatch(/^HTTP\/1\.1 413 /);
});

test("a sender that dawdles is not waited for", async () => {
  const slow = await raw((socket) =>
    socket.write(
      "POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nabc",
    ),
  );
  expect(slow).toMatch(/^HTTP\/1\.1 408 /);
  expect((await fetch(`${listening.url}/healthz`)).status).toBe(200);
});

test.each([
  ["no boundary", "multipart/form-data", "--x\r\n\r\n--x--"],
  ["a boundary that is not there", "multipart/form-data; boundary=y", "--x\r\n\r\n--x--"],
  [
    "an end that is missing",
    "multipart/form-data; boundary=x",
    '--x\r\nContent-Disposition: form-data; name="a"\r\n',
  ],
  ["a part without a name", "multipart/form-data; boundary=x", "--x\r\n\r\nabc\r\n--x--\r\n"],
  ["JSON that is none", "application/json", "{"],
  ["JSON of another shape", "application/json", '{"pictures": "all"}'],
  ["JSON nested too deep", "application/json", `{"pictures": ${"[".repeat(100)}${"]".repeat(100)}}`],
  ["base64 that is none", "application/json", '{"pictures": [{"base64": "<script>"}]}'],
  ["unknown fields", "application/json", '{"pictures": [], "__proto__": {"a": 1}, "admin": true}'],
  ["a Content-Type of its own", "text/plain", "hello"],
])("a request with %s is the caller's error", async (_, type, body) => {
  const { status, json } = await ask(app, "POST", "/v1/detect", new TextEncoder().encode(body), {
    "Content-Type": type,
  });
  expect([400, 415]).toContain(status);
  expect(json.error.requestId).toMatch(/./);
  expect(json.error.message).not.toMatch(/\/work|node:|at .*\.ts|<script>/);
});

test.each([
  ["HTML", "<img src=x onerror=alert(1)>", 201],
  ["SQL", "Robert'); DROP TABLE person;--", 201],
  ["a path", "../../../etc/passwd", 201],
  ["a template", "#{7*7}{{7*7}}%00%2e%2e", 201],
  ["a bidirectional override", "Ann\u202Egpj.exe", 400],
  ["control characters", "Ann\u0000\u001b[31m", 400],
  ["nothing", "", 400],
  ["ten thousand letters", "x".repeat(10_000), 400],
  ["__proto__", "__proto__", 201],
  ["a name of every object", "constructor", 201],
  ["letters of another script", "Анна 安娜 آنا", 201],
  ["a joiner of no width", "An\u200bn", 400],
  ["half a letter", "Ann\ud800", 400],
  ["a line's end", "Ann\r\nX-Evil: 1", 400],
  ["an isolate", "Ann\u2066", 400],
  ["blanks alone", " \t ", 400],
  ["a formula of spreadsheets", "=HYPERLINK(1)", 201],
  ["a path's end", "nul/..", 201],
  ["a thousand marks", `a${"\u0301".repeat(1000)}`, 400],
])("a name with %s is kept as it is or refused", async (_, name, expected) => {
  const { status, json } = await ask(app, "POST", `${C}/persons`, { name });
  expect(status).toBe(expected);
  if (status === 201) {
    expect(json.person.name).toBe(name);
    const { id } = json.person;
    expect((await ask(app, "GET", `${C}/persons?name=${encodeURIComponent(name)}`)).json.persons[0].id).toBe(
      id,
    );
    expect((await gallery.person(id)).name).toBe(name);
  } else expect(json.error.code).toBe("USAGE");
  // A name is nowhere in the log.
  if (name.length > 3) expect(logged.join("\n")).not.toContain(JSON.stringify(name).slice(1, -1));
});

test("two spellings of one name are one name", async () => {
  expect((await ask(app, "POST", `${C}/persons`, { name: "Zoe\u0301" })).status).toBe(201);
  for (const twin of ["Zo\u00e9", "  Zo\u00e9 ", "Zoe\u0301"])
    expect(await ask(app, "POST", `${C}/persons`, { name: twin }), twin).toMatchObject({ status: 409 });
  const found = await ask(app, "GET", `${C}/persons?name=${encodeURIComponent("Zoe\u0301")}`);
  expect(found.json.persons).toMatchObject([{ name: "Zo\u00e9" }]);
});

test("names of files and fields of a form lead nowhere, and are not kept", async () => {
  const tricks = ["../../etc/passwd", "<script>", "a\u202egpj.exe", "x".repeat(5000), "C:\\con", 'a;b="c'];
  for (const [i, trick] of tricks.entries()) {
    const own = form([], { name: `Owner ${i}`, force: "true" });
    own.append(["__proto__", "constructor", trick][i % 3]!, new Blob([picture(`ann-00${i}`)]), trick);
    const { status, json } = await ask(app, "POST", `${C}/persons`, own);
    expect(status, trick).toBe(201);
    const { faces } = (await ask(app, "GET", `${C}/persons/${json.person.id}/faces`)).json;
    expect(faces).toMatchObject([{ source: expect.stringMatching(/^upload:[0-9a-f]{64}$/) }]);
  }
  const odd = form(["ann-000"]);
  odd.append("__proto__", '{"admin":true}');
  expect((await ask(app, "POST", "/v1/detect", odd)).status).toBe(400);
});

test.each([
  "/v1/collections/..%2f..%2fetc/persons",
  "/v1/collections/%2e%2e/persons",
  "/v1/collections/default/persons/1e99",
  "/v1/collections/default/persons/-1",
  "/v1/collections/default/persons/%00",
  "/v1/collections/default/persons/1/../../../../etc/passwd",
  "/docs/../../package.json",
  "//evil.example/v1/model",
  "/v1/collections/default/persons?limit=99999999",
  "/v1/collections/default/persons?limit=1&limit=2&__proto__=1",
  "/v1/collections/constructor/persons",
])("the path %s leads nowhere", async (path) => {
  const { status, json } = await ask(app, "GET", path);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(json.error.message).not.toMatch(/\/work|node:|etc\/passwd/);
});

test("a method that a path does not have is answered with those that it has", async () => {
  const { status, response } = await ask(app, "PATCH", `${C}/persons`, {});
  expect(status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, POST");
});

test("a picture with more faces than are answered for is refused", async () => {
  const { status, json } = await ask(app, "POST", "/v1/detect", picture("party-000+060+120"));
  expect(status).toBe(413);
  expect(json.error.message).toBe("picture: expected at most 2 faces, got 3");
});

test("too many pictures, or a field twice, are refused", async () => {
  const many = form(new Array<string>(101).fill("nobody"));
  expect((await ask(app, "POST", "/v1/detect", many)).status).toBe(400);
  const twice = form(["ann-000", "ann-010"], { threshold: "0.5" });
  twice.append("threshold", "0.6");
  expect((await ask(app, "POST", "/v1/compare", twice)).status).toBe(400);
});

test("addresses are not fetched unless the service was started so", async () => {
  const { status, json } = await ask(app, "POST", "/v1/detect", {
    pictures: [{ url: "https://example.org/a.jpg" }],
  });
  expect(status).toBe(403);
  expect(json.error.message).toContain("--allow-urls");
});

const fetching = await madeService("fetching", { limits, allowUrls: true });
const detectUrl = async (url: string, at = fetching.app) =>
  await ask(at, "POST", "/v1/detect", { pictures: [{ url }] });

test.each([
  "http://127.0.0.1/",
  "http://localhost/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.0.0.1/",
  "http://127.1/",
  "http://0/",
  "http://[::1]/",
  "http://[::]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[fe80::1]/",
  "http://[fd00::1]/",
  "http://[2002:7f00:1::]/",
  "http://10.0.0.1/",
  "http://172.16.0.1/",
  "http://192.168.1.1/",
  "http://100.64.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://[fd00:ec2::254]/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://localhost./",
  "http://any.localhost:8080/",
  "http://LOCALHOST/",
  "http://127.0.0.1./",
  "http://017700000001/",
  "http://0x7f.1/",
  "http://0x7F.0x0.0x0.0x1/",
  "http://127.0.1/",
  "http://\u2460\u2461\u2466.0.0.1/",
  "http://127\u30020\u30020\u30021/",
  "http:\\\\127.0.0.1\\",
  "http:127.0.0.1",
  "https://127.0.0.1:443/",
  "http://[::127.0.0.1]/",
  "http://[::ffff:0:127.0.0.1]/",
  "http://[::ffff:169.254.169.254]/",
  "http://[64:ff9b::169.254.169.254]/",
  "http://[64:ff9b:1::10.0.0.1]/",
  "http://[2002:a9fe:a9fe::1]/",
  "http://[2001::7f00:1]/",
  "http://[2001:db8::1]/",
  "http://[100::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://192.0.0.192/",
  "http://198.18.0.1/",
])("%s is an address inside", async (url) => {
  expect(await detectUrl(url)).toMatchObject({ status: 403, json: { error: { code: "FORBIDDEN" } } });
});

test.each([
  "file:///etc/passwd",
  "ftp://example.org/",
  "gopher://x",
  "data:image/png;base64,AA",
  "http://a:b@example.org/",
  "http://127.0.0.1@example.org/",
  "http://[fe80::1%25eth0]/",
  "http://[::1%lo]/",
  "http://127.0.0.256/",
  "http://4294967296/",
  "http://exa mple.org/",
  "http://example.org\u0000.evil/",
  "//",
  "http://",
])("%s is no address of the web", async (url) => {
  expect(await detectUrl(url)).toMatchObject({ status: 400, json: { error: { code: "USAGE" } } });
});

test("a name is looked at by the connection itself: one that answers differently the second time leads nowhere inside", async () => {
  const answers = ["203.0.114.7", "127.0.0.1"];
  let asked = 0;
  const { app: rebinding } = await madeService("rebinding", {
    limits,
    allowUrls: {
      resolve: (_, done) => done(null, [{ address: answers[Math.min(asked++, 1)]!, family: 4 }]),
      // The first address is as good as any; nothing is there to connect to, so only the second counts.
      isOpen: (address) => isOpenAddress(address) && address !== "203.0.114.7",
    },
  });
  expect((await detectUrl("http://rebind.example/", rebinding)).status).toBe(403);
  expect((await detectUrl("http://rebind.example/", rebinding)).status).toBe(403);
  const mixed = await madeService("mixed", {
    limits,
    allowUrls: {
      resolve: (_, done) =>
        done(null, [
          { address: "203.0.114.7", family: 4 },
          { address: "10.0.0.1", family: 4 },
        ]),
    },
  });
  expect((await detectUrl("http://mixed.example/", mixed.app)).status).toBe(403);
});

test("a picture is fetched from where it is, through redirects that lead out, and not through one that leads inside", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/picture") response.end(picture("ann-000"));
    else if (request.url === "/moved") response.writeHead(302, { Location: "/picture" }).end();
    else if (request.url === "/inside") response.writeHead(302, { Location: "http://10.0.0.1/" }).end();
    else if (request.url?.startsWith("/to?"))
      response.writeHead(307, { Location: decodeURIComponent(request.url.slice(4)) }).end();
    else if (request.url === "/silent") response.writeHead(200, { "Content-Length": "10" }).write("x");
    else if (request.url === "/round") response.writeHead(302, { Location: "/round" }).end();
    else if (request.url === "/endless") {
      const more = setInterval(() => response.write("x".repeat(50_000)), 1);
      response.on("close", () => clearInterval(more));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  const at = `http://web.example:${typeof address === "object" ? address?.port : 0}`;
  const { app: web } = await madeService("web", {
    limits,
    allowUrls: {
      resolve: (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
      isOpen: (each) => each === "127.0.0.1" || isOpenAddress(each),
    },
  });
  expect((await detectUrl(`${at}/picture`, web)).json.pictures[0].faces).toHaveLength(1);
  expect((await detectUrl(`${at}/moved`, web)).status).toBe(200);
  expect((await detectUrl(`${at}/inside`, web)).status).toBe(403);
  for (const inside of [
    "http://[::ffff:10.0.0.1]/",
    "//169.254.169.254/",
    "http://0xa000001/",
    "https://[fd00::1]/",
  ])
    expect((await detectUrl(`${at}/to?${encodeURIComponent(inside)}`, web)).status, inside).toBe(403);
  for (const none of ["file:///etc/passwd", "http://a:b@10.0.0.1/", "data:,x", "http://["])
    expect((await detectUrl(`${at}/to?${encodeURIComponent(none)}`, web)).status, none).toBe(400);
  expect((await detectUrl(`${at}/silent`, web)).status).toBe(502);
  expect((await detectUrl(`${at}/round`, web)).status).toBe(502);
  expect((await detectUrl(`${at}/endless`, web)).status).toBe(413);
  expect((await detectUrl(`${at}/nothing`, web)).status).toBe(502);
  await new Promise((closed) => server.close(closed));
});

test("addresses of one request bring no more than its body might, and none is fetched for a request that is refused", async () => {
  let fetched = 0;
  const server = createServer((_, response) => {
    fetched++;
    response.end(new Uint8Array(40_000));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  const url = `http://web.example:${typeof address === "object" ? address?.port : 0}/`;
  const { app: web } = await madeService("addresses", {
    limits: { ...limits, bodyMs: 60_000 },
    allowUrls: {
      resolve: (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
      isOpen: () => true,
    },
  });
  const detect = async (pictures: number, more: object = {}) =>
    (await ask(web, "POST", "/v1/detect", { pictures: new Array(pictures).fill({ url }), ...more })).status;
  expect(await detect(101)).toBe(400);
  expect(await detect(1, { unknown: true })).toBe(400);
  expect(fetched).toBe(0);
  expect(await detect(2)).toBe(200);
  expect(await detect(100)).toBe(413);
  expect(fetched).toBe(5);
  await new Promise((closed) => server.close(closed));
});

test.skipIf(process.platform !== "linux")(
  "an export whose bytes nobody takes leaves no file open",
  async () => {
    const { app: own, gallery: theirs } = await madeService("unread");
    await theirs.enrol([{ name: "Ann", faces: [] }]);
    const exportOf = async (method: string) => await ask(own, method, `${C}/export`);
    const open = () => readdirSync("/proc/self/fd").length;
    expect((await exportOf("HEAD")).status).toBe(200);
    const before = open();
    for (let i = 0; i < 8; i++) expect((await exportOf("HEAD")).status).toBe(200);
    await expect.poll(open).toBeLessThan(before + 4);
  },
);

test("a full disk is nobody's defect, and no path is told", async () => {
  const full = new FaceError("STORAGE", { where: "/secret/people.db", expected: "room", got: "none left" });
  expect(told(full)).toMatchObject({
    status: 503,
    code: "STORAGE",
    message: expect.not.stringContaining("secret"),
  });
});

test("a conflict does not say where the gallery lies", async () => {
  const { app: own } = await madeService("somewhere");
  const { json: made } = await ask(own, "POST", `${C}/persons`, { name: "Ann" });
  const person = `${C}/persons/${made.person.id}`;
  const first = (await ask(own, "PATCH", person, { name: "Anna" })).json.sequence;
  await ask(own, "PATCH", person, { name: "Hannah" });
  const { status, json } = await ask(own, "POST", `${C}/undo`, { sequence: first });
  expect(status).toBe(409);
  expect(json.error.message).toBe(
    `gallery: expected person ${made.person.id} unchanged, got it changed in between; look again`,
  );
});

test("a defect is told without its sentence, and logged without names", async () => {
  const { app: broken, gallery: theirs } = await madeService("broken", { log });
  await theirs.close();
  const { status, json } = await ask(broken, "GET", `${C}/persons`);
  expect(status).toBeGreaterThanOrEqual(500);
  expect(json.error.message).not.toContain("broken.db");
});

test("bodies that are cheap to send are cheap to refuse: base64 of blanks, forms of many parts, objects of many names", async () => {
  const { app: own } = await madeService("cheap");
  const base64 = `${" ".repeat(4_000_000)}!`;
  const parts = '--X\r\nContent-Disposition: form-data; name="p"; filename="a"\r\n\r\n\r\n'.repeat(50_000);
  const head = `--X\r\nContent-Disposition: form-data; name="p"\r\n${"a: b\r\n".repeat(3_000_000)}\r\n\r\n--X--\r\n`;
  const names = `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":1`).join(",")}}`;
  const bodies = [
    ["application/json", JSON.stringify({ picture: { base64 } })],
    ["multipart/form-data; boundary=X", `${parts}--X--\r\n`],
    ["multipart/form-data; boundary=X", head],
    ["application/json", names],
  ] as const;
  for (const [type, body] of bodies) {
    const begun = performance.now();
    const url = "http://127.0.0.1:8080/v1/detect";
    const headers = { "Content-Type": type };
    const response = await own.fetch(new Request(url, { method: "POST", headers, body }));
    expect(response.status).toBe(400);
    // The square of their length took minutes; the machine may be busy with other tests.
    expect(performance.now() - begun).toBeLessThan(10_000);
  }
  expect((await ask(own, "GET", "/healthz")).status).toBe(200);
});
