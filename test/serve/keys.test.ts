import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KeyRing, ROLES } from "../../src/serve/index.ts";
import { ENDPOINTS, type Endpoint } from "../../src/serve/wire/index.ts";
import { ask, clock, madeService, pathIn, picture } from "./made-service.ts";

const ring = await KeyRing.open(pathIn("keys.json"), clock);
const keyOf = async (role: (typeof ROLES)[number], gallery?: string): Promise<string> =>
  (await ring.create({ role, gallery })).secret;
const own = {
  read: await keyOf("read", "default"),
  write: await keyOf("write", "default"),
  admin: await keyOf("admin", "default"),
};
const elsewhere = await keyOf("admin", "elsewhere");
const everywhere = await keyOf("read");
const { app } = await madeService("keys", { keys: ring, limits: { requestsPerSecond: 1000 } });

interface Operation {
  readonly operationId: string;
  readonly security?: readonly [];
  readonly "x-role"?: (typeof ROLES)[number];
}

/** Every operation as the document tells it: a new endpoint cannot be left out. */
const { json: document } = await ask(app, "GET", "/openapi.json");
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

/** The status of an operation asked for with nothing but a key. */
async function statusOf({ path, method }: { path: string; method: string }, key?: string): Promise<number> {
  const { status } = await ask(
    app,
    method.toUpperCase(),
    path
      .replace("{collection}", "default")
      .replace(/\{(?:person|face|job)\}/, "999999")
      .replace("{secret}/{file}", `${"a".repeat(32)}/report.html`),
    method === "get" || method === "delete" ? undefined : {},
    key === undefined ? {} : { "x-api-key": key },
  );
  return status;
}

test("the document is as long as the table of endpoints", () => {
  expect(operations).toHaveLength(Object.keys(ENDPOINTS).length);
});

test.each(operations)("$method $path asks for a key of its role and its gallery", async (operation) => {
  const { "x-role": role, security, path } = operation;
  if (role === undefined) {
    expect(security).toEqual([]);
    // The address of a page is its own key.
    expect(await statusOf(operation)).toBe(path.includes("{secret}") ? 404 : 200);
    return;
  }
  expect(await statusOf(operation)).toBe(401);
  expect(await statusOf(operation, `${own.admin.slice(0, -1)}${own.admin.endsWith("A") ? "B" : "A"}`)).toBe(
    401,
  );
  expect(await statusOf(operation, "afk_00000000_")).toBe(401);
  for (const each of ROLES) {
    const may = ROLES.indexOf(each) >= ROLES.indexOf(role);
    const status = await statusOf(operation, own[each]);
    if (may) expect([401, 403], `${each}`).not.toContain(status);
    else expect(status, `${each}`).toBe(403);
    expect(status).toBeLessThan(500);
  }
  const ofGallery = path.includes("{collection}");
  if (ofGallery) expect(await statusOf(operation, elsewhere)).toBe(403);
  if (ofGallery && role === "read") expect([401, 403]).not.toContain(await statusOf(operation, everywhere));
});

test("a key for one gallery sees only that one in the list, and not the model of another", async () => {
  const list = async (key: string) =>
    (await ask(app, "GET", "/v1/collections", undefined, { Authorization: `Bearer ${key}` })).json
      .collections;
  expect((await list(own.read)).map(({ name }: { name: string }) => name)).toEqual(["default"]);
  expect(await list(elsewhere)).toEqual([]);
  const headers = { "x-api-key": elsewhere };
  expect((await ask(app, "GET", "/v1/model?collection=default", undefined, headers)).status).toBe(403);
});

test("a key that was revoked or has expired opens nothing", async () => {
  let now = Date.parse("2026-06-01T12:00:00Z");
  const path = pathIn("ending.json");
  const service = await KeyRing.open(path, () => new Date(now));
  const command = await KeyRing.open(path, () => new Date(now));
  const { key, secret } = await command.create({ role: "read", expires: new Date(now + 60_000) });
  const other = await command.create({ role: "read" });
  now += 2000;
  expect((await service.find(secret))?.id).toBe(key.id);
  await command.revoke(other.key.id);
  now += 2000;
  expect(await service.find(other.secret)).toBeUndefined();
  now += 60_000;
  expect(await service.find(secret)).toBeUndefined();
  await service.close();
  const used = (await command.list()).map(({ id, lastUse }) => [id, lastUse]);
  expect(used).toEqual([
    [key.id, "2026-06-01T12:00:02.000Z"],
    [other.key.id, null],
  ]);
});

test("a key that was revoked opens nothing when the clock was put back, and a folder that cannot be written keeps no service from ending", async () => {
  let now = Date.parse("2026-06-01T12:00:00Z");
  const folder = pathIn("kept");
  const ring = async () => await KeyRing.open(join(folder, "keys.json"), () => new Date(now));
  const { key, secret } = await (await ring()).create({ role: "read" });
  const service = await ring();
  expect((await service.find(secret))?.id).toBe(key.id);
  now -= 3_600_000;
  await (await ring()).revoke(key.id);
  expect(await service.find(secret)).toBeUndefined();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no folder any more");
  await service.close();
});

