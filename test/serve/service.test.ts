import { expect, test } from "vitest";
import type { z } from "zod";
import { Gallery } from "../../src/gallery/index.ts";
import { curlOf, exampleOf } from "../../src/serve/examples.ts";
import { createApp } from "../../src/serve/index.ts";
import { ENDPOINTS, type Endpoint, type EndpointName, wire } from "../../src/serve/wire/index.ts";
import { PIPELINE } from "../golden/made-recognizer.ts";
import { ask, clock, form, MadeRecognition, madeService, pathIn, picture } from "./made-service.ts";

const { app, gallery } = await madeService("people");
const C = "/v1/collections/default";

/** An answer that is exactly as its endpoint's schema says. */
function as<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  return schema.parse(value);
}

test("pictures come as a form, as a raw body or as base64, and give the same faces", async () => {
  const byForm = await ask(app, "POST", "/v1/detect", form(["ann-010"]));
  const raw = await ask(app, "POST", "/v1/detect", picture("ann-010"));
  const base64 = Buffer.from(picture("ann-010")).toString("base64");
  const byJson = await ask(app, "POST", "/v1/detect", { pictures: [{ base64 }] });
  const byUrl = await ask(app, "POST", "/v1/detect", {
    picture: { base64: `data:image/jpeg;base64,${base64}` },
  });
  const { pictures } = as(wire.DetectAnswer, byForm.json);
  expect(pictures).toMatchObject([{ width: 400, height: 200, faces: [{ score: 0.99 }] }]);
  for (const other of [raw, byJson, byUrl]) expect(other.json).toEqual(byForm.json);
});

test("a picture without a face is an answer with an empty list, and one that is none is an error", async () => {
  const empty = await ask(app, "POST", "/v1/embed", form(["nobody"]));
  expect(empty).toMatchObject({ status: 200, json: { pictures: [{ faces: [] }] } });
  const broken = await ask(app, "POST", "/v1/embed", new TextEncoder().encode("GIF89a"));
  expect(broken.status).toBe(422);
  expect(broken.json.error).toEqual({
    code: "BAD_IMAGE",
    message: "image: expected a picture, got other bytes",
    requestId: broken.response.headers.get("x-request-id"),
  });
  const mixed = form(["ann-010"]);
  mixed.append("pictures", new Blob(["not one"]));
  const partly = await ask(app, "POST", "/v1/embed", mixed);
  expect(as(wire.EmbedAnswer, partly.json).pictures).toMatchObject([
    { faces: [{ norm: 20 }] },
    { error: { code: "BAD_IMAGE" } },
  ]);
});

test("a box says which face of a single picture is meant, and is looked at by whoever finds the faces", async () => {
  const made = await madeService("boxes");
  const body = form(["ann-010"], { name: "Ann", box: "10,20,30,40.5" });
  const { status, json } = await ask(made.app, "POST", `${C}/persons`, body);
  expect(status).toBe(201);
  const again = form(["ann-012"], { box: "[1,2,30,40]" });
  expect((await ask(made.app, "POST", `${C}/persons/${json.person.id}/faces`, again)).status).toBe(200);
  expect(made.recognition.boxes).toEqual([
    { x: 10, y: 20, width: 30, height: 40.5 },
    { x: 1, y: 2, width: 30, height: 40 },
  ]);
  const two = await ask(
    made.app,
    "POST",
    `${C}/persons`,
    form(["ben-090", "ben-092"], { name: "Ben", box: "1,2,3,4" }),
  );
  expect(two.status).toBe(400);
  expect(two.json.error.message).toBe("box: expected one picture, in which it is, got 2");
});

