import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Gallery } from "../../src/gallery/index.ts";
import {
  type EnrolmentResult,
  importCompreFace,
  type PictureResult,
  type PictureTasks,
  readCompreFace,
} from "../../src/recognise/index.ts";
import { KeyRing, listen } from "../../src/serve/index.ts";
import { PIPELINE } from "../golden/made-recognizer.ts";
import { MadeCompreFace } from "../made-compreface.ts";
import { samplePhotographs } from "../pack.ts";
import { arcface, jsonLines } from "../run-cli.ts";
import { ask, clock, form, MadeRecognition, madeService, pathIn, picture } from "./made-service.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function standIn(): Promise<MadeCompreFace & { url: string }> {
  const made = new MadeCompreFace();
  const url = await made.listen();
  afterAll(() => made.close());
  return Object.assign(made, { url });
}

async function galleryOf(name: string): Promise<Gallery> {
  const gallery = await Gallery.create(`sqlite:${pathIn(`${name}.db`)}`, PIPELINE, { clock });
  afterAll(async () => await gallery.close());
  return gallery;
}

async function brought(gallery: Gallery, from: { url: string; key: string }): Promise<EnrolmentResult[]> {
  const results = [];
  const there = await readCompreFace(from);
  for await (const each of importCompreFace(gallery, new MadeRecognition(), there)) results.push(each);
  return results;
}

