import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { normalize } from "../../src/core/index.ts";
import { SCREENS } from "../../src/serve/page/answer-page.ts";
import { readPage } from "../../src/serve/page/index.ts";
import { wire } from "../../src/serve/wire/index.ts";
import { ask, form, madeService, pathIn } from "./made-service.ts";

const folder = pathIn("built");
mkdirSync(join(folder, "assets"), { recursive: true });
const SCRIPT = "globalThis.made = true;\n".repeat(200);
writeFileSync(join(folder, "index.html"), "<!doctype html><title>made</title>");
writeFileSync(join(folder, "assets", "index-abc.js"), SCRIPT);
writeFileSync(join(folder, "notes.txt"), "not a file of the page");
const { app } = await madeService("page", {
  page: await readPage(folder),
  keys: { find: async () => undefined },
});

test("the page is at / and at the addresses of its screens, without a key, under rules that let nothing else in", async () => {
  for (const path of ["/", ...SCREENS.map((name) => `/${name}`), "/people/12?gallery=staff"]) {
    const { status, response } = await ask(app, "GET", path);
    expect([path, status, await response.text()]).toEqual([path, 200, "<!doctype html><title>made</title>"]);
    const { headers } = response;
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self';");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-cache");
    expect(headers.get("x-frame-options")).toBe("DENY");
  }
  expect((await ask(app, "GET", "/v1/collections")).status).toBe(401);
});

test("every screen of the page is an address of the service", () => {
  const source = readFileSync(
    join(import.meta.dirname, "..", "..", "web", "src", "screens", "index.ts"),
    "utf8",
  );
  const screens = [...source.matchAll(/^ {4}path: "(\w+)",$/gm)].map(([, path]) => path!);
  expect(screens).toContain("compare");
  for (const path of screens) expect(SCREENS).toContain(path);
});

