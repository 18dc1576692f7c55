import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Recognizer, thumbnail } from "arcface-ts";
import {
  type IdentityJson,
  IdentityPool,
  measureVideo,
  readFrames,
  type SeenPicture,
  writeIdentityReport,
} from "arcface-ts/identity";
import sharp from "sharp";
import { beforeAll, expect, test, vi } from "vitest";
import { CHANGES, morph, type Pixels } from "../bench/identity-changes.ts";
import { samplePhotographs, store } from "./pack.ts";
import { arcfaceHere } from "./run-cli.ts";

let folder: string;
const at = (path: string): string => join(folder, path);
const FRAMES = 12;
const hasFfmpeg = (() => {
  try {
    execFileSync("ffmpeg", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** A window that drifts over a face, as frames and as an animation; nobody is in its fifth frame. */
beforeAll(async () => {
  const photographs = await samplePhotographs();
  await store.pull("mtcnn-rfb");
  await store.pull("fr-feature-512");
  await store.pull("mobilefacenet-192");
  folder = await mkdtemp(join(tmpdir(), "arcface-video-"));
  await mkdir(at("frames"));
  await using recognizer = await Recognizer.open({ store });
  const small = await sharp(photographs[3]!).rotate().resize(960).png().toBuffer();
  const { faces } = await recognizer.detect(small);
  const box = faces[0]!.box;
  await writeFile(at("me.jpg"), await thumbnail(small, box, 200));
  const [x, y] = [
    Math.max(0, Math.round(box.x + box.width / 2 - 150)),
    Math.max(0, Math.round(box.y + box.height / 2 - 150)),
  ];
  const pages: Buffer[] = [];
  for (let n = 0; n < FRAMES; n++) {
    const frame =
      n === 4
        ? sharp({ create: { width: 256, height: 256, channels: 3, background: "#808080" } })
        : sharp(small).extract({ left: x + 2 * n, top: y + n, width: 256, height: 256 });
    pages.push(await frame.png().toBuffer());
    await writeFile(at(`frames/f${String(n).padStart(2, "0")}.png`), pages[n]!);
  }
  await sharp(pages, { join: { animated: true } })
    .webp({ lossless: true, delay: new Array<number>(FRAMES).fill(100) })
    .toFile(at("clip.webp"));
});

const vectorOf = (picture: SeenPicture): Float32Array | undefined =>
  picture.kind === "face" ? picture.vectors[0] : undefined;
const cosineOf = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test("a face that is followed has the scores of one that is searched in every frame, and is found again when it was lost", async () => {
  await using pool = await IdentityPool.open({ store, workers: 1 });
  const seen = async (track: boolean): Promise<(Float32Array | undefined)[]> => {
    const images = async function* () {
      for await (const { image } of readFrames(at("frames"))) yield image;
    };
    const vectors: (Float32Array | undefined)[] = [];
    for await (const picture of pool.frames(images(), { track })) vectors.push(vectorOf(picture));
    return vectors;
  };
  const [followed, searched] = [await seen(true), await seen(false)];
  expect(followed.map((vector) => vector !== undefined)).toEqual(
    Array.from({ length: FRAMES }, (_, n) => n !== 4),
  );
  const [reference] = searched;
  for (const [i, vector] of followed.entries()) {
    if (!vector) continue;
    // The same windows see the face; only their neighbours' part in its box, and the order of sums, may differ.
    expect(Math.abs(cosineOf(vector, reference!) - cosineOf(searched[i]!, reference!))).toBeLessThan(0.001);
  }
});

test("a video has a curve, its worst frames, its flicker and a page without scripts; a frame without a face counts below the threshold", async () => {
  const report = await measureVideo([at("me.jpg")], at("clip.webp"), { store, workers: 1 });
  const [figures] = report.video.judges;
  expect(report.video.frames).toBe(FRAMES);
  expect(figures!.curve.map(({ seconds }) => seconds)).toEqual(
    Array.from({ length: FRAMES }, (_, n) => n / 10),
  );
  expect(figures!.curve[4]!.cosine).toBeNull();
  expect(figures!.belowThreshold).toBeCloseTo(1 / FRAMES, 9);
  expect(figures!.worst[0]!.cosine).toBe(Math.min(...figures!.curve.flatMap(({ cosine }) => cosine ?? [])));
  expect(figures!.flicker!.mean).toBeGreaterThan(0.9);
  expect(figures!.flicker!.min).toBeLessThanOrEqual(figures!.flicker!.p5);
  expect(report.failures).toMatchObject([
    { picture: `${at("clip.webp")}#4`, role: "result", reason: "no-face" },
  ]);
  expect(report.video.tracked).toBe(true);
  await writeIdentityReport(report, at("report"));
  const page = await readFile(at("report/index.html"), "utf8");
  // Not the page itself, which is long where it fails.
  expect(/content="default-src (&#39;|')none\1;/.test(page)).toBe(true);
  expect(page.includes("<script")).toBe(false);
  for (const words of ["Frame by frame", `${FRAMES} frames`, "Lowest pairs", "sha256"])
    expect(page.includes(words), words).toBe(true);
  expect(await readFile(at("report/judge-1.svg"), "utf8")).toContain("threshold");
});

test("an empty animation is none", async () => {
  await writeFile(at("empty.gif"), "");
  const read = async (): Promise<void> => {
    for await (const _ of readFrames(at("empty.gif")));
  };
  await expect(read()).rejects.toThrow(/empty\.gif: expected an animation, got 0 bytes/);
});

test("frames can be thinned out by number and by rate", async () => {
  const numbers = async (options: object): Promise<(number | undefined)[]> => {
    const seconds: (number | undefined)[] = [];
    for await (const frame of readFrames(at("clip.webp"), options)) seconds.push(frame.seconds);
    return seconds;
  };
  expect(await numbers({ every: 5 })).toEqual([0, 0.5, 1]);
  expect(await numbers({ fps: 2 })).toEqual([0, 0.5, 1]);
});

test("without ffmpeg a video says what is wanted; a file that is none says so with it", async () => {
  await writeFile(at("broken.mp4"), "no video");
  const read = async (): Promise<void> => {
    for await (const _ of readFrames(at("broken.mp4")));
  };
  vi.stubEnv("PATH", folder);
  await expect(read()).rejects.toThrow(
    /expected ffmpeg on the path, which decodes videos, got none; install it, or give a folder of frames/,
  );
  vi.unstubAllEnvs();
  if (hasFfmpeg) await expect(read()).rejects.toThrow(/expected a video that ffmpeg can read, got: /);
});

test.skipIf(!hasFfmpeg)(
  "ffmpeg's frames are those that were encoded, and a video that was cut off is told (needs ffmpeg)",
  async () => {
    execFileSync("ffmpeg", [
      ...["-v", "error", "-y", "-framerate", "10", "-i", at("frames/f%02d.png")],
      ...["-c:v", "mpeg4", "-q:v", "2", at("clip.mp4")],
    ]);
    const seen: number[] = [];
    for await (const { image, number } of readFrames(at("clip.mp4"))) {
      seen.push(number);
      expect([image.width, image.height]).toEqual([256, 256]);
      const { data } = await sharp(at(`frames/f${String(number).padStart(2, "0")}.png`))
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const off = data.reduce((sum, value, i) => sum + Math.abs(value - image.data[i]!), 0) / data.length;
      expect(off).toBeLessThan(8);
    }
    expect(seen).toEqual(Array.from({ length: FRAMES }, (_, n) => n));
    execFileSync("ffmpeg", [
      ...["-v", "error", "-y", "-framerate", "10", "-i", at("frames/f%02d.png")],
      ...["-c:v", "mpeg4", "-q:v", "2", at("whole.avi")],
    ]);
    const whole = await readFile(at("whole.avi"));
    await writeFile(at("cut.avi"), whole.subarray(0, Math.floor(whole.length * 0.6)));
    const told: string[] = [];
    let count = 0;
    for await (const _ of readFrames(at("cut.avi"), { onWarning: (sentence) => told.push(sentence) }))
      count++;
    expect(count).toBeLessThan(FRAMES);
    expect(told).toEqual([
      expect.stringMatching(/cut\.avi may lack frames or have damaged ones: ffmpeg says /),
    ]);
    for await (const _ of readFrames(at("clip.mp4"), { onWarning: (sentence) => told.push(sentence) }));
    expect(told).toHaveLength(1);
  },
);

test("each change by a rising amount lowers the cosine, and a morph goes from one person to the other", async () => {
  await using recognizer = await Recognizer.open({ store });
  const photographs = await samplePhotographs();
  const small = await sharp(photographs[3]!).rotate().resize(960).png().toBuffer();
  const { faces } = await recognizer.detect(small);
  const [a, b] = await Promise.all(
    faces.slice(0, 2).map(async ({ box }) => Buffer.from(await thumbnail(small, box, 200))),
  );
  const source = (await recognizer.faces(a!)).faces[0]!;
  const scoreOf = async (picture: Uint8Array): Promise<number> => {
    const [face] = (await recognizer.faces(picture)).faces;
    return face ? cosineOf(Float32Array.from(face.embedding), Float32Array.from(source.embedding)) : -1;
  };
  for (const name of ["jpeg", "blur", "noise", "downscale", "mask"]) {
    const change = CHANGES.find((each) => each.name === name)!;
    const some = [change.amounts[0]!, change.amounts[2]!, change.amounts.at(-1)!];
    const scores: number[] = [];
    for (const amount of some) scores.push(await scoreOf(await change.apply(a!, amount, source.box)));
    expect(
      [...scores].sort((x, y) => y - x),
      name,
    ).toEqual(scores);
    expect(scores[0], name).toBeGreaterThan(0.8);
  }
  const pixels = async (jpeg: Buffer): Promise<Pixels> => {
    const { data, info } = await sharp(jpeg).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  };
  const [from, to] = [await pixels(a!), await pixels(b!)];
  const other = (await recognizer.faces(b!)).faces[0]!;
  const curve: number[] = [];
  for (const share of [0, 0.3, 0.5, 0.7, 1]) {
    const { data, width, height } = morph(from, to, [source.landmarks, other.landmarks], share);
    curve.push(
      await scoreOf(
        await sharp(data, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer(),
      ),
    );
  }
  expect([...curve].sort((x, y) => y - x)).toEqual(curve);
  expect(curve[0]).toBeGreaterThan(0.98);
  const { threshold } = recognizer.calibration!;
  expect(curve[1]).toBeGreaterThan(threshold);
  expect(curve.at(-1)).toBeLessThan(threshold);
});

test("the same pictures under every protocol have other scores", async () => {
  const { out } = await arcfaceHere(
    [
      ...["identity", "--source", at("me.jpg"), "--result", at("frames/f00.png"), "--conventions"],
      ...["--model", "mobilefacenet-192", "--jobs", "1", "--json"],
    ],
    { ARCFACE_HOME: store.home },
  );
  const rows = (JSON.parse(out) as IdentityJson).conventions!;
  const meanOf = (protocol: string) => rows.find((row) => row.protocol === protocol)!.mean;
  expect(new Set(["default", "psp", "simswap", "simswap/training", "ghost"].map(meanOf)).size).toBe(5);
  // It differs by the order of colours alone, which the network's own contract decides here.
  expect(meanOf("ir-se-50/bgr")).toBe(meanOf("default"));
});