const tally = (results: readonly EnrolmentResult[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
};

const listed = async (gallery: Gallery): Promise<string[]> => {
  const people = [];
  for await (const { name, faces } of gallery.people()) people.push(`${name} ${faces}`);
  return people;
};

test("a stand-in's subjects and faces come over, each face counted, and what cannot be taken is said", async () => {
  const there = await standIn();
  there.subjects.push("Nobody Yet");
  // More than a page of them.
  for (let i = 0; i < 230; i++) there.add("Ann", picture(`ann${i}-00${i % 10}`));
  there.add("Ben", picture("ben-090"));
  there.add("Ben", picture("soft-091"));
  there.add("Ben", new TextEncoder().encode("not a picture"));
  there.add("Cara", new Uint8Array());
  there.add("\u0007", picture("dan-180"));
  const gallery = await galleryOf("stand-in");
  const results = await brought(gallery, there);
  expect(results).toHaveLength(there.faces.length);
  expect(tally(results)).toEqual({ enrolled: 231, rejected: 1, failed: 3 });
  expect(await listed(gallery)).toEqual(["Ann 230", "Ben 1", "Cara 0", "Nobody Yet 0"]);
  const told = results.flatMap((each) => (each.kind === "failed" ? [each.error.message] : []));
  expect(told.map((sentence) => sentence.replace(/127\.0\.0\.1:\d+\/[0-9a-f-]+/, "HOST/ID")).sort()).toEqual([
    "compreface:HOST/ID: expected a picture, got no bytes; that CompreFace keeps faces without their pictures",
    "compreface:HOST/ID: expected a picture, got other bytes",
    expect.stringMatching(/^subject: expected .*name/),
  ]);
  const [face] = await gallery.records.faces({ limit: 1 });
  expect(face!.provenance.source).toBe(`compreface:${new URL(there.url).host}/${there.faces[0]!.image_id}`);
  // The key stays out of addresses, which end up in logs.
  expect(there.asked.join()).not.toContain(there.key);
});

test("an import that breaks off goes on where it was, and asks for no picture twice", async () => {
  const there = await standIn();
  for (let i = 0; i < 90; i++)
    there.add(i < 70 ? "Ann" : "Ben", picture(i < 70 ? `ann${i}-00${i % 10}` : `ben${i}-09${i % 10}`));
  const gallery = await galleryOf("broken-off");
  there.picturesLeft = 75;
  const first = tally(await brought(gallery, there));
  expect(first).toEqual({ enrolled: 75, failed: 15 });
  there.picturesLeft = Number.POSITIVE_INFINITY;
  there.asked.length = 0;
  expect(tally(await brought(gallery, there))).toEqual({ known: 75, enrolled: 15 });
  expect(there.asked.filter((path) => path.endsWith("/img"))).toHaveLength(15);
  expect(tally(await brought(gallery, there))).toEqual({ known: 90 });
});

test("a wrong key, an address without a CompreFace and one that leads elsewhere are said", async () => {
  const there = await standIn();
  const gallery = await galleryOf("refused");
  await expect(brought(gallery, { url: there.url, key: "wrong" })).rejects.toMatchObject({
    code: "USAGE",
    where: "KEY",
  });
  await expect(brought(gallery, { url: "file:///etc/passwd", key: "k" })).rejects.toMatchObject({
    code: "USAGE",
    where: "URL",
  });
  await expect(brought(gallery, { url: `${there.url}/elsewhere`, key: there.key })).rejects.toMatchObject({
    code: "NETWORK",
    got: "status 404",
  });
});

/** Keeps pictures themselves as crops, as CompreFace does, so that they can be looked at again. */
class KeepsPictures extends MadeRecognition {
  override async recognise<T extends keyof PictureTasks>(
    pictures: readonly Uint8Array[],
    task: T,
  ): Promise<PictureResult<PictureTasks[T]>[]> {
    const results = await super.recognise(pictures, task);
    for (const [i, result] of results.entries())
      if (result.kind === "faces")
        for (const face of result.photograph.faces) Object.assign(face, { crop: pictures[i] });
    return results;
  }
}

test("people of our own routes of CompreFace, which its SDK is tested on, come over as they are", async () => {
  const keys = await KeyRing.open(pathIn("import-keys.json"), clock);
  const { secret: key } = await keys.create({ role: "read" });
  const { secret: admin } = await keys.create({ role: "admin" });
  const { app } = await madeService("adapter", { recognition: new KeepsPictures(), keys });
  const listening = await listen(app, { host: "127.0.0.1", port: 0 });
  afterAll(async () => await listening.close());
  const as = { "x-api-key": admin };
  const C = "/v1/collections/default";
  await ask(app, "POST", `${C}/persons`, form(["ann-000", "ann-010"], { name: "Ann" }), as);
  await ask(app, "POST", `${C}/persons`, form(["ben-090"], { name: "Ben" }), as);
  await ask(app, "POST", `${C}/persons`, { name: "Nobody Yet" }, as);
  const gallery = await galleryOf("from-adapter");
  expect(tally(await brought(gallery, { url: listening.url, key }))).toEqual({ enrolled: 3 });
  expect(await listed(gallery)).toEqual(["Ann 2", "Ben 1", "Nobody Yet 0"]);
});

test("arcface gallery import --from compreface looks at the pictures with its own network", async () => {
  const there = await standIn();
  const photographs = await samplePhotographs();
  there.add("Ann Example", await readFile(photographs[1]!));
  there.add("Ben Example", Buffer.from("no picture"));
  const address = `sqlite:${join(folder, "people.db")}`;
  const keyFile = join(folder, "key.txt");
  writeFileSync(keyFile, `${there.key}\n`);
  expect((await arcface(["gallery", "create", "--gallery", address])).code).toBe(0);
  const args = ["gallery", "import", "--from", "compreface", there.url, `@${keyFile}`, "--gallery", address];
  const result = await arcface([...args, "--force", "--jobs", "1", "--json"]);
  expect([result.code, result.err]).toEqual([5, ""]);
  const [failed, tallied] = jsonLines<Record<string, unknown>>(result).slice(-2);
  expect(tallied).toEqual({ enrolled: 1, known: 0, rejected: 0, failed: 1 });
  expect(failed).toMatchObject({ person: "Ben Example", kind: "failed", error: { code: "BAD_IMAGE" } });
  const without = await arcface(args.slice(0, 5).concat("--gallery", address));
  expect([without.code, without.err]).toEqual([2, expect.stringContaining("--from without a key")]);
});