test("a comparison carries its evidence, and a threshold of one's own beats the calibrated one", async () => {
  const { json } = await ask(app, "POST", "/v1/compare", form(["ann-010", "ann-030"]));
  const same = as(wire.CompareAnswer, json);
  expect(same.cosine).toBeCloseTo(Math.cos(Math.PI / 9), 6);
  expect(same.verdict).toMatchObject({
    same: true,
    threshold: 0.75,
    evidence: { fmr: { rate: 0.0005, low: 0.0002, high: 0.001 }, likelihood: { low: 2.5 } },
    calibration: { protocol: "made-up pairs", impostorPairs: 79_200, confidence: 0.95 },
  });
  const strict = await ask(app, "POST", "/v1/compare", form(["ann-010", "ann-030"], { threshold: "0.95" }));
  expect(strict.json.verdict).toMatchObject({ same: false, threshold: 0.95 });
  const without = await ask(app, "POST", "/v1/compare", form(["ann-010", "nobody"]));
  expect(without).toMatchObject({ status: 200, json: { cosine: null, verdict: null, faces: [{}, null] } });
});

test("a picture is compared with vectors of any length, of the same dimension only", async () => {
  const pictures = [{ base64: Buffer.from(picture("ann-000")).toString("base64") }];
  const { json } = await ask(app, "POST", "/v1/compare", {
    pictures,
    vectors: [
      [5, 0, 0, 0],
      [0, 2, 0, 0],
    ],
  });
  expect(json.scores.map((each: { cosine: number }) => each.cosine)).toEqual([1, 0]);
  expect(json.scores[1].verdict.same).toBe(false);
  const other = await ask(app, "POST", "/v1/compare", { pictures, vectors: [[1, 0]] });
  expect(other).toMatchObject({ status: 422, json: { error: { code: "SHAPE" } } });
  const zero = await ask(app, "POST", "/v1/compare", { pictures, vectors: [[0, 0, 0, 0]] });
  expect(zero).toMatchObject({ status: 422, json: { error: { code: "ZERO_VECTOR" } } });
  const alone = await ask(app, "POST", "/v1/compare", { pictures });
  expect(alone).toMatchObject({ status: 400, json: { error: { code: "USAGE" } } });
});

test("a person is made from pictures, of which the gate refuses some with reasons", async () => {
  const made = await ask(
    app,
    "POST",
    `${C}/persons`,
    form(["ann-000", "ann-010", "soft-005", "party-000+060", "nobody", "ann-000"], {
      name: " Ann  Example ",
    }),
  );
  expect(made.status).toBe(201);
  const { person, pictures } = as(wire.EnrolAnswer, made.json);
  expect(person).toMatchObject({ name: "Ann Example", faces: 2 });
  expect(pictures).toMatchObject([
    { kind: "enrolled" },
    { kind: "enrolled" },
    { kind: "rejected", reasons: [{ code: "blurred", measured: 5, limit: 36 }] },
    { kind: "rejected", reasons: [{ code: "several-faces", faces: 2 }] },
    { kind: "rejected", reasons: [{ code: "no-face" }] },
    { kind: "known" },
  ]);
  const again = await ask(app, "POST", `${C}/persons`, form(["ann-000"], { name: "Ann Example" }));
  expect(again).toMatchObject({ status: 409, json: { error: { code: "CONFLICT" } } });
  const more = await ask(app, "POST", `${C}/persons/${person!.id}/faces`, form(["ann-005", "ben-089"]));
  expect(as(wire.EnrolAnswer, more.json)).toMatchObject({
    person: { faces: 3 },
    pictures: [{ kind: "enrolled" }, { kind: "rejected", reasons: [{ code: "unlike-own" }] }],
  });
  const none = await ask(app, "POST", `${C}/persons`, form(["nobody"], { name: "Nobody" }));
  expect(none).toMatchObject({ status: 200, json: { person: null } });
});

