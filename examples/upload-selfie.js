/**
 * A web service that checks a selfie against a document: two uploads in, one answer out. Hono runs on Node.js, Bun and
 * others; here it is asked without a port.
 *
 * node examples/upload-selfie.js
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { FaceError, ModelStore, Recognizer } from "arcface-ts";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
// Opened once, for all requests: opening takes longer than an answer.
const recognizer = await Recognizer.open({ store });
const app = new Hono();

app.post("/check", bodyLimit({ maxSize: 20 * 2 ** 20 }), async (context) => {
  const { document, selfie } = await context.req.parseBody();
  if (!(document instanceof File && selfie instanceof File))
    return context.json({ error: "expected two files, document and selfie" }, 400);
  try {
    // "only" refuses a picture with several faces: whose document is it?
    const result = await recognizer.compare(document, selfie, { face: "only" });
    if (result.kind === "no-face") return context.json({ error: "no face", in: result.missing }, 422);
    return context.json({ same: result.verdict?.same ?? null, cosine: result.cosine });
  } catch (error) {
    if (error instanceof FaceError) return context.json({ error: error.message, code: error.code }, 422);
    throw error;
  }
});

try {
  const photographs = await store.pull("sample-photographs");
  const file = async (name) => new File([await readFile(photographs.get(name))], name);
  const form = new FormData();
  form.set("document", await file("sample1.jpg"));
  const incomplete = await app.request("/check", { method: "POST", body: form });
  assert.equal(incomplete.status, 400);

  form.set("selfie", await file("sample3.jpg"));
  const group = await app.request("/check", { method: "POST", body: form });
  const answer = await group.json();
  console.log(group.status, answer);
  assert.equal(answer.code, "SEVERAL_FACES", "a photograph of a group is no document");
} finally {
  await recognizer.close();
}
