/**
 * Keeps people in PostgreSQL with pgvector, where the server searches, and finds out who somebody is.
 *
 * ARCFACE_TEST_POSTGRES=postgres://user@host/database node examples/enrol-in-postgres.js
 */
import assert from "node:assert/strict";
import { ModelStore, Recognizer } from "arcface-ts";
import { Gallery } from "arcface-ts/gallery";
import pg from "pg";

const server = process.env.ARCFACE_TEST_POSTGRES;
if (!server) {
  console.log("skipped: ARCFACE_TEST_POSTGRES names no server with pgvector");
  process.exit(0);
}

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const recognizer = await Recognizer.open({ store });
// A gallery is a schema of the database.
const schema = `example_${process.pid}`;
const address = new URL(server);
address.searchParams.set("gallery", schema);
const gallery = await Gallery.create(address.href, recognizer.pipeline, { clock: () => new Date() });
try {
  const source = photographs.get("sample1.jpg");
  const { faces } = await recognizer.faces(source);
  const people = faces.map(({ box, landmarks, score, embedding }, n) => {
    const points = landmarks.map(({ x, y }) => [x, y]);
    return {
      name: `person ${n + 1}`,
      faces: [{ vector: embedding, provenance: { source, sha256: null, box, landmarks: points, score } }],
    };
  });
  await gallery.enrol(people);

  const threshold = recognizer.calibration?.threshold ?? 0.5;
  for (const [n, face] of faces.entries()) {
    const found = await gallery.identify(face.embedding, { threshold });
    console.log(found.person?.name ?? "unknown", found.cosine);
    assert.equal(found.person?.name, `person ${n + 1}`);
  }
} finally {
  await gallery.close();
  await recognizer.close();
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
}