test("faces are identified, searched for and verified with the policy of the library", async () => {
  await ask(app, "POST", `${C}/persons`, form(["ben-090"], { name: "Ben" }));
  const { json } = await ask(
    app,
    "POST",
    `${C}/identify`,
    form(["party-004+200"], { k: "2", strangers: "0.5" }),
  );
  const [photograph] = as(wire.IdentifyAnswer, json).pictures;
  if (!photograph || "error" in photograph) throw new Error("expected faces");
  const [ann, stranger] = photograph.faces.map(({ who }) => who);
  const expected = await gallery.identify((await facesOfPicture("party-004+200"))[0]!, {
    k: 2,
    strangers: 0.5,
    calibration: new MadeRecognition().calibration,
  });
  expect(ann).toMatchObject({ answer: "person", person: { name: "Ann Example" } });
  expect(ann!.similarity).toBe(expected.similarity);
  expect(ann!.verdict.strangers).toEqual(expected.verdict.strangers);
  expect(stranger).toMatchObject({ answer: "unknown", person: null });
  const search = await ask(app, "POST", `${C}/search?k=1`, picture("ben-080"));
  expect(as(wire.SearchAnswer, search.json).hits).toMatchObject([{ person: { name: "Ben" } }]);
  const [ben] = as(wire.SearchAnswer, search.json).hits;
  const above = await ask(app, "POST", `${C}/search?k=3&floor=${ben!.similarity}`, picture("ben-080"));
  expect(as(wire.SearchAnswer, above.json).hits).toEqual([ben]);
  const nobody = await ask(app, "POST", `${C}/identify?floor=1`, picture("party-004+200"));
  const [first, second] = as(wire.IdentifyAnswer, nobody.json).pictures.flatMap((each) =>
    "faces" in each ? each.faces : [],
  );
  // Whoever is known is told in any case.
  expect([first!.who.person?.name, second!.who.candidates]).toEqual(["Ann Example", []]);
  const { id } = (await ask(app, "GET", `${C}/persons?name=Ben`)).json.persons[0];
  const verify = await ask(app, "POST", `${C}/persons/${id}/verify`, picture("ben-080"));
  expect(as(wire.VerifyAnswer, verify.json)).toMatchObject({
    person: { name: "Ben" },
    verdict: { same: true },
  });
  const faceless = await ask(app, "POST", `${C}/persons/${id}/verify`, picture("nobody"));
  expect(faceless).toMatchObject({ status: 200, json: { face: null, verdict: null } });
});

async function facesOfPicture(name: string) {
  const [result] = await new MadeRecognition().recognise([picture(name)], "faces");
  if (result?.kind !== "faces") throw new Error("expected faces");
  return result.photograph.faces.map(({ embedding }) => embedding);
}

test("people are listed page by page, renamed, merged, split, moved, deleted, and all of it taken back", async () => {
  const first = as(wire.PersonPage, (await ask(app, "GET", `${C}/persons?limit=1`)).json);
  expect(first.persons.map(({ name }) => name)).toEqual(["Ann Example"]);
  const second = as(
    wire.PersonPage,
    (await ask(app, "GET", `${C}/persons?limit=1&after=${encodeURIComponent(first.next!)}`)).json,
  );
  const [ann, ben] = [first.persons[0]!.id, second.persons[0]!.id];
  const renamed = await ask(app, "PATCH", `${C}/persons/${ben}`, { name: "Benjamin" });
  expect(as(wire.Changed, renamed.json).person).toMatchObject({ id: ben, name: "Benjamin" });
  const taken = await ask(app, "PATCH", `${C}/persons/${ben}`, { name: "Ann Example" });
  expect(taken.status).toBe(409);
  const kept = await ask(app, "PATCH", `${C}/persons/${ben}`, { expires: "2027-01-31" });
  expect(kept.json.person.expires).toBe("2027-01-31T00:00:00.000Z");
  const faces = as(wire.FacePage, (await ask(app, "GET", `${C}/persons/${ann}/faces?limit=2`)).json);
  expect(faces.faces).toHaveLength(2);
  expect(faces.faces[0]!.source).toBe(`upload:${faces.faces[0]!.sha256}`);
  const split = await ask(app, "POST", `${C}/persons/${ann}/split`, {
    faces: [faces.faces[0]!.id],
    name: "Twin",
  });
  const twin = as(wire.Changed, split.json).person!;
  expect(twin).toMatchObject({ name: "Twin", faces: 1 });
  const merged = await ask(app, "POST", `${C}/persons/${ann}/merge`, { persons: [twin.id] });
  expect(merged.json.person).toMatchObject({ name: "Ann Example", faces: 3 });
  const moved = await ask(app, "POST", `${C}/faces/move`, { faces: [faces.faces[1]!.id], to: "Benjamin" });
  expect(moved.json.person).toMatchObject({ id: ben, faces: 2 });
  const undone = await ask(app, "POST", `${C}/undo`, {});
  expect(undone.json).toMatchObject({ undone: moved.json.sequence, kind: "move" });
  const deleted = await ask(app, "DELETE", `${C}/persons/${ben}`);
  expect(deleted.status).toBe(200);
  expect((await ask(app, "GET", `${C}/persons/${ben}`)).json.error.code).toBe("PERSON_UNKNOWN");
  await ask(app, "POST", `${C}/undo`, { sequence: deleted.json.sequence });
  expect((await ask(app, "GET", `${C}/persons/${ben}`)).json.name).toBe("Benjamin");
  const log = as(wire.LogPage, (await ask(app, "GET", `${C}/log?limit=2`)).json);
  expect(log.entries.map(({ kind }) => kind)).toEqual(["undo", "delete"]);
  expect(log.next).toBe(String(log.entries[1]!.sequence));
  const gone = await ask(app, "POST", `${C}/faces/delete`, { faces: [faces.faces[0]!.id] });
  expect(gone.json).toMatchObject({ person: null });
  const portrait = await ask(app, "GET", `${C}/persons/${ann}/portrait`);
  expect(portrait.response.headers.get("content-type")).toBe("image/jpeg");
  expect(new Uint8Array(await portrait.response.arrayBuffer())).toEqual(Uint8Array.of(255, 216, 255, 217));
});

