/**
 * Detection of faces of known size: LFW faces pasted into grey noise, 60 of each kind, one a picture of 1280×960; small,
 * tilted, masked, dark, blurred, behind dark glasses, as a poor JPEG, and filling 95 % of the picture. Counts what is found
 * at the place and what is found elsewhere, and how far landmarks lie from where those of the untouched photograph go, in %
 * of the eye distance (median and 95th percentile).
 *
 * npm run bench detect [-- DETECTOR [--turned]]
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Box, FaceFinder, type Landmarks, ModelStore, type Point } from "arcface-ts";
import sharp, { type Sharp } from "sharp";
import { intersectionOverUnion, seeded } from "../src/core/index.ts";
import { DEFAULT_MODELS } from "../src/models/index.ts";
import { figure } from "./figures.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

const WIDTH = 1280;
const HEIGHT = 960;
/** A photograph with one face in it. */
interface Source {
  readonly path: string;
  readonly box: Box<"image">;
  readonly landmarks: Landmarks<"image">;
}

interface Kind {
  readonly name: string;
  readonly facePx: number;
  readonly tiltDeg: number;
  /** The change made to the photograph before it is pasted. */
  readonly change?: (photograph: Sharp, source: Source) => Sharp;
}

const over = (photograph: Sharp, shapes: string): Sharp =>
  photograph.composite([
    {
      input: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="250" height="250">${shapes}</svg>`),
    },
  ]);

/** A surgical mask over nose and mouth. */
function masked(photograph: Sharp, { landmarks: [left, right, nose, mouthLeft, mouthRight] }: Source): Sharp {
  const eye = Math.hypot(right.x - left.x, right.y - left.y);
  const points = [
    [left.x - 0.45 * eye, nose.y - 0.15 * eye],
    [nose.x, nose.y - 0.25 * eye],
    [right.x + 0.45 * eye, nose.y - 0.15 * eye],
    [mouthRight.x + 0.3 * eye, mouthRight.y + 0.5 * eye],
    [(mouthLeft.x + mouthRight.x) / 2, (mouthLeft.y + mouthRight.y) / 2 + 0.8 * eye],
    [mouthLeft.x - 0.3 * eye, mouthLeft.y + 0.5 * eye],
  ];
  return over(photograph, `<polygon points="${points.flat().join(" ")}" fill="#9ec3d6"/>`);
}

function behindGlasses(photograph: Sharp, { landmarks: [left, right] }: Source): Sharp {
  const eye = Math.hypot(right.x - left.x, right.y - left.y);
  const lens = ({ x, y }: Point<"image">): string =>
    `<ellipse cx="${x}" cy="${y}" rx="${0.36 * eye}" ry="${0.27 * eye}"/>`;
  return over(photograph, lens(left) + lens(right));
}

const KINDS: readonly Kind[] = [
  ...[24, 36, 48, 72].map((facePx) => ({ name: `${facePx} px`, facePx, tiltDeg: 0 })),
  { name: "72 px, tilted 30°", facePx: 72, tiltDeg: 30 },
  { name: "200 px, tilted 30°", facePx: 200, tiltDeg: 30 },
  { name: "95 % of the picture", facePx: 0.95 * HEIGHT, tiltDeg: 0 },
  { name: "60 px, tilted 60°", facePx: 60, tiltDeg: 60 },
  { name: "60 px, lying (90°)", facePx: 60, tiltDeg: 90 },
  { name: "60 px, upside down", facePx: 60, tiltDeg: 180 },
  { name: "60 px, masked", facePx: 60, tiltDeg: 0, change: masked },
  { name: "60 px, dark glasses", facePx: 60, tiltDeg: 0, change: behindGlasses },
  { name: "60 px, dark", facePx: 60, tiltDeg: 0, change: (photograph) => photograph.linear(0.22, 4) },
  { name: "60 px, blurred", facePx: 60, tiltDeg: 0, change: (photograph) => photograph.blur(3) },
  {
    name: "60 px, JPEG 20",
    facePx: 60,
    tiltDeg: 0,
    change: (photograph) => photograph.jpeg({ quality: 20 }),
  },
];

const detector = process.argv[2] ?? DEFAULT_MODELS.detector;
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const finder = await FaceFinder.open({ store, detector, turned: process.argv.includes("--turned") });
const images = join(sharedFolder(), "data", "lfw", "images");
const random = seeded(2026);
const photographs = random
  .shuffle(readdirSync(images))
  .map((person) => join(images, person, readdirSync(join(images, person))[0]!));

console.log(
  `${describeMachine()}\n${detector}, pictures of ${WIDTH}×${HEIGHT} with one face of the size and no other`,
);
for (const kind of KINDS) {
  let found = 0;
  let elsewhere = 0;
  const times: number[] = [];
  const errors: number[] = [];
  const sources = await facePhotographs(60);
  for (const source of sources) {
    const picture = await paste(source, kind);
    const start = performance.now();
    const { faces } = await finder.detect(picture.png);
    times.push(performance.now() - start);
    const hit = faces.filter(
      (face) => centreInside(face.box, picture.box) && intersectionOverUnion(face.box, picture.box) > 0.3,
    );
    if (hit.length > 0) found++;
    if (hit[0]) errors.push(landmarkError(hit[0].landmarks, picture.landmarks));
    elsewhere += faces.length - Math.min(1, hit.length);
  }
  const key = kind.name.replaceAll(" ", "-");
  figure(`${key}.found`, found / sources.length);
  figure(`${key}.false-boxes`, elsewhere / sources.length);
  figure(`${key}.ms`, median(times));
  console.log(
    `${kind.name.padEnd(20)} found ${found}/${sources.length}, ${(elsewhere / sources.length).toFixed(2)} false boxes a photograph, landmarks ${percent(errors, 0.5)} (${percent(errors, 0.95)}) %, ${median(times).toFixed(0)} ms`,
  );
}
await finder.close();

/** Photographs in which one face, and only one, is found, with its box. */
async function facePhotographs(count: number): Promise<Source[]> {
  const chosen: Source[] = [];
  for (const path of photographs) {
    if (chosen.length === count) break;
    const { faces } = await finder.detect(path);
    if (faces.length === 1) chosen.push({ path, box: faces[0]!.box, landmarks: faces[0]!.landmarks });
  }
  return chosen;
}

/** The photograph scaled so that its face has the width, turned about its middle, on noise at a random place. */
async function paste(
  source: Source,
  { facePx, tiltDeg, change = (photograph) => photograph }: Kind,
): Promise<{ png: Buffer; box: Box<"image">; landmarks: Point<"image">[] }> {
  const { path, box } = source;
  const scale = facePx / Math.max(box.width, box.height);
  const side = Math.round(250 * scale);
  // For a face that fills the picture the photograph is cut to what fits.
  const changed = await change(sharp(path), source).toBuffer();
  const turned = sharp(changed).resize(side, side).rotate(tiltDeg, { background: "#808080" });
  const { data, info } = await turned.png().toBuffer({ resolveWithObject: true });
  const centre = turn((box.x + box.width / 2 - 125) * scale, (box.y + box.height / 2 - 125) * scale, tiltDeg);
  const faceX = info.width / 2 + centre.x;
  const faceY = info.height / 2 + centre.y;
  const half = facePx / 2;
  const placeX = facePx > WIDTH / 2 ? WIDTH / 2 : half + random.next() * (WIDTH - facePx);
  const placeY = facePx > HEIGHT / 2 ? HEIGHT / 2 : half + random.next() * (HEIGHT - facePx);
  const left = Math.round(placeX - faceX);
  const top = Math.round(placeY - faceY);
  const cut = {
    left: Math.max(0, -left),
    top: Math.max(0, -top),
    width: Math.min(info.width, WIDTH - left) - Math.max(0, -left),
    height: Math.min(info.height, HEIGHT - top) - Math.max(0, -top),
  };
  const part = await sharp(data).extract(cut).toBuffer();
  const noise = Buffer.from(Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, () => 108 + random.below(40)));
  const png = await sharp(noise, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .composite([{ input: part, left: Math.max(0, left), top: Math.max(0, top) }])
    .png({ compressionLevel: 1 })
    .toBuffer();
  const landmarks = source.landmarks.map(({ x, y }): Point<"image"> => {
    const point = turn((x - 125) * scale, (y - 125) * scale, tiltDeg);
    return { x: left + info.width / 2 + point.x, y: top + info.height / 2 + point.y };
  });
  return {
    png,
    box: { x: left + faceX - half, y: top + faceY - half, width: facePx, height: facePx },
    landmarks,
  };
}

/** Mean distance of five landmarks, in eye distances. */
function landmarkError(found: readonly Point<"image">[], truth: readonly Point<"image">[]): number {
  const eye = Math.hypot(truth[1]!.x - truth[0]!.x, truth[1]!.y - truth[0]!.y);
  return found.reduce((sum, p, k) => sum + Math.hypot(p.x - truth[k]!.x, p.y - truth[k]!.y), 0) / 5 / eye;
}

function percent(values: readonly number[], part: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? "–" : (100 * sorted[Math.floor(part * (sorted.length - 1))]!).toFixed(1);
}

function turn(x: number, y: number, degrees: number): { x: number; y: number } {
  const angle = (degrees * Math.PI) / 180;
  return { x: x * Math.cos(angle) - y * Math.sin(angle), y: x * Math.sin(angle) + y * Math.cos(angle) };
}

function centreInside(inner: Box<"image">, outer: Box<"image">): boolean {
  const x = inner.x + inner.width / 2;
  const y = inner.y + inner.height / 2;
  return x > outer.x && x < outer.x + outer.width && y > outer.y && y < outer.y + outer.height;
}
