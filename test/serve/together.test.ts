import { afterAll, expect, test } from "vitest";
import { Gallery } from "../../src/gallery/index.ts";
import { createApp, listen } from "../../src/serve/index.ts";
import { ask, clock, form, MadeRecognition, madeService, pathIn, picture } from "./made-service.ts";

const C = "/v1/collections/default";

test("two services on one gallery see each other's changes, and one goes on when the other ends", async () => {
  const { app: first } = await madeService("shared");
  const gallery = await Gallery.open(`sqlite:${pathIn("shared.db")}`, { clock });
  const second = createApp({
    recognition: new MadeRecognition(),
    galleries: { default: { gallery } },
    clock,
    now: () => performance.now(),
    version: "0.0.0",
  });
  const made = await ask(first, "POST", `${C}/persons`, form(["ann-000"], { name: "Ann" }));
  const { id } = made.json.person;
  const seen = await ask(second, "POST", `${C}/identify`, picture("ann-004"));
  expect(seen.json.pictures[0].faces[0].who.person.id).toBe(id);
  const names = ["Ben", "Cleo", "Dan", "Eve"];
  const created = await Promise.all(
    names.flatMap((name) => [first, second].map((app) => ask(app, "POST", `${C}/persons`, { name }))),
  );
  // Of two that make one name at once, one is told that it is taken.
  expect(created.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 409, 409, 409, 409]);
  await ask(second, "PATCH", `${C}/persons/${id}`, { name: "Anna" });
  expect((await ask(first, "GET", `${C}/persons/${id}`)).json.name).toBe("Anna");
  second.stop();
  await gallery.close();
  expect((await ask(first, "GET", `${C}/persons`)).json.persons).toHaveLength(5);
});

test("when the queue is full the answer is 503 at once, and nothing that was accepted is lost", async () => {
  const { app, recognition } = await madeService("full", { limits: { waiting: 3, batch: 2 } });
  let open = (): void => {};
  recognition.gate = new Promise<void>((settle) => {
    open = settle;
  });
  const asked = Array.from({ length: 10 }, () => ask(app, "POST", "/v1/detect", picture("ann-000")));
  const refused: number[] = [];
  for (const each of asked)
    void each.then(({ status, response }) => {
      if (status === 503) refused.push(Number(response.headers.get("retry-after")));
    });
  await expect.poll(() => refused.length).toBe(6);
  expect(refused.every((seconds) => seconds >= 1 && seconds <= 60)).toBe(true);
  const all = await ask(app, "POST", "/v1/detect", form(new Array<string>(5).fill("ann-000")));
  expect(all.status).toBe(503);
  open();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(4);
});

test("a client that hangs up takes its picture out of the queue, and a stop answers what was accepted", async () => {
  const { app, recognition } = await madeService("leaving");
  const listening = await listen(app, { host: "127.0.0.1", port: 0 });
  afterAll(async () => await listening.close());
  let open = (): void => {};
  recognition.gate = new Promise<void>((settle) => {
    open = settle;
  });
  const detect = async (signal?: AbortSignal) =>
    await fetch(`${listening.url}/v1/detect`, {
      method: "POST",
      headers: { "Content-Type": "image/jpeg" },
      body: picture("ann-000"),
      ...(signal && { signal }),
    });
  const waiting = async (): Promise<number> =>
    ((await (await fetch(`${listening.url}/readyz`)).json()) as { waiting: number }).waiting;
  const first = detect();
  await expect.poll(() => recognition.batches.length).toBe(1);
  const hangUp = new AbortController();
  const gone = detect(hangUp.signal);
  await expect.poll(waiting).toBe(1);
  hangUp.abort();
  await expect(gone).rejects.toThrow();
  await expect.poll(waiting).toBe(0);
  const closed = listening.close();
  open();
  expect((await first).status).toBe(200);
  await closed;
  expect(recognition.batches).toEqual([1]);
  await expect(fetch(`${listening.url}/healthz`)).rejects.toThrow();
});

test("answers are the same to the last digit, alone and among many", async () => {
  const { app } = await madeService("busy", { limits: { batch: 4 } });
  const alone = await (await ask(app, "POST", "/v1/embed", picture("ann-033"))).response.text();
  const many = await Promise.all(
    Array.from(
      { length: 30 },
      async (_, i) => await ask(app, "POST", "/v1/embed", picture(i % 3 ? "ann-033" : "ben-090")),
    ),
  );
  for (const [i, { response }] of many.entries()) if (i % 3) expect(await response.text()).toBe(alone);
});

test("faces sent to a person's number are that person's, renamed or deleted while the pictures are looked at", async () => {
  const { app, gallery, recognition } = await madeService("renamed");
  let open = (): void => {};
  const hold = (): void => {
    recognition.batches.length = 0;
    recognition.gate = new Promise<void>((settle) => {
      open = settle;
    });
  };
  const { person } = (await ask(app, "POST", `${C}/persons`, form(["ann-000"], { name: "Ann" }))).json;
  hold();
  const added = ask(app, "POST", `${C}/persons/${person.id}/faces`, form(["ann-004"]));
  await expect.poll(() => recognition.batches.length).toBe(1);
  await ask(app, "PATCH", `${C}/persons/${person.id}`, { name: "Anna" });
  await ask(app, "POST", `${C}/persons`, { name: "Ann" });
  open();
  expect((await added).json.person).toEqual({ id: person.id, name: "Anna", expires: null, faces: 2 });
  expect((await gallery.person("Ann")).faces).toBe(0);

  hold();
  const late = ask(app, "POST", `${C}/persons/${person.id}/faces`, form(["ann-008"]));
  await expect.poll(() => recognition.batches.length).toBe(1);
  await ask(app, "DELETE", `${C}/persons/${person.id}`);
  open();
  expect(await late).toMatchObject({ status: 404, json: { error: { code: "PERSON_UNKNOWN" } } });
  expect(await gallery.records.personNamed("Anna")).toBeUndefined();

  hold();
  const second = ask(app, "POST", `${C}/persons`, form(["ben-090"], { name: "Ben" }));
  await expect.poll(() => recognition.batches.length).toBe(1);
  await ask(app, "POST", `${C}/persons`, { name: "Ben" });
  open();
  // The one who was there first gets no faces of a person that was to be new.
  expect(await second).toMatchObject({ status: 409, json: { error: { code: "CONFLICT" } } });
  expect((await gallery.person("Ben")).faces).toBe(0);
});