test("whoever is forgotten is gone, with a receipt that names no path of the machine", async () => {
  const { response } = await ask(app, "GET", `${C}/export`);
  const lines = (await response.text()).trim().split("\n");
  expect(lines.filter((line) => line.includes("Ann Example")).length).toBeGreaterThan(0);
  const forgot = await ask(app, "POST", `${C}/forget`, { names: ["Ann Example"] });
  const receipt = as(wire.Receipt, forgot.json);
  expect(receipt).toMatchObject({ finished: true, proven: receipt.notProven.length === 0 });
  expect(receipt.people[0]!.names).toContain("Ann Example");
  expect(receipt.searched.every(({ hits }) => hits === 0)).toBe(true);
  expect(JSON.stringify(forgot.json)).not.toContain(pathIn(""));
  expect((await ask(app, "GET", `${C}/persons?name=Ann+Example`)).json.persons).toEqual([]);
  const pruned = await ask(app, "POST", `${C}/prune`, {});
  expect(pruned.json).toEqual({ receipt: null });
});

test("a gallery of another model is a conflict that names both contracts", async () => {
  const other = { ...PIPELINE, model: { ...PIPELINE.model, id: "other.onnx", sha256: "9".repeat(64) } };
  const theirs = await Gallery.create(`sqlite:${pathIn("other.db")}`, other, { clock });
  const mixed = createApp({
    recognition: new MadeRecognition(),
    galleries: { theirs: { gallery: theirs } },
    clock,
    now: () => performance.now(),
    version: "0.0.0",
  });
  const { status, json } = await ask(mixed, "POST", "/v1/collections/theirs/identify", picture("ann-000"));
  expect(status).toBe(409);
  expect(json.error.code).toBe("MODEL_MISMATCH");
  expect(json.error.message).toMatch(/other\.onnx.*made-up\.onnx/);
  await theirs.close();
});

