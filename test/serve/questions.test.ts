import { expect, test } from "vitest";
import { normalize } from "../../src/core/index.ts";
import { type Gallery, unknownName } from "../../src/gallery/index.ts";
import { changeEvents } from "../../src/serve/change-events.ts";
import { createClient } from "../../src/serve/client/index.ts";
import { ask, madeService } from "./made-service.ts";

const { app, gallery } = await madeService("questions");
const { dimension } = gallery.pipeline.model;

/** A face in the plane of the first two numbers, at an angle. */
const faceAt = (degrees: number, source: string) => {
  const vector = new Float32Array(dimension);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return {
    vector: normalize(vector),
    provenance: {
      source,
      sha256: null,
      box: { x: 1, y: 2, width: 3, height: 4 },
      landmarks: Array.from({ length: 5 }, (_, i): [number, number] => [i, i]),
      score: 1,
    },
    crop: Uint8Array.of(255, 216, degrees & 255, 217),
  };
};
const enrol = async (into: Gallery, name: string, ...degrees: readonly number[]) =>
  (await into.enrol([{ name, faces: degrees.map((each, i) => faceAt(each, `${name}/${i}.jpg`)) }]))
    .result[0]!;

const C = "/v1/collections/default";
const ann = await enrol(gallery, "Ann", 0, 4, 8);
const unknown = await enrol(gallery, unknownName(900), 10, 12);
const mixed = await enrol(gallery, "Mixed", 100, 102, 165);

test("questions come with people, faces to show and what an answer settles; answers and undo move them on", async () => {
  const { json } = await ask(app, "GET", `${C}/questions?threshold=0.8`);
  expect(json.threshold).toBe(0.8);
  const who = json.questions.find(({ kind }: { kind: string }) => kind === "who");
  expect(who).toMatchObject({
    sides: [
      { person: { name: "Ann", faces: 3 }, unknown: false, count: 3 },
      { person: { name: "Unknown 900" }, unknown: true, count: 2 },
    ],
    leaving: null,
    pairs: 6,
  });
  expect(who.faces[0]).toBe(ann.faces[1]);
  expect(unknown.faces).toContain(who.faces[1]);
  const split = json.questions.find(
    ({ kind, pairs }: { kind: string; pairs: number }) => kind === "split" && pairs === 2,
  );
  expect(split.leaving).toEqual([mixed.faces[2]]);

  const said = await ask(app, "POST", `${C}/answers`, { kind: "same", faces: who.faces });
  expect(said.json).toMatchObject({ persons: [{ name: "Ann", faces: 5 }] });
  const after = await ask(app, "GET", `${C}/questions?threshold=0.8`);
  expect(after.json.questions.some(({ kind }: { kind: string }) => kind === "who")).toBe(false);

  const contrary = await ask(app, "POST", `${C}/answers`, { kind: "different", faces: who.faces });
  expect(contrary.status).toBe(409);
  expect(contrary.json.error.message).toContain(`the contrary of change ${said.json.sequence}`);

  await ask(app, "POST", `${C}/undo`, { sequence: said.json.sequence });
  const again = await ask(app, "GET", `${C}/questions?threshold=0.8`);
  expect(again.json.questions.some(({ kind }: { kind: string }) => kind === "who")).toBe(true);

  const parted = await ask(app, "POST", `${C}/answers`, {
    kind: "different",
    faces: split.faces,
    leaving: split.leaving,
  });
  expect(parted.json.persons.map(({ faces }: { faces: number }) => faces).sort()).toEqual([1, 2]);
  await ask(app, "POST", `${C}/undo`, {});
});

test("an answer of a wrong number of faces is refused", async () => {
  for (const faces of [[ann.faces[0]], [...ann.faces]])
    expect((await ask(app, "POST", `${C}/answers`, { kind: "same", faces })).status).toBe(400);
});

test("the weakest link of a person comes first", async () => {
  const { json } = await ask(app, "GET", `${C}/persons/${mixed.person}/weakest`);
  expect(json.faces.map(({ id }: { id: number }) => id)).toEqual([
    mixed.faces[2],
    mixed.faces[0],
    mixed.faces[1],
  ]);
  const cos = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
  expect(json.faces[0].cosine).toBeCloseTo((cos(65) + cos(63)) / 2, 5);
});

test("crops of many faces come in one answer; those that are not there are left out", async () => {
  const faces = [ann.faces[0], unknown.faces[1], 999_999].join(",");
  const { json } = await ask(app, "GET", `${C}/crops?faces=${faces}`);
  expect(json.crops.map(({ face }: { face: number }) => face).sort()).toEqual(
    [ann.faces[0], unknown.faces[1]].sort(),
  );
  expect([...Buffer.from(json.crops[0].crop, "base64")].slice(0, 2)).toEqual([255, 216]);
  expect((await ask(app, "GET", `${C}/crops?faces=1,x`)).status).toBe(400);
});

test("portraits of many people come in one answer, each of the person's first face", async () => {
  const { json } = await ask(app, "GET", `${C}/portraits?persons=${mixed.person},${ann.person},999999`);
  const found = new Map<number, number>(
    json.portraits.map(({ person, face }: { person: number; face: number }) => [person, face]),
  );
  expect(Object.fromEntries(found)).toEqual({ [ann.person]: ann.faces[0], [mixed.person]: mixed.faces[0] });
  expect([...Buffer.from(json.portraits[0].crop, "base64")].slice(0, 2)).toEqual([255, 216]);
  expect((await ask(app, "GET", `${C}/portraits?persons=1,x`)).status).toBe(400);
});

test("whoever follows the changes hears of one within two seconds, with its kind and nothing about anybody", async () => {
  const ending = new AbortController();
  const client = createClient({
    url: "http://127.0.0.1:8080",
    fetch: async (request) => await app.fetch(request),
  });
  const changes = await client.changes({ collection: "default" }, { signal: ending.signal });
  const first = await changes.next();
  expect(first.value).toEqual({ sequence: await gallery.records.latest(), kinds: [] });
  const begun = performance.now();
  const { sequence } = await gallery.rename("Ann", "Anna");
  const second = await changes.next();
  expect(second.value).toEqual({ sequence, kinds: ["rename"] });
  expect(performance.now() - begun).toBeLessThan(2000);
  await changes.return();
});

test("changes are told when the database answers again, which was silent for a while", async () => {
  let asked = 0;
  const latest = async (): Promise<number> => {
    if (asked++ % 2 === 0) throw new Error("no answer");
    return asked < 4 ? 7 : 8;
  };
  const log = async () => (asked < 4 ? [] : [{ sequence: 8, kind: "rename" }]);
  const answer = changeEvents({
    gallery: { records: { latest, log } } as never,
    seen: 7,
    isStopping: () => asked > 4,
    now: () => 0,
  });
  const text = await answer.text();
  expect(text.split("\n").filter((line) => line.startsWith("data:"))).toEqual([
    'data: {"sequence":7,"kinds":[]}',
    'data: {"sequence":8,"kinds":["rename"]}',
  ]);
});