test("a file whose name changes with its bytes is kept for good, packed where the browser takes that", async () => {
  const plain = await ask(app, "GET", "/assets/index-abc.js");
  expect(plain.response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(await plain.response.text()).toBe(SCRIPT);
  const packed = await ask(app, "GET", "/assets/index-abc.js", undefined, { "accept-encoding": "gzip, br" });
  expect(packed.response.headers.get("content-encoding")).toBe("br");
  const bytes = Buffer.from(await packed.response.arrayBuffer());
  expect(bytes.length).toBeLessThan(SCRIPT.length / 10);
  expect(brotliDecompressSync(bytes).toString()).toBe(SCRIPT);
});

test("a page that the browser has already is not sent again", async () => {
  const etag = (await ask(app, "GET", "/")).response.headers.get("etag")!;
  const again = await ask(app, "GET", "/", undefined, { "if-none-match": etag });
  expect([again.status, await again.response.text()]).toEqual([304, ""]);
});

test("there is no page at other addresses, none by another method, and none where the service has none", async () => {
  for (const path of ["/comparison", "/notes.txt", "/assets/../index.html/x", "/assets/none.js"])
    expect([path, (await ask(app, "GET", path)).status]).toEqual([path, 404]);
  expect((await ask(app, "POST", "/compare", {})).status).toBe(404);
  const { app: without } = await madeService("no-page");
  expect((await ask(without, "GET", "/")).status).toBe(404);
});

test("cosines are judged in figures and in the command line's own words", async () => {
  const { app: open } = await madeService("judge");
  const { status, json } = await ask(open, "POST", "/v1/judge", { cosines: [0.9, 0.1] });
  expect(status).toBe(200);
  const { scores } = wire.JudgeAnswer.parse(json);
  expect(scores.map(({ cosine, verdict }) => [cosine, verdict?.same])).toEqual([
    [0.9, true],
    [0.1, false],
  ]);
  expect(scores[0]!.sentences[0]).toMatch(/^same person: /);
  expect(scores[1]!.sentences.join(" ")).toContain("of pairs of different people score as high (FMR)");
  const own = await ask(open, "POST", "/v1/judge", { cosines: [0.9], threshold: 0.95 });
  expect(own.json.scores[0].verdict).toMatchObject({ same: false, threshold: 0.95 });
  expect((await ask(open, "POST", "/v1/judge", { cosines: [2] })).status).toBe(400);
});

test("faces come with the crops that the network sees where those are asked for", async () => {
  const { app: open } = await madeService("crops");
  const plain = await ask(open, "POST", "/v1/embed", form(["ann-010"]));
  expect(plain.json.pictures[0].faces[0]).not.toHaveProperty("crop");
  const { json } = await ask(open, "POST", "/v1/embed", form(["ann-010"], { crops: "true" }));
  const [face] = json.pictures[0].faces;
  expect(Buffer.from(face.crop, "base64")).toEqual(Buffer.from([255, 216, 255, 217]));
  expect(face.embedding).toEqual(plain.json.pictures[0].faces[0].embedding);
});

test("several pictures of one person are asked about at once: scores are the means, and the nearest pictures are told", async () => {
  const { app: open } = await madeService("who");
  const C = "/v1/collections/default";
  await ask(open, "POST", `${C}/persons`, form(["ann-010", "ann-020"], { name: "Ann" }));
  await ask(open, "POST", `${C}/persons`, form(["ben-090"], { name: "Ben" }));
  const at = (degrees: number): number[] => [
    Math.cos((degrees * Math.PI) / 180),
    Math.sin((degrees * Math.PI) / 180),
    0,
    0,
  ];
  const answer = await ask(open, "POST", `${C}/who`, { vectors: [at(0), at(30)], k: 5, nearest: 2 });
  const { who, pictures } = wire.WhoAnswer.parse(answer.json);
  const mean = (degrees: number): number => (at(degrees)[0]! + at(degrees - 30)[0]!) / 2;
  expect(who).toMatchObject({ answer: "person", person: { name: "Ann" } });
  expect(who.candidates.map(({ person }) => person.name)).toEqual(["Ann", "Ben"]);
  expect(who.cosine).toBeCloseTo(mean(10), 6);
  expect(who.similarity).toBeCloseTo((mean(10) + mean(15)) / 2, 6);
  expect(pictures.map(({ person }) => person.name)).toEqual(["Ann", "Ann"]);
  for (const { cosine } of pictures) expect(cosine).toBeCloseTo(mean(10), 6);
  const one = await ask(open, "POST", `${C}/who`, { vectors: [at(10)] });
  const identified = await ask(open, "POST", `${C}/identify`, form(["ann-010"], { k: "20" }));
  const { who: same } = identified.json.pictures[0].faces[0];
  expect(one.json.who.verdict).toEqual(same.verdict);
  expect(one.json.who.similarity).toBeCloseTo(same.similarity, 6);
  const against = await ask(open, "POST", `${C}/who`, {
    vectors: [
      [1, 0, 0, 0],
      [-1, 0, 0, 0],
    ],
  });
  expect(against).toMatchObject({ status: 422, json: { error: { code: "ZERO_VECTOR" } } });
});

test("patches of a crop are covered in turn, and the change of the score tells what it goes by", async () => {
  const { app: open, recognition } = await madeService("occlusion");
  // A network that goes by the upper left quarter alone: by its brightness, in degrees.
  recognition.recognise = async (pictures) =>
    await Promise.all(
      pictures.map(async (bytes) => {
        const { data } = await sharp(bytes)
          .extract({ left: 0, top: 0, width: 28, height: 28 })
          .raw()
          .toBuffer({ resolveWithObject: true });
        const angle = (data.reduce((a, b) => a + b, 0) / data.length / 180) * Math.PI;
        const embedding = normalize(Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0));
        const photograph = { width: 112, height: 112, faces: [{ embedding }] };
        return { kind: "faces", photograph } as never;
      }),
    );
  const pixels = Buffer.alloc(112 * 112 * 3, 90);
  for (let y = 0; y < 28; y++) pixels.fill(0, y * 112 * 3, (y * 112 + 28) * 3);
  const crop = await sharp(pixels, { raw: { width: 112, height: 112, channels: 3 } })
    .png()
    .toBuffer();
  const { status, json } = await ask(open, "POST", "/v1/occlusion", {
    crop: crop.toString("base64"),
    vector: [1, 0, 0, 0],
  });
  expect(status).toBe(200);
  const { side, changes } = wire.OcclusionAnswer.parse(json);
  expect(side).toBe(7);
  expect(changes).toHaveLength(49);
  expect(changes[0]).toBeLessThan(-0.5);
  expect(changes[0]).toBe(Math.min(...changes));
  expect(changes[1]).toBeLessThan(-0.1);
  expect(changes[7]).toBeCloseTo(changes[1]!, 6);
  for (const [i, change] of changes.entries()) if (i % 7 >= 3 || i >= 21) expect([i, change]).toEqual([i, 0]);
  const none = await ask(open, "POST", "/v1/occlusion", { crop: "AAAA", vector: [1, 0, 0, 0] });
  expect(none).toMatchObject({ status: 422, json: { error: { code: "BAD_IMAGE" } } });
});
