import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Gallery } from "../../src/gallery/index.ts";
import { createClient } from "../../src/serve/client/index.ts";
import { type App, createApp } from "../../src/serve/index.ts";
import { HeldWork } from "../../src/serve/jobs/held-work.ts";
import { jobEvents } from "../../src/serve/jobs/job-events.ts";
import { PIPELINE } from "../golden/made-recognizer.ts";
import { ask, clock, form, MadeRecognition, madeService, pathIn, picture } from "./made-service.ts";

const stopping = new AbortController();
const working: Promise<void>[] = [];
afterAll(async () => {
  stopping.abort();
  await Promise.all(working);
});

/** A folder of made-up pictures by person. */
function peopleFolder(name: string, people: Record<string, readonly string[]>): string {
  const folder = pathIn(name);
  for (const [person, pictures] of Object.entries(people)) {
    mkdirSync(join(folder, person), { recursive: true });
    for (const each of pictures) writeFileSync(join(folder, person, `${each}.jpg`), picture(each));
  }
  return folder;
}

const PEOPLE = {
  "Ann Smith": ["ann-000", "ann-004", "nobody", "party-000+060"],
  "Bob Jones": ["bob-090", "broken", "soft-091"],
};

/** A service over made-up pictures that works on what it is asked for. */
async function workingService(name: string, folder: string) {
  const made = await madeService(name, { folders: [folder], leaseMs: 600 });
  working.push(made.app.work(stopping.signal));
  const client = createClient({ url: "http://127.0.0.1:8080", fetch: made.app.fetch });
  return { ...made, client };
}

const collection = "default";
const C = "/v1/collections/default";

async function ended(app: App, job: number) {
  const client = createClient({ url: "http://127.0.0.1:8080", fetch: app.fetch });
  const states = [];
  for await (const each of await client.jobEvents({ collection, job })) states.push(each);
  return states;
}

test("a folder of people is enrolled as a job: told as it goes, each picture counted, and those not taken with their reasons", async () => {
  const folder = peopleFolder("bulk", PEOPLE);
  const { app, gallery, recognition, client } = await workingService("bulk-enrol", folder);
  const answer = await ask(app, "POST", `${C}/jobs/enrol`, { folder: "." });
  expect(answer).toMatchObject({ status: 202, json: { kind: "enrol", state: "waiting", total: 0 } });
  const { job } = answer.json;
  const states = await ended(app, job);
  const last = states.at(-1)!;
  expect(last).toMatchObject({
    state: "done",
    done: 7,
    total: 7,
    counts: { enrolled: 3, rejected: 3, failed: 1 },
    reasons: { "no-face": 1, "several-faces": 1, blurred: 1, BAD_IMAGE: 1 },
    error: null,
  });
  const result = await client.jobResult({ collection, job });
  expect(
    result.pictures.map(({ picture: path, person, reasons }) => [path, person, reasons[0]!.code]),
  ).toEqual(
    expect.arrayContaining([
      ["Ann Smith/nobody.jpg", "Ann Smith", "no-face"],
      ["Bob Jones/broken.jpg", "Bob Jones", "BAD_IMAGE"],
    ]),
  );
  expect(JSON.stringify(result)).not.toContain(pathIn(""));
  expect(await gallery.records.stats()).toMatchObject({ people: 2, faces: 3 });
  // A second run passes over what is there; what was refused is looked at again.
  const before = recognition.seen.length;
  const again = await client.enrolJob({ collection, folder });
  expect((await ended(app, again.job)).at(-1)).toMatchObject({
    counts: { known: 3, rejected: 3, failed: 1 },
  });
  expect(recognition.seen.length - before).toBe(4);
  const list = await client.jobs({ collection });
  expect(list.jobs.map((each) => each.job)).toEqual([again.job, job]);
});

