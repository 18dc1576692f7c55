import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { CompreFace as CompreFaceSdk } from "@exadel/compreface-js-sdk";
import { afterAll, expect, test } from "vitest";
import { COMPREFACE } from "../../src/serve/compreface/index.ts";
import { similarityOf } from "../../src/serve/compreface/similarity.ts";
import { DEEPFACE } from "../../src/serve/deepface/index.ts";
import { KeyRing, listen, ROLES } from "../../src/serve/index.ts";
import { ask, clock, form, madeService, pathIn, picture } from "./made-service.ts";

const ring = await KeyRing.open(pathIn("compreface-keys.json"), clock);
const { secret } = await ring.create({ role: "admin", gallery: "default" });
const { app, gallery } = await madeService("compreface", { keys: ring });
const listening = await listen(app, { host: "127.0.0.1", port: 0 });
afterAll(async () => await listening.close());

/** A file as the SDK takes one: by a path that begins with a dot. */
function fileOf(name: string): string {
  writeFileSync(pathIn(`${name}.jpg`), picture(name));
  return relative(process.cwd(), pathIn(`${name}.jpg`));
}

/** The SDK's types say less than it does. */
// biome-ignore lint/suspicious/noExplicitAny: its answers are looked at value by value
const CompreFace = CompreFaceSdk as unknown as new (...args: unknown[]) => any;
const server = new CompreFace("http://127.0.0.1", new URL(listening.url).port, {});
const recognition = server.initFaceRecognitionService(secret);
const verification = server.initFaceVerificationService(secret);
const detection = server.initFaceDetectionService(secret);

test("CompreFace's own SDK adds faces, recognises who is known, and gets nobody for a stranger", async () => {
  const added = await recognition.getFaceCollection().add(fileOf("ann-000"), "Ann");
  expect(added).toEqual({ image_id: expect.stringMatching(/^\d+$/), subject: "Ann" });
  const { result } = await recognition.recognize(fileOf("party-005+200"), { prediction_count: 2, limit: 0 });
  expect(result).toHaveLength(2);
  const [ann, stranger] = result;
  expect(ann.box).toEqual({ probability: 0.99, x_min: 20, y_min: 30, x_max: 120, y_max: 150 });
  expect(ann.subjects).toMatchObject([{ subject: "Ann" }]);
  expect(ann.subjects[0].similarity).toBeGreaterThan(0.5);
  expect(stranger.subjects).toEqual([]);
  expect(stranger.verdict.answer).toBe("unknown");
  const base64 = Buffer.from(picture("ann-004")).toString("base64");
  expect((await recognition.recognize(base64, {})).result[0].subjects[0].subject).toBe("Ann");
});

test("its SDK detects and verifies", async () => {
  const found = await detection.detect(fileOf("party-000+060"), {
    limit: 1,
    face_plugins: "landmarks,calculator",
  });
  expect(found.result).toHaveLength(1);
  expect(found.result[0].landmarks).toHaveLength(5);
  expect(found.result[0].embedding).toHaveLength(4);
  const same = await verification.verify(fileOf("ann-000"), fileOf("ann-020"), {});
  expect(same.result[0].face_matches[0]).toMatchObject({ same: true, threshold: 0.75 });
  expect(same.result[0].face_matches[0].similarity).toBeGreaterThan(0.5);
  const others = await verification.verify(fileOf("ann-000"), fileOf("ben-090"), {});
  expect(others.result[0].face_matches[0].same).toBe(false);
  expect(others.result[0].face_matches[0].similarity).toBeLessThan(0.5);
});

test("its SDK lists, verifies and deletes faces, and lists, makes, renames and deletes subjects", async () => {
  const faces = await recognition.getFaceCollection().list();
  expect(faces).toMatchObject({ page_number: 0, page_size: 20, total_pages: 1, total_elements: 1 });
  const { image_id } = faces.faces[0];
  const verified = await recognition.getFaceCollection().verify(fileOf("ann-003"), image_id, {});
  expect(verified.result[0]).toMatchObject({ subject: "Ann", same: true });
  await recognition.getSubjects().add("Ben");
  expect(await recognition.getSubjects().rename("Ben", "Benjamin")).toEqual({ updated: true });
  expect(await recognition.getSubjects().list()).toEqual({ subjects: ["Ann", "Benjamin"] });
  expect(await recognition.getSubjects().delete("Benjamin")).toEqual({ subject: "Benjamin" });
  expect(await recognition.getFaceCollection().delete(image_id)).toEqual({ image_id, subject: "Ann" });
  expect((await recognition.getFaceCollection().list()).faces).toEqual([]);
  expect(await recognition.getSubjects().deleteAll()).toEqual({ deleted: 1 });
});