test("a service whose file of keys has none is nobody's, its first key counts as later ones do, and a deleted file opens nothing", async () => {
  let now = Date.parse("2026-06-01T12:00:00Z");
  const path = pathIn("first.json");
  const open = async () => await KeyRing.open(path, () => new Date(now));
  const { app: own } = await madeService("first", { keys: await open() });
  const get = async (headers: Record<string, string> = {}) =>
    await ask(own, "GET", "/v1/model", undefined, headers);
  expect(await get()).toMatchObject({
    status: 401,
    json: {
      error: {
        message: 'key: expected a valid key in "Authorization: Bearer …" or "x-api-key", got none',
      },
    },
  });
  const { secret } = await (await open()).create({ role: "read" });
  now += 1000;
  expect((await get()).status).toBe(401);
  expect((await get({ "x-api-key": secret })).status).toBe(200);
  rmSync(path);
  now += 1000;
  expect((await get()).status).toBe(401);
  expect(await get({ "x-api-key": secret })).toMatchObject({
    status: 401,
    json: { error: { message: expect.stringMatching(/got one that is unknown, revoked or expired$/) } },
  });
});

test("a key is not in its file", async () => {
  const { readFileSync, statSync } = await import("node:fs");
  const text = readFileSync(pathIn("keys.json"), "utf8");
  for (const secret of Object.values(own)) expect(text).not.toContain(secret.slice("afk_12345678_".length));
  expect(statSync(pathIn("keys.json")).mode & 0o777).toBe(0o600);
});

test("a key that asks too often is told when to go on, and others are not held up by it", async () => {
  let now = 0;
  const { app: slow } = await madeService("rate", {
    keys: ring,
    limits: { requestsPerSecond: 1 },
    now: () => now,
  });
  const get = async (key: string) => await ask(slow, "GET", "/v1/model", undefined, { "x-api-key": key });
  expect((await get(own.read)).status).toBe(200);
  expect((await get(own.read)).status).toBe(200);
  const refused = await get(own.read);
  expect(refused).toMatchObject({ status: 429, json: { error: { code: "TOO_MANY_REQUESTS" } } });
  expect(refused.response.headers.get("retry-after")).toBe("1");
  expect((await get(everywhere)).status).toBe(200);
  now += 1000;
  expect((await get(own.read)).status).toBe(200);
});

test("without keys a service is its machine's own: no page of another origin may ask, nor another name, nor a proxy for others", async () => {
  const { app: open } = await madeService("open", { origins: ["https://app.example"] });
  const from = async (origin: string) =>
    await ask(open, "POST", "/v1/detect", picture("ann-000"), { Origin: origin });
  expect((await from("https://evil.example")).status).toBe(403);
  expect((await from("null")).status).toBe(403);
  const allowed = await from("https://app.example");
  expect(allowed.status).toBe(200);
  expect(allowed.response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect((await from("http://127.0.0.1:8080")).status).toBe(200);
  const rebound = await open.fetch(new Request("http://evil.example:8080/v1/model"));
  expect(rebound.status).toBe(403);
  // A proxy that sets no Host of its own calls the service by the address it was told.
  for (const name of ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
    expect(await ask(open, "GET", "/v1/model", undefined, { [name]: "192.0.2.7" })).toMatchObject({
      status: 403,
      json: { error: { message: expect.stringContaining("--keys FILE") } },
    });
});

test("pages of origins that were not named are told nothing by CORS", async () => {
  const named = await madeService("cors", { keys: ring, origins: ["https://app.example"] });
  const preflight = await ask(named.app, "OPTIONS", "/v1/detect", undefined, {
    Origin: "https://app.example",
  });
  expect(preflight.status).toBe(204);
  expect(preflight.response.headers.get("access-control-allow-headers")).toContain("x-api-key");
  const other = await ask(named.app, "OPTIONS", "/v1/detect", undefined, { Origin: "https://evil.example" });
  expect(other.response.headers.get("access-control-allow-origin")).toBeNull();
});

test("every answer has the headers that keep browsers from guessing, framing and keeping", async () => {
  for (const path of ["/healthz", "/docs", "/v1/model", "/nowhere"]) {
    const { headers } = (await ask(app, "GET", path)).response;
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  }
  const echoed = await ask(app, "GET", "/healthz", undefined, { "X-Request-Id": "from-proxy.1" });
  expect(echoed.response.headers.get("x-request-id")).toBe("from-proxy.1");
});

test("endpoints of the table say who may call them", () => {
  const open = Object.entries<Endpoint>(ENDPOINTS).filter(([, { role }]) => role === null);
  expect(open.map(([name]) => name)).toEqual(["health", "ready", "page"]);
});