test("pictures that come with the request are enrolled as the list says whose they are, and do not stay behind", async () => {
  const { app, gallery, client } = await workingService("bulk-uploads", pathIn("."));
  const people = [
    { name: "Ann", pictures: [0, 2] },
    { name: "Bob", pictures: [1] },
  ];
  const pictures = ["ann-000", "bob-090", "ann-004"].map(picture);
  const { job } = await client.enrolJob({ collection, people, pictures });
  expect((await ended(app, job)).at(-1)).toMatchObject({ state: "done", counts: { enrolled: 3 } });
  expect(await gallery.jobs.file(job, 0)).toBeUndefined();
  expect((await gallery.person("Ann")).name).toBe("Ann");
  for (const wrong of [[{ name: "Ann", pictures: [0, 0, 1] }], [{ name: "Ann", pictures: [0] }], []]) {
    const refused = await ask(
      app,
      "POST",
      `${C}/jobs/enrol`,
      form(["ann-000", "bob-090"], { people: JSON.stringify(wrong) }),
    );
    expect(refused, JSON.stringify(wrong)).toMatchObject({ status: 400, json: { error: { code: "USAGE" } } });
  }
});

test("what a service that died had acknowledged is not looked at again by the one that goes on", async () => {
  const people = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `Person ${i}`,
      [0, 1, 2, 3].map((j) => `p${i}-${String(i * 29 + j).padStart(3, "0")}`),
    ]),
  );
  const folder = peopleFolder("dying", people);
  const { app, gallery, recognition } = await madeService("dying", { folders: [folder], leaseMs: 600 });
  // The second service stands for the same process after it was started anew.
  const dead = new AbortController();
  const dying = app.work(dead.signal);
  const { json } = await ask(app, "POST", `${C}/jobs/enrol`, { folder });
  await until(async () => (await gallery.jobs.job(json.job))!.done >= 16);
  // From now on the first one hears nothing from its workers, which is all that a killed process does.
  let release: () => void = () => undefined;
  recognition.gate = new Promise((resolve) => {
    release = resolve;
  });
  const acknowledged = (await gallery.jobs.job(json.job))!.done;
  const again = await Gallery.open(gallery.records.address, { clock });
  afterAll(async () => await again.close());
  const second = new MadeRecognition();
  const heir = createApp({
    recognition: second,
    galleries: { default: { gallery: again } },
    clock,
    now: () => performance.now(),
    version: "0.0.0",
    leaseMs: 600,
  });
  // A process that holds its share for ever is as good as dead when its timers stop.
  dead.abort();
  release();
  await dying;
  working.push(heir.work(stopping.signal));
  expect((await ended(heir, json.job)).at(-1)).toMatchObject({
    state: "done",
    done: 48,
    total: 48,
  });
  expect(acknowledged).toBeGreaterThanOrEqual(16);
  expect(second.seen.length).toBeLessThanOrEqual(48 - acknowledged);
  expect(await again.records.stats()).toMatchObject({ people: 12, faces: 48 });
});