test("the document has every endpoint, and the reference shows them without a script", async () => {
  const { json } = await ask(app, "GET", "/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const operations = Object.values<Record<string, { operationId: string }>>(json.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(operations.sort()).toEqual(Object.keys(ENDPOINTS).sort());
  const { response } = await ask(app, "GET", "/docs");
  const page = await response.text();
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page.replace("ARCFACE_URL=http://127.0.0.1:8080", "")).not.toMatch(/<script|https?:\/\//);
  for (const { path } of Object.values<Endpoint>(ENDPOINTS)) expect(page).toContain(path);
});

test.each(Object.keys(ENDPOINTS) as EndpointName[])(
  "the reference's line for %s is a call as its schemas want it",
  (name) => {
    const { params, query, body, path } = ENDPOINTS[name] as Endpoint;
    const example = exampleOf(name);
    const pattern = new RegExp(`^${path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
    const parts = Object.entries(pattern.exec(example.path)?.groups ?? {}).map(([part, text]) => [
      part,
      /^\d+$/.test(text) ? Number(text) : text.replace("$SECRET", "s".repeat(32)),
    ]);
    expect(params.parse(Object.fromEntries(parts))).toBeDefined();
    expect(query.parse(example.query)).toBeDefined();
    if (body.kind === "json" && !("filter" in example.body!))
      expect(body.schema.parse(example.body)).toBeDefined();
    if (body.kind === "pictures") {
      expect(example.files.length).toBeGreaterThanOrEqual(body.least);
      expect(example.files.length).toBeLessThanOrEqual(body.most);
      const values = Object.entries(example.fields).map(([field, text]) => [
        field,
        text.startsWith("[") ? JSON.parse(text) : text,
      ]);
      expect(body.options.parse(Object.fromEntries(values))).toBeDefined();
    }
    expect(curlOf(name)).not.toContain("{…}");
  },
);

test("a call whose fields all have defaults needs no body, and a field too many is told what there is", async () => {
  const { app: plain } = await madeService("plain");
  const post = async (body?: string, type?: string) =>
    await plain.fetch(
      new Request("http://127.0.0.1/v1/collections/default/undo", {
        method: "POST",
        ...(body !== undefined && { body }),
        ...(type !== undefined && { headers: { "Content-Type": type } }),
      }),
    );
  await ask(plain, "POST", "/v1/collections/default/persons", form(["ann-000"], { name: "Ann" }));
  expect(((await (await post()).json()) as { undone: number }).undone).toBe(1);
  expect((await post("{}", "text/plain")).status).toBe(415);
  const wrong = await ask(plain, "POST", "/v1/collections/default/forget", { name: "Ann" });
  expect(wrong).toMatchObject({
    status: 400,
    json: {
      error: { message: 'request: expected no other fields than "persons", "names", got another field' },
    },
  });
  const { json: document } = await ask(plain, "GET", "/openapi.json");
  const required = (path: string): boolean => document.paths[path].post.requestBody.required;
  expect(required("/v1/collections/{collection}/undo")).toBe(false);
  expect(required("/v1/judge")).toBe(true);
});

test("figures for Prometheus count requests, faces and refusals, and name nobody", async () => {
  const { response } = await ask(app, "GET", "/metrics");
  const text = await response.text();
  expect(text).toMatch(/^arcface_requests_total\{endpoint="identify",status="200"\} \d+$/m);
  expect(text).toMatch(/^arcface_enrolment_total\{outcome="several-faces"\} 1$/m);
  expect(text).toMatch(/^arcface_stage_seconds_bucket\{le="0.001",stage="wait"\} \d+$/m);
  expect(text).toContain("arcface_queue_waiting 0");
  expect(text).not.toContain("Ann");
});

test("a service that stops says so and takes no more work", async () => {
  const { app: stopping } = await madeService("stopping");
  expect(as(wire.Ready, (await ask(stopping, "GET", "/readyz")).json).ready).toBe(true);
  stopping.stop();
  const work = await ask(stopping, "POST", "/v1/detect", picture("ann-000"));
  expect(work).toMatchObject({ status: 503, json: { error: { code: "STOPPING" } } });
  expect(work.response.headers.get("retry-after")).toBe("5");
  expect(await ask(stopping, "GET", "/readyz")).toMatchObject({ status: 503, json: { stopping: true } });
  expect((await ask(stopping, "GET", "/healthz")).status).toBe(200);
});