test("a picture without a face is refused as CompreFace refuses it, and one that the gate refuses says why", async () => {
  const headers = { "x-api-key": secret };
  const file = (name: string): FormData => {
    const data = new FormData();
    data.append("file", new Blob([picture(name)]), "a.jpg");
    return data;
  };
  const empty = await ask(app, "POST", "/api/v1/recognition/recognize", file("nobody"), headers);
  expect(empty).toMatchObject({
    status: 400,
    json: { code: 28, message: "No face is found in the given image" },
  });
  const soft = await ask(app, "POST", "/api/v1/recognition/faces?subject=Ann", file("soft-000"), headers);
  expect(soft.status).toBe(422);
  expect(soft.json.message).toContain("blurred");
  const none = await ask(app, "POST", "/api/v1/recognition/recognize", file("ann-000"), {
    "x-api-key": "wrong",
  });
  expect(none).toMatchObject({ status: 401, json: { code: 401, message: expect.any(String) } });
  const { secret: reader } = await ring.create({ role: "read", gallery: "default" });
  const write = await ask(
    app,
    "POST",
    "/api/v1/recognition/subjects",
    { subject: "Eve" },
    { "x-api-key": reader },
  );
  expect(write.status).toBe(403);
  expect(await gallery.records.personNamed("Eve")).toBeUndefined();
});

test("vectors are recognised and verified as CompreFace's clients send them", async () => {
  const headers = { "x-api-key": secret };
  const { result: enrolled } = await gallery.enrol([{ name: "Cleo", faces: [await madeFace()] }]);
  const known = await ask(
    app,
    "POST",
    "/api/v1/recognition/embeddings/recognize",
    { embeddings: [[0, 0, 5, 0]] },
    headers,
  );
  expect(known.json.result[0].similarities).toMatchObject([{ subject: "Cleo", similarity: 1 }]);
  const path = `/api/v1/recognition/embeddings/faces/${enrolled[0]!.faces[0]}/verify`;
  const other = await ask(app, "POST", path, { embeddings: [[0, 1, 0, 0]] }, headers);
  expect(other.json.result[0]).toMatchObject({ same: false, cosine: 0 });
  expect((await ask(app, "POST", path, { embeddings: [[1]] }, headers)).status).toBe(422);
});

test("a list of faces to delete is as long as our own routes take", async () => {
  const path = "/api/v1/recognition/faces/delete";
  const many = Array.from({ length: 10_001 }, (_, i) => i + 1_000_000);
  expect((await ask(app, "POST", path, many, { "x-api-key": secret })).status).toBe(400);
  expect((await ask(app, "POST", path, many.slice(1), { "x-api-key": secret })).json).toEqual([]);
});

async function madeFace() {
  const { normalize } = await import("../../src/core/index.ts");
  const { provenance } = await import("../../src/gallery/made-faces.ts");
  return { vector: normalize(Float32Array.of(0, 0, 1, 0)), provenance: provenance("made.jpg") };
}

test("similarity rises with the cosine, and one half is the threshold", () => {
  const scores = [-1, -0.2, 0, 0.3, 0.334, 0.335, 0.336, 0.7, 1];
  const mapped = scores.map((score) => similarityOf(score, 0.335));
  expect(mapped).toEqual([...mapped].sort((a, b) => a - b));
  expect([mapped[0], mapped[5], mapped[8]]).toEqual([0, 0.5, 1]);
});

test("DeepFace's routes give vectors and verdicts, and guess no age", async () => {
  const headers = { "x-api-key": secret };
  const img = `data:image/jpeg;base64,${Buffer.from(picture("ann-000")).toString("base64")}`;
  const found = await ask(app, "POST", "/represent", { img }, headers);
  expect(found.json.results).toMatchObject([
    { embedding: [1, 0, 0, 0], facial_area: { x: 20, y: 30, w: 100, h: 120 } },
  ]);
  const data = new FormData();
  data.append("img1", new Blob([picture("ann-000")]));
  data.append("img2", new Blob([picture("ann-060")]));
  const verified = await ask(app, "POST", "/verify", data, headers);
  expect(verified.json).toMatchObject({ verified: false, threshold: 0.25, similarity_metric: "cosine" });
  expect(verified.json.distance).toBeCloseTo(0.5, 6);
  const analysed = await ask(app, "POST", "/analyze", { img }, headers);
  expect(analysed).toMatchObject({ status: 501, json: { code: "NOT_IMPLEMENTED" } });
  const path = await ask(app, "POST", "/represent", { img: "/etc/passwd.jpg" }, headers);
  expect(path.status).toBe(400);
  expect((await ask(app, "POST", "/represent", form(["ann-000"]), headers)).status).toBe(400);
});

test.each([...COMPREFACE, ...DEEPFACE])("$method $path asks for a key of its role", async (route) => {
  const path = route.path.replace(/:\w+/, "999");
  const body = route.method === "GET" ? undefined : {};
  expect((await ask(app, route.method, path, body)).status).toBe(401);
  for (const [i, role] of ROLES.entries()) {
    const { secret: key } = await ring.create({ role, gallery: "default" });
    const { status } = await ask(app, route.method, path, body, { "x-api-key": key });
    if (i >= ROLES.indexOf(route.role)) expect([401, 403]).not.toContain(status);
    else expect(status).toBe(403);
    if (!route.path.endsWith("/analyze")) expect(status).toBeLessThan(500);
  }
});
