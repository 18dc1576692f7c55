import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cosine, type Face, FaceFinder, type Photograph, Recognizer, readImage } from "arcface-ts";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";

let folder: string;
let recognizer: Recognizer;
/** One person of the third sample photograph, whose face is 228 px wide there, with what is around it. */
let person: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-large-"));
  recognizer = await Recognizer.open({ store, minFacePx: 30 });
  person = await sharp((await samplePhotographs())[3]!)
    .extract({ left: 960, top: 100, width: 420, height: 520 })
    .png()
    .toBuffer();
});
afterAll(async () => {
  await recognizer.close();
});

/** The person with a face so many pixels wide. */
async function at(facePx: number): Promise<Buffer> {
  return await sharp(person)
    .resize(Math.round((420 * facePx) / 228))
    .png()
    .toBuffer();
}

/** A picture of one colour with the person at places, as a JPEG file. */
async function pictureWith(
  name: string,
  [width, height]: readonly [number, number],
  facePx: number,
  places: readonly (readonly [number, number])[],
): Promise<string> {
  const path = join(folder, name);
  const input = await at(facePx);
  await sharp({
    create: { width, height, channels: 3, background: { r: 90, g: 110, b: 130 } },
    limitInputPixels: false,
  })
    .composite(places.map(([left, top]) => ({ input, left, top })))
    .jpeg({ quality: 95 })
    .toFile(path);
  return path;
}

/** The vector of the one face in a small picture around the place, at full size. */
async function ownVector(
  path: string,
  [left, top]: readonly [number, number],
  facePx: number,
): Promise<Face> {
  const size = Math.round((520 * facePx) / 228) + 40;
  const around = await sharp(path, { limitInputPixels: false })
    .extract({ left: left - 20, top: top - 20, width: size, height: size })
    .png()
    .toBuffer();
  const { faces } = await recognizer.faces(around);
  expect(faces).toHaveLength(1);
  return faces[0]!;
}

async function expectOwnVectors(
  photograph: Photograph<Face>,
  path: string,
  places: readonly (readonly [number, number])[],
  facePx: number,
): Promise<void> {
  expect(photograph.faces).toHaveLength(places.length);
  for (const place of places) {
    const own = await ownVector(path, place, facePx);
    const [x, y] = [place[0] - 20 + own.box.x, place[1] - 20 + own.box.y];
    const found = photograph.faces.find(({ box }) => Math.hypot(box.x - x, box.y - y) < 0.15 * facePx);
    // Boxes of one face vary with what else is looked at; landmarks, and so vectors, hardly do.
    expect(Math.abs(found!.box.width / own.box.width - 1)).toBeLessThan(0.1);
    expect(cosine(found!.embedding, own.embedding)).toBeGreaterThan(0.98);
  }
}

test("54 px faces of a panorama of 18,000 × 700 have the vectors that a crop of it gives", async () => {
  const places = [300, 4_050, 9_000, 13_333, 17_700].map((x) => [x, 200] as const);
  const path = await pictureWith("panorama.jpg", [18_000, 700], 54, places);
  const photograph = await recognizer.faces(path);
  expect([photograph.width, photograph.height]).toEqual([18_000, 700]);
  await expectOwnVectors(photograph, path, places, 54);
  // 20 px are looked for there without being asked.
  await using plain = await Recognizer.open({ store });
  expect((await plain.faces(path)).faces).toHaveLength(places.length);
}, 180_000);

test("60 px and 200 px faces of 108 megapixels have the vectors that a crop of it gives", async () => {
  const small = [
    [40, 40],
    [6_000, 1_380],
    [11_700, 8_700],
  ] as const;
  const path = await pictureWith("108mp.jpg", [12_000, 9_000], 60, small);
  await expectOwnVectors(await recognizer.faces(path), path, small, 60);
  const large = [
    [700, 4_000],
    [9_000, 100],
  ] as const;
  const other = await pictureWith("108mp-large.jpg", [12_000, 9_000], 200, large);
  await using plain = await Recognizer.open({ store });
  await expectOwnVectors(await plain.faces(other), other, large, 200);
}, 240_000);

test("looked at in tiles, a face is one face at every place, whatever border runs through it", async () => {
  // One detector whose boxes do not depend on which of several networks saw a face.
  const detector = "mtcnn";
  await using tiled = await FaceFinder.open({ store, detector, minFacePx: 40, maxSidePx: 700 });
  await using whole = await FaceFinder.open({ store, detector });
  for (const [x, y] of [
    [0, 0],
    [120, 310],
    [400, 455],
    [610, 700],
    [777, 640],
    [1_000, 1_040],
    [1_301, 1_250],
  ] as const) {
    const path = await pictureWith("tiles.jpg", [1_500, 1_500], 60, [[x, y]]);
    const { faces } = await tiled.detect(path);
    const { faces: seen } = await whole.detect(path);
    expect(faces).toHaveLength(1);
    expect(seen).toHaveLength(1);
    expect(Math.abs(faces[0]!.box.x - seen[0]!.box.x)).toBeLessThan(6);
    expect(Math.abs(faces[0]!.box.y - seen[0]!.box.y)).toBeLessThan(6);
  }
}, 180_000);

test("a face of a large picture is found and cut alike in all eight EXIF orientations", async () => {
  const places = [
    [200, 150],
    [1_180, 700],
  ] as const;
  const path = await pictureWith("upright.jpg", [1_600, 1_100], 60, places);
  const { data: pixels, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  await using tiled = await Recognizer.open({ store, minFacePx: 40, maxSidePx: 800 });
  const upright = await tiled.faces(path);
  expect(upright.faces).toHaveLength(2);
  for (let orientation = 1; orientation <= 8; orientation++) {
    // Laid down so that turning it by its orientation brings it upright: the inverse of 6 is 8, all others are their own.
    const inverse = orientation === 6 ? 8 : orientation === 8 ? 6 : orientation;
    const marked = await sharp(pixels, { raw: info }).withMetadata({ orientation: inverse }).png().toBuffer();
    const laid = await sharp(marked).autoOrient().png().toBuffer();
    const file = await sharp(laid).withMetadata({ orientation }).png().toBuffer();
    const photograph = await tiled.faces(file);
    expect([photograph.width, photograph.height]).toEqual([1_600, 1_100]);
    expect(photograph.faces).toHaveLength(2);
    for (const face of photograph.faces) {
      const same = upright.faces.find(({ box }) => Math.abs(box.x - face.box.x) < 4);
      expect(cosine(same!.embedding, face.embedding)).toBeGreaterThan(0.98);
    }
  }
}, 180_000);

test("a face that fills a photograph too large to be held is cut from its own pixels", async () => {
  const path = join(folder, "portrait.jpg");
  await sharp(person).resize(5_000).jpeg({ quality: 90 }).toFile(path);
  const photograph = await recognizer.faces(path);
  const whole = await recognizer.faces(await readImage(path, { maxSidePx: 4096 }));
  expect(photograph.width).toBe(5_000);
  expect(photograph.faces).toHaveLength(1);
  expect(cosine(photograph.faces[0]!.embedding, whole.faces[0]!.embedding)).toBeGreaterThan(0.98);
}, 180_000);
