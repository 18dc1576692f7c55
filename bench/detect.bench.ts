/**
 * Detection of faces of known size: LFW faces pasted into grey noise, 60 of each kind, one a picture of 1280×960;
 * small, tilted, and filling 95 % of the picture. Counts what is found at the place and what is found elsewhere.
 *
 * npm run bench detect [-- DETECTOR]
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Box, FaceFinder, ModelStore } from "arcface-ts";
import sharp from "sharp";
import { intersectionOverUnion, seeded } from "../src/core/index.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

const WIDTH = 1280;
const HEIGHT = 960;
const KINDS: readonly { readonly name: string; readonly facePx: number; readonly tiltDeg: number }[] = [
  ...[24, 36, 48, 72].map((facePx) => ({ name: `${facePx} px`, facePx, tiltDeg: 0 })),
  { name: "72 px, tilted 30°", facePx: 72, tiltDeg: 30 },
  { name: "200 px, tilted 30°", facePx: 200, tiltDeg: 30 },
  { name: "95 % of the picture", facePx: 0.95 * HEIGHT, tiltDeg: 0 },
];

const detector = process.argv[2] ?? "mtcnn";
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const finder = await FaceFinder.open({ store, detector });
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
  const sources = await facePhotographs(60);
  for (const { path, box } of sources) {
    const picture = await paste(path, box, kind.facePx, kind.tiltDeg);
    const start = performance.now();
    const { faces } = await finder.detect(picture.png);
    times.push(performance.now() - start);
    const hit = faces.filter(
      (face) => centreInside(face.box, picture.box) && intersectionOverUnion(face.box, picture.box) > 0.3,
    );
    if (hit.length > 0) found++;
    elsewhere += faces.length - Math.min(1, hit.length);
  }
  console.log(
    `${kind.name.padEnd(20)} found ${found}/${sources.length}, ${(elsewhere / sources.length).toFixed(2)} false boxes a photograph, ${median(times).toFixed(0)} ms`,
  );
}
await finder.close();

/** Photographs in which one face, and only one, is found, with its box. */
async function facePhotographs(count: number): Promise<{ path: string; box: Box<"image"> }[]> {
  const chosen: { path: string; box: Box<"image"> }[] = [];
  for (const path of photographs) {
    if (chosen.length === count) break;
    const { faces } = await finder.detect(path);
    if (faces.length === 1) chosen.push({ path, box: faces[0]!.box });
  }
  return chosen;
}

/** The photograph scaled so that its face has the width, turned about its middle, on noise at a random place. */
async function paste(
  path: string,
  box: Box<"image">,
  facePx: number,
  tiltDeg: number,
): Promise<{ png: Buffer; box: Box<"image"> }> {
  const scale = facePx / Math.max(box.width, box.height);
  const side = Math.round(250 * scale);
  // For a face that fills the picture the photograph is cut to what fits.
  const turned = sharp(path).resize(side, side).rotate(tiltDeg, { background: "#808080" });
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
  return { png, box: { x: left + faceX - half, y: top + faceY - half, width: facePx, height: facePx } };
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