test("a share with which processes ended is halved, and of one picture nobody looks at it any more: the job is done all the same", async () => {
  const folder = peopleFolder("deadly", { Ann: ["ann-000", "ann-004", "ann-008"], Bob: ["bob-090"] });
  const { app, gallery, recognition } = await madeService("deadly", { folders: [folder], leaseMs: 600 });
  const at = clock().toISOString();
  const share = (ordinal: number, person: string, pictures: readonly string[]) => ({
    ordinal,
    step: "work" as const,
    units: pictures.length,
    input: JSON.stringify(pictures.map((each) => ({ path: `${person}/${each}.jpg`, person }))),
  });
  const shares = [share(1, "Ann", ["ann-000", "ann-004", "ann-008"]), share(2, "Bob", ["bob-090"])];
  const id = await gallery.jobs.create({ kind: "enrol", input: JSON.stringify({ folder }), shares }, at);
  // Whoever takes a share and says nothing is a process that was killed: one had the first share, five the second.
  const first = (await gallery.jobs.claim("dead", 600_000, at, ["enrol"]))!;
  expect(first).toMatchObject({ ordinal: 1 });
  for (let tries = 1; tries <= 5; tries++) {
    expect(await gallery.jobs.claim("dead", 1, at, ["enrol"])).toMatchObject({ ordinal: 2, tries });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await gallery.jobs.renew(first, 1);
  working.push(app.work(stopping.signal));
  expect((await ended(app, id)).at(-1)).toMatchObject({
    state: "done",
    done: 4,
    total: 4,
    counts: { enrolled: 3, failed: 1 },
    reasons: { INTERNAL: 1 },
  });
  expect((await gallery.jobs.outcomes(id, { limit: 9 })).map(({ ordinal }) => ordinal)).toEqual([1, 2, 3]);
  const { json } = await ask(app, "GET", `${C}/jobs/${id}/result`);
  expect(json.pictures).toMatchObject([{ picture: "Bob/bob-090.jpg", reasons: [{ code: "INTERNAL" }] }]);
  expect(recognition.seen.filter((each) => each.includes("bob"))).toEqual([]);
});

test("work that ends between two looks is told to its end", async () => {
  const { gallery } = await madeService("told");
  const at = clock().toISOString();
  const shares = [{ ordinal: 1, step: "work" as const, units: 0, input: "[]" }];
  const id = await gallery.jobs.create({ kind: "map", input: "{}", shares }, at);
  const share = (await gallery.jobs.claim("one", 60_000, at, ["map"]))!;
  const held = new HeldWork(gallery, share, 60_000);
  held.tell(300, 1000);
  held.tell(1000, 1000);
  await held.let();
  expect(await gallery.jobs.job(id)).toMatchObject({ done: 1000, total: 1000 });
});

test("cancelling ends a job within two seconds, also while it computes, and nothing more is begun", async () => {
  const folder = peopleFolder("cancelled", PEOPLE);
  const { app, gallery, recognition, client } = await workingService("cancelled", folder);
  let release: () => void = () => undefined;
  recognition.gate = new Promise((resolve) => {
    release = resolve;
  });
  const { job } = await client.enrolJob({ collection, folder });
  await until(async () => recognition.batches.length > 0);
  const begun = performance.now();
  expect(await client.cancelJob({ collection, job })).toMatchObject({ state: "cancelled" });
  expect((await ended(app, job)).at(-1)).toMatchObject({ state: "cancelled" });
  await new Promise((resolve) => setTimeout(resolve, 700));
  release();
  recognition.gate = Promise.resolve();
  const looked = recognition.seen.length;
  const next = await client.mapJob({ collection });
  expect((await ended(app, next.job)).at(-1)).toMatchObject({ state: "done", counts: { faces: 0 } });
  expect(performance.now() - begun).toBeLessThan(4000);
  expect(recognition.seen.length - looked).toBeLessThanOrEqual(1);
  expect(await gallery.records.stats()).toMatchObject({ faces: 0 });
  await expect(client.cancelJob({ collection, job })).rejects.toMatchObject({
    status: 409,
    code: "CONFLICT",
  });
});

test("a gallery's file is imported as a job, its faces get a map, and unknown faces groups", async () => {
  const folder = peopleFolder("strangers", { mixed: ["ann-000", "cat-140", "cat-144", "dan-200", "nobody"] });
  const { app, gallery, client } = await workingService("whole", folder);
  const first = await client.enrolJob({
    collection,
    people: [
      { name: "Ann", pictures: [0] },
      { name: "Bob", pictures: [1] },
    ],
    pictures: ["ann-000", "bob-090"].map(picture),
  });
  await ended(app, first.job);
  const map = await client.mapJob({ collection, seed: 3 });
  expect((await ended(app, map.job)).at(-1)).toMatchObject({ state: "done", counts: { faces: 2 } });
  const { faces } = await client.jobResult({ collection, job: map.job });
  expect(faces!.map(({ x, y }) => Number.isFinite(x + y))).toEqual([true, true]);
  // The map says whose faces are as of now, and nothing of those that are not there.
  const [one, another] = faces!;
  await client.move({ collection, faces: [one!.face], to: "Bob" });
  const later = await client.jobResult({ collection, job: map.job });
  expect(later.faces!.map(({ person }) => person)).toEqual([another!.person, another!.person]);
  const apart = await client.mapJob({ collection });
  await ended(app, apart.job);
  const { links, threshold } = await client.jobResult({ collection, job: apart.job });
  expect(links!.map((link) => link.faces)).toEqual([[one!.face, another!.face]]);
  expect(links![0]!.cosine).toBeLessThan(threshold!);
  await client.deleteFaces({ collection, faces: [one!.face] });
  const without = await client.jobResult({ collection, job: apart.job });
  expect([without.faces!.length, without.links]).toEqual([1, []]);
  await client.undo({ collection });
  await client.undo({ collection });
  const clusters = await client.clusterJob({ collection, folder });
  expect((await ended(app, clusters.job)).at(-1)).toMatchObject({
    state: "done",
    done: 5,
    counts: { known: 1, unknown: 3, groups: 1 },
  });
  const { groups } = await client.jobResult({ collection, job: clusters.job });
  expect(groups!.map((group) => group.faces.map((face) => face.picture))).toEqual([
    ["mixed/cat-140.jpg", "mixed/cat-144.jpg"],
    ["mixed/dan-200.jpg"],
  ]);
  // A place that was said to hold no face is passed over.
  const tree = await client.createPerson({ collection, name: "Tree", pictures: [picture("dan-200")] });
  const [enrolled] = tree.pictures;
  await client.answer({
    collection,
    kind: "no-face",
    faces: [enrolled?.kind === "enrolled" ? enrolled.face : 0],
  });
  const again = await client.clusterJob({ collection, folder });
  await ended(app, again.job);
  const left = (await client.jobResult({ collection, job: again.job })).groups!;
  expect(left.map((group) => group.faces.map((face) => face.picture))).toEqual([
    ["mixed/cat-140.jpg", "mixed/cat-144.jpg"],
  ]);
  // The vectors of people whom nobody enrolled are gone.
  expect((await gallery.jobs.outcomes(clusters.job, { limit: 9 })).map(({ vectors }) => vectors)).toEqual(
    expect.not.arrayContaining([expect.any(Uint8Array)]),
  );
  const file = new Uint8Array(await (await client.export({ collection, format: "parquet" })).arrayBuffer());
  const other = await workingService("imported", folder);
  const imported = await other.client.importJob({ collection, pictures: [file] });
  expect((await ended(other.app, imported.job)).at(-1)).toMatchObject({
    state: "done",
    counts: { imported: 2 },
  });
  writeFileSync(join(folder, "people.parquet"), file);
  const known = await other.client.importJob({ collection, path: "people.parquet" });
  expect((await ended(other.app, known.job)).at(-1)).toMatchObject({ state: "done", counts: { known: 2 } });
  expect(await other.gallery.records.stats()).toMatchObject({ people: 2, faces: 2 });
  writeFileSync(join(folder, "none.parquet"), "no file of faces");
  const bad = await other.client.importJob({ collection, path: "none.parquet" });
  const failed = (await ended(other.app, bad.job)).at(-1)!;
  expect(failed).toMatchObject({ state: "failed", error: { code: "BAD_FILE" } });
  expect(failed.error!.message).toContain("none.parquet");
  expect(failed.error!.message).not.toContain(folder);
});

test("a gallery is moved to the service's model by a job, which others of the old model leave alone", async () => {
  const folder = peopleFolder("moving", { Ann: ["ann-000", "ann-004"] });
  const { app, gallery } = await workingService("moving", folder);
  await ended(app, (await ask(app, "POST", `${C}/jobs/enrol`, { folder })).json.job);
  const pipeline = { ...PIPELINE, model: { ...PIPELINE.model, id: "next.onnx", sha256: "9".repeat(64) } };
  const recognition = Object.assign(new MadeRecognition(), { pipeline });
  const again = await Gallery.open(gallery.records.address, { clock });
  afterAll(async () => await again.close());
  const next = createApp({
    recognition,
    galleries: { default: { gallery: again } },
    clock,
    now: () => performance.now(),
    version: "0.0.0",
  });
  const { json } = await ask(next, "POST", `${C}/jobs/reindex`, {});
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect((await gallery.jobs.job(json.job))!.state).toBe("waiting");
  working.push(next.work(stopping.signal));
  expect((await ended(next, json.job)).at(-1)).toMatchObject({
    state: "done",
    counts: { embedded: 2, missing: 0 },
  });
  expect(again.pipeline.model.id).toBe("next.onnx");
});

test("folders are read as far as they were named: no way out by dots, links or other roots, and no word whether something is there", async () => {
  const folder = peopleFolder("allowed", { Ann: ["ann-000"] });
  const outside = peopleFolder("outside", { Eve: ["eve-180"] });
  symlinkSync(outside, join(folder, "link"));
  symlinkSync(join(outside, "Eve", "eve-180.jpg"), join(folder, "Ann", "eve-180.jpg"));
  const { app, client, gallery } = await workingService("allowed", folder);
  for (const way of [
    outside,
    "../outside",
    join(folder, "..", "outside"),
    "/",
    "/nowhere",
    "link",
    "link/Eve",
    "a\0b",
  ])
    expect(await ask(app, "POST", `${C}/jobs/enrol`, { folder: way }), way).toMatchObject({
      status: 403,
      json: { error: { code: "FORBIDDEN" } },
    });
  expect((await ask(app, "POST", `${C}/jobs/import`, { path: "../outside/x.parquet" })).status).toBe(403);
  expect((await ask(app, "POST", `${C}/jobs/cluster`, { folder: "none" })).status).toBe(400);
  const { job } = await client.enrolJob({ collection, folder });
  const last = (await ended(app, job)).at(-1)!;
  // A link in the folder to a file outside is no picture of it.
  expect(last).toMatchObject({ counts: { enrolled: 1 }, reasons: { BAD_FILE: 2 } });
  expect(await gallery.records.stats()).toMatchObject({ faces: 1 });
  const none = await madeService("no-folders");
  expect((await ask(none.app, "POST", `${C}/jobs/enrol`, { folder: "." })).status).toBe(403);
});

test("a stream goes on behind the last event that was seen, says now and then that it is there, and ends with the service", async () => {
  const folder = peopleFolder("followed", { Ann: ["ann-000"] });
  const { app } = await workingService("followed", folder);
  const { job } = (await ask(app, "POST", `${C}/jobs/enrol`, { folder })).json;
  await ended(app, job);
  const text = await (await ask(app, "GET", `${C}/jobs/${job}/events`)).response.text();
  const events = text.split("\n\n").filter((each) => each.includes("data:"));
  expect(events).toHaveLength(1);
  const [, id] = /id: (\d+)/.exec(events[0]!)!;
  expect(events[0]).toMatch(/^id: \d+\nevent: job\ndata: \{.*"state":"done".*\}$/);
  const headers = { "Last-Event-ID": id! };
  const later = (await ask(app, "GET", `${C}/jobs/${job}/events`, undefined, headers)).response;
  expect(later.headers.get("content-type")).toBe("text/event-stream");
  expect(await later.text()).toBe("retry: 1000\n\n");
  expect((await ask(app, "GET", `${C}/jobs/999/events`)).status).toBe(404);
  let time = 0;
  let stop = false;
  let looks = 0;
  const stream = jobEvents({
    look: async () => {
      // As a database that is being restarted.
      if (looks++ === 0) throw new Error("no answer");
      return { state: "running", revision: 1 } as never;
    },
    tell: () => ({}),
    seen: 1,
    isStopping: () => stop,
    now: () => (time += 8000),
  });
  const reader = stream
    .body!.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  await reader.read();
  expect((await reader.read()).value).toBe(": still there\n\n");
  stop = true;
  for (;;) if ((await reader.read()).done) break;
});

async function until(met: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("never happened");
}
