import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "arcface-ts/client";
import { afterAll, expect, test } from "vitest";
import { samplePhotographs } from "../pack.ts";
import { arcfaceHere } from "../run-cli.ts";
import { facePictures, killStarted, serve, stop } from "./started.ts";

const folder = await mkdtemp(join(tmpdir(), "arcface-reindex-"));
afterAll(async () => {
  killStarted();
  await rm(folder, { recursive: true, force: true });
});

test("a gallery moves to another model as a job: from a photograph where it lies, from crops else, and knows its people afterwards", async () => {
  const gallery = `sqlite:${join(folder, "people.db")}`;
  const collection = "default";
  const [ann, , ben] = await facePictures();
  const pictureOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]);
  const before = await serve("--gallery", gallery, "--create");
  const first = createClient({ url: before.url });
  const { person } = await first.createPerson({ collection, name: "Ann", pictures: [pictureOf(ann!)] });
  await first.createPerson({ collection, name: "Ben", pictures: [pictureOf(ben!)] });
  expect((await stop(before)).code).toBe(0);
  // Someone whose photograph lies on this machine.
  const { 2: photograph } = await samplePhotographs();
  const enrolled = await arcfaceHere([
    "gallery",
    "enrol",
    "Cleo",
    photograph!,
    "--force",
    "--gallery",
    gallery,
  ]);
  expect(enrolled.code, enrolled.err).toBe(0);

  const after = await serve("--gallery", gallery, "--model", "mobilefacenet-192");
  const client = createClient({ url: after.url });
  const asked = { collection, pictures: [pictureOf(ann!)] };
  await expect(client.identify(asked)).rejects.toMatchObject({
    status: 409,
    code: "MODEL_MISMATCH",
    message: expect.stringMatching(/fr-feature-512.*mobilefacenet-192|mobilefacenet-192.*fr-feature-512/),
  });
  const { job } = await client.reindexJob({ collection });
  let last: { state: string; counts: object } | undefined;
  for await (const state of await client.jobEvents({ collection, job })) last = state;
  expect(last).toMatchObject({
    state: "done",
    counts: { embedded: 3, fromPhotographs: 1, fromCrops: 2, missing: 0 },
  });
  expect(await client.jobResult({ collection, job })).toMatchObject({ finished: true, missing: [] });
  expect((await client.collection({ collection })).model).toBe("mobilefacenet-192");
  const { model, pictures } = await client.identify(asked);
  expect(model).toBe("mobilefacenet-192");
  expect(pictures).toMatchObject([{ faces: [{ who: { person: { id: person!.id } } }] }]);
  // Of the crop that was kept, not of the picture it came from.
  const cosine = "faces" in pictures[0]! ? pictures[0].faces[0]!.who.cosine! : 0;
  expect(cosine).toBeGreaterThan(0.9);
  expect((await stop(after)).code).toBe(0);
});
