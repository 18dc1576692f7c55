import { expect, test } from "vitest";
import { type Random, seeded } from "../../src/core/index.ts";
import { ENDPOINTS, type Endpoint, wire } from "../../src/serve/wire/index.ts";
import { ask, form, madeService, pathIn, picture } from "./made-service.ts";

/*
 * Requests by chance, out of the OpenAPI document: mostly as it says, some not. ARCFACE_FUZZ=10000 asks more of them.
 */

const REQUESTS = Number(process.env["ARCFACE_FUZZ"] ?? 400);

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

const TEXTS = [
  "Ann",
  "Ben",
  "",
  " ",
  "2027-01-31",
  "2027-02-30",
  "default",
  "<script>alert(1)</script>",
  "'; DROP TABLE person;--",
  "../../etc/passwd",
  "\u202Eevil",
  "\u0000",
  "\uD800",
  "é".repeat(300),
  "__proto__",
  "constructor",
  "%00",
  "NaN",
  "💥",
];
const NUMBERS = [0, 1, 2, 3, 5, -1, 0.5, 1e308, -1e308, Number.MAX_SAFE_INTEGER, 2 ** 53, 99];
const PICTURES = [
  "ann-000",
  "ann-010",
  "ben-090",
  "party-000+060",
  "nobody",
  "soft-005",
  "small-010",
  "broken",
];

/** An answer's text; of events, which go on until a job has ended, the first. */
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return await response.text();
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

/** A value that a schema asks for, or now and then one that it does not. */
function valueFor(schema: Schema, random: Random, depth = 0): unknown {
  const one = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  if (random.next() < 0.06) return one<unknown>([null, true, [], {}, one(TEXTS), one(NUMBERS), [[[]]]]);
  if (schema.enum) return one(schema.enum);
  if (schema.const !== undefined) return schema.const;
  if (schema.anyOf) return valueFor(one(schema.anyOf), random, depth);
  switch (schema.type) {
    case "integer":
      return random.next() < 0.7 ? 1 + random.below(12) : one(NUMBERS);
    case "number":
      return random.next() < 0.7 ? random.next() : one(NUMBERS);
    case "boolean":
      return random.next() < 0.5;
    case "array":
      return Array.from({ length: random.below(4) }, () => valueFor(schema.items ?? {}, random, depth + 1));
    case "object": {
      const wanted = Object.entries(schema.properties ?? {}).filter(() => random.next() < 0.75);
      const made = wanted.map(([name, each]) => [name, valueFor(each, random, depth + 1)] as const);
      return Object.fromEntries(random.next() < 0.05 ? [...made, [one(TEXTS), 1]] : made);
    }
    default:
      return one(TEXTS);
  }
}

const { app, recognition } = await madeService("fuzz", { limits: { faces: 3 } });
const { json: document } = await ask(app, "GET", "/openapi.json");
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: keyof typeof ENDPOINTS;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

test(`${REQUESTS} requests by chance find no defect, no answer of another shape and no leak`, async () => {
  const random = seeded(20_261_130);
  const one = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const statuses = new Map<number, number>();
  for (let i = 0; i < REQUESTS; i++) {
    const { path, method, operationId, parameters, requestBody } = one(operations);
    const texts = (where: string) =>
      parameters
        .filter((each) => each.in === where && (where === "path" || random.next() < 0.5))
        .map(({ name, schema }) => {
          const value = name === "collection" && random.next() < 0.95 ? "default" : valueFor(schema, random);
          return [name, typeof value === "object" ? JSON.stringify(value) : String(value)] as const;
        });
    let way = path;
    for (const [name, text] of texts("path"))
      way = way.replace(`{${name}}`, encodeURIComponent(Buffer.from(text).toString()) || "x");
    const query = new URLSearchParams(texts("query").map(([name, text]) => [name, text]));
    const kind = ENDPOINTS[operationId].body.kind;
    let body: Parameters<typeof ask>[3];
    const headers: Record<string, string> = {};
    if (kind === "json") body = valueFor(requestBody!.content["application/json"]!.schema, random) as object;
    else if (kind === "pictures") {
      const schema = requestBody!.content["application/json"]!.schema;
      const { pictures: _, ...fields } = (valueFor({ ...schema, type: "object" }, random) ?? {}) as Record<
        string,
        unknown
      >;
      const names = Array.from({ length: random.below(3) }, () => one(PICTURES));
      const sent = random.next();
      if (sent < 0.5) {
        const entries = Object.entries(fields).filter(([name]) => name !== "");
        body = form(
          names,
          Object.fromEntries(
            entries.map(([name, value]) => [
              name,
              typeof value === "object" ? JSON.stringify(value) : String(value),
            ]),
          ),
        );
      } else if (sent < 0.75) body = picture(one(PICTURES));
      else
        body = {
          ...fields,
          pictures: names.map((each) => ({ base64: Buffer.from(picture(each)).toString("base64") })),
        };
      if (random.next() < 0.05)
        headers["Content-Type"] = one(["text/plain", "multipart/form-data", "application/json"]);
    }
    if (body === null || typeof body !== "object") body = kind === "none" ? undefined : [];
    const place = `${method.toUpperCase()} ${way}?${query} ${kind}`;
    const { status, json, response } = await ask(app, method.toUpperCase(), `${way}?${query}`, body, headers);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const said = json ? JSON.stringify(json) : await textOf(response);
    // Nobody works on the jobs here: once a hundred wait, further ones are refused, as they should be.
    const full = status === 503 && method === "post" && path.includes("/jobs/");
    if (!full) expect(status, `${place} ${said}`).toBeLessThan(500);
    expect(said, place).not.toMatch(/node:internal|\.ts:\d|at async /);
    expect(said, place).not.toContain(pathIn(""));
    if (status >= 400) wire.ErrorAnswer.parse(json);
    else {
      const { answer } = ENDPOINTS[operationId] as Endpoint;
      if (answer.kind === "json") {
        const parsed = answer.schema.safeParse(json);
        expect(parsed.error?.issues, `${place} ${said.slice(0, 300)}`).toBeUndefined();
      }
    }
  }
  // A fuzzer whose requests are all refused has tried nothing.
  expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)).toBeGreaterThan(REQUESTS / 5);
  expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 20);
  // Few endpoints take pictures, and of what is sent to them not all is one.
  expect(recognition.batches.length).toBeGreaterThan(REQUESTS / 50);
});
