import { readFile } from "node:fs/promises";
import { cosine, FaceError, PhotographIndex, Recognizer, RecognizerPool } from "arcface-ts";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";

let photographs: Record<number, string>;
let recognizer: Recognizer;

beforeAll(async () => {
  photographs = await samplePhotographs();
  recognizer = await Recognizer.open({ store });
});
afterAll(async () => {
  await recognizer.close();
});

test("a path and the same file's bytes give the same faces", async () => {
  const byPath = await recognizer.faces(photographs[1]!);
  const byBytes = await recognizer.faces(await readFile(photographs[1]!));
  expect(byBytes.faces.map((face) => [...face.embedding])).toEqual(
    byPath.faces.map((face) => [...face.embedding]),
  );
});

test("cutting out and embedding in two steps gives what doing both gives", async () => {
  const { faces } = await recognizer.align(photographs[1]!);
  const vectors = await recognizer.embed(faces.map((face) => face.crop));
  const together = await recognizer.faces(photographs[1]!);
  for (const [i, vector] of vectors.entries())
    expect(cosine(vector, together.faces[i]!.embedding)).toBeCloseTo(1, 6);
});

test("a face is found again in its mirror image and at half the size", async () => {
  const person = await sharp(photographs[1]!)
    .extract({ left: 330, top: 250, width: 360, height: 420 })
    .png()
    .toBuffer();
  const mirrored = await sharp(person).flop().png().toBuffer();
  const smaller = await sharp(person).resize(180).png().toBuffer();
  for (const [variant, least] of [
    [mirrored, 0.7],
    [smaller, 0.9],
  ] as const) {
    const result = await recognizer.compare(person, variant);
    expect(result.kind === "compared" && result.cosine).toBeGreaterThan(least);
  }
});

test("mirror averaging makes a face and its mirror image all but equal", async () => {
  await using flipping = await Recognizer.open({ store, flip: true });
  const { faces } = await recognizer.align(photographs[1]!);
  const { crop } = faces[0]!;
  const mirrored = await sharp(crop.data, { raw: { width: 112, height: 112, channels: 3 } })
    .flop()
    .raw()
    .toBuffer();
  const twin = Object.assign(Object.create(Object.getPrototypeOf(crop)), crop, {
    data: new Uint8Array(mirrored),
  });
  const [a, b] = await flipping.embed([crop, twin]);
  expect(cosine(a!, b!)).toBeCloseTo(1, 5);
});

test("searching leaves out the query itself and finds the photograph with the same person first", async () => {
  const index = new PhotographIndex();
  for (const path of Object.values(photographs)) index.add(path, (await recognizer.faces(path)).faces);
  const hits = await recognizer.search(photographs[1]!, index, { k: 2 });
  expect(hits.map((hit) => hit.path)).toEqual([photographs[3], photographs[2]]);
  expect(hits[0]!.cosine).toBeGreaterThan(0.7);
});

test("a pool gives the photographs in the order they were asked for, failures among them, as one recognizer would", async () => {
  await using pool = await RecognizerPool.open({ store, workers: 2 });
  const paths = [photographs[1]!, "/nowhere.jpg", photographs[2]!, photographs[3]!];
  const results = [];
  for await (const result of pool.faces(paths)) results.push(result);
  expect(results.map((result) => [result.path, result.kind])).toEqual([
    [paths[0], "faces"],
    [paths[1], "failed"],
    [paths[2], "faces"],
    [paths[3], "faces"],
  ]);
  const alone = await recognizer.faces(paths[0]!);
  const [first] = results;
  expect(first?.kind === "faces" && first.photograph.faces.map((face) => [...face.embedding])).toEqual(
    alone.faces.map((face) => [...face.embedding]),
  );
});

test("a recognizer that was closed says so", async () => {
  const closed = await Recognizer.open({ store });
  await closed.close();
  await closed.close();
  const failure = closed.faces(photographs[1]!);
  await expect(failure).rejects.toBeInstanceOf(FaceError);
  await expect(failure).rejects.toMatchObject({ code: "CLOSED" });
});
