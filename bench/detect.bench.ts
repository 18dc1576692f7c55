/**
 * Detection of faces whose place is known, all detectors on the same pictures: LFW faces pasted into grey noise, one a picture,
 * of several sizes, turned, masked, behind dark glasses or a hand, half hidden, dark, blurred, as a poor JPEG, and filling 95 %
 * of the picture. `--only` measures the rows that have one of some words in their names. Counts what is found at the place and what is found elsewhere, and how far landmarks lie from where those of
 * the untouched photograph go, in % of the eye distance (median and 95th percentile). Then boxes in pictures without a face.
 *
 * npm run bench detect [-- DETECTOR… --faces 60 --width 1280 --turned --without FOLDER --only WORDS]
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Box, FaceFinder, type Landmarks, listPhotographs, ModelStore, type Point } from "arcface-ts";
import { clopperPearson } from "arcface-ts/statistics";
import sharp, { type Sharp } from "sharp";
import { intersectionOverUnion, seeded } from "../src/core/index.ts";
import { DEFAULT_MODELS } from "../src/models/index.ts";
import { figure } from "./figures.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

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
  readonly change?: ((photograph: Sharp, source: Source) => Sharp | Promise<Sharp>) | undefined;
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

/** A hand before mouth and cheek: a palm with four fingers, in the colour of the face. */
async function coveredByHand(photograph: Sharp, source: Source): Promise<Sharp> {
  const [left, right, nose, mouthLeft, mouthRight] = source.landmarks;
  const eye = Math.hypot(right.x - left.x, right.y - left.y);
  const skin = await sharp(source.path)
    .extract({ left: Math.round(nose.x) - 4, top: Math.round(nose.y) - 8, width: 8, height: 8 })
    .resize(1, 1)
    .removeAlpha()
    .raw()
    .toBuffer();
  const fill = `rgb(${[...skin].map((value) => Math.round(0.9 * value)).join(",")})`;
  const [x, y] = [(mouthLeft.x + mouthRight.x) / 2, (mouthLeft.y + mouthRight.y) / 2];
  const fingers = [-0.45, -0.15, 0.15, 0.45].map(
    (at) =>
      `<rect x="${x + (at - 0.13) * eye}" y="${y - 0.75 * eye}" width="${0.26 * eye}" height="${eye}" rx="${0.13 * eye}" fill="${fill}" stroke="#5a3b2e" stroke-width="1"/>`,
  );
  const palm = `<ellipse cx="${x}" cy="${y + 0.55 * eye}" rx="${0.62 * eye}" ry="${0.6 * eye}" fill="${fill}"/>`;
  return over(photograph, fingers.join("") + palm);
}

/** The left half behind something grey. */
function halfHidden(photograph: Sharp, { landmarks: [left, right, nose], box }: Source): Sharp {
  const eye = Math.hypot(right.x - left.x, right.y - left.y);
  return over(
    photograph,
    `<rect x="0" y="${box.y - 0.3 * eye}" width="${nose.x - 0.1 * eye}" height="250" fill="#6b6f76"/>`,
  );
}

const kinds = (height: number): readonly Kind[] => [
  ...[24, 36, 48, 72, 120].map((facePx) => ({ name: `${facePx} px`, facePx, tiltDeg: 0 })),
  { name: "95 % of the picture", facePx: 0.95 * height, tiltDeg: 0 },
  ...[15, 30, 45, 60, 90, 135, 180].map((tiltDeg) => ({
    name: `60 px, turned by ${tiltDeg}°`,
    facePx: 60,
    tiltDeg,
  })),
  ...(
    [
      ["masked", masked],
      ["dark glasses", behindGlasses],
      ["a hand before the mouth", coveredByHand],
      ["half hidden", halfHidden],
      ["dark", (photograph) => photograph.linear(0.22, 4)],
      ["blurred", (photograph) => photograph.blur(3)],
      ["JPEG 20", (photograph) => photograph.jpeg({ quality: 20 })],
    ] satisfies readonly (readonly [string, Kind["change"]])[]
  ).map(([name, change]) => ({ name: `60 px, ${name}`, facePx: 60, tiltDeg: 0, change })),
];

const { values, positionals } = parseArgs({
  options: {
    faces: { type: "string", default: "60" },
    width: { type: "string", default: "1280" },
    without: { type: "string" },
    turned: { type: "boolean", default: false },
    only: { type: "string" },
  },
  allowPositionals: true,
});
const count = Number(values.faces);
const WIDTH = Number(values.width);
const HEIGHT = Math.round(0.75 * WIDTH);
const detectors = positionals.length > 0 ? positionals : ["mtcnn", DEFAULT_MODELS.detector, "centerface"];
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const finders = new Map<string, FaceFinder>();
for (const detector of detectors)
  finders.set(detector, await FaceFinder.open({ store, detector, turned: values.turned }));
const images = join(sharedFolder(), "data", "lfw", "images");
const random = seeded(2026);
const photographs = random
  .shuffle(readdirSync(images))
  .map((person) => join(images, person, readdirSync(join(images, person))[0]!));
const sources = await facePhotographs(count);

/** One detector's answers to the pictures of one kind. */
interface Tally {
  found: number;
  elsewhere: number;
  readonly errors: number[];
  seconds: number;
}

console.log(
  `${describeMachine()}\n${count} faces of each kind, one a picture of ${WIDTH}×${HEIGHT}; landmark errors in % of the eye distance, from the mean of ${detectors.join(", ")} on the untouched photographs\n` +
    `| | ${detectors.map((detector) => `${detector}: found, boxes elsewhere, landmarks median (95 %), processor time`).join(" | ")} |\n|---|${detectors.map(() => "---|").join("")}`,
);
const { only } = values;
for (const kind of kinds(HEIGHT)) {
  if (only !== undefined && !only.split(",").some((words) => kind.name.includes(words))) continue;
  const tallies = new Map(detectors.map((detector) => [detector, newTally()]));
  for (const source of sources) {
    const picture = await paste(source, kind);
    for (const [detector, finder] of finders) {
      const tally = tallies.get(detector)!;
      const faces = await timed(tally, finder, picture.png);
      const hit = faces.filter(
        (face) => centreInside(face.box, picture.box) && intersectionOverUnion(face.box, picture.box) > 0.3,
      );
      if (hit[0]) {
        tally.found++;
        tally.errors.push(landmarkError(hit[0].landmarks, picture.landmarks));
      }
      tally.elsewhere += faces.length - Math.min(1, hit.length);
    }
  }
  const key = kind.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  for (const [detector, { found, elsewhere, errors, seconds }] of tallies) {
    figure(`${key}.${detector}.found`, found);
    figure(`${key}.${detector}.elsewhere`, elsewhere);
    figure(`${key}.${detector}.landmarks`, Number(percent(errors, 0.5)));
    figure(`${key}.${detector}.landmarks-95`, Number(percent(errors, 0.95)));
    figure(`${key}.${detector}.ms`, Math.round((1000 * seconds) / count));
  }
  const cells = [...tallies.values()].map(
    ({ found, elsewhere, errors, seconds }) =>
      `${found}, ${elsewhere}, ${percent(errors, 0.5)} (${percent(errors, 0.95)}) %, ${Math.round((1000 * seconds) / count)} ms`,
  );
  console.log(`| ${kind.name} | ${cells.join(" | ")} |`);
}
figure("faces", count);
figure("width", WIDTH);
if (only === undefined) {
  const necks = await belowChins(Math.max(count, 200));
  await printWithout(`${necks.length} parts of LFW photographs below the chin`, necks);
}
if (values.without !== undefined) {
  const { paths } = await listPhotographs([values.without]);
  await printWithout(`${paths.length} photographs without a face`, paths);
}
for (const finder of finders.values()) await finder.close();

function newTally(): Tally {
  return { found: 0, elsewhere: 0, errors: [], seconds: 0 };
}

async function timed(tally: Tally, finder: FaceFinder, picture: Buffer | string) {
  const before = process.cpuUsage();
  const { faces } = await finder.detect(picture);
  const { user, system } = process.cpuUsage(before);
  tally.seconds += (user + system) / 1e6;
  return faces;
}

/** Boxes in pictures in which there is no face. */
async function printWithout(what: string, pictures: readonly (Buffer | string)[]): Promise<void> {
  const cells: string[] = [];
  const key = what.replace(/^\d+ /, "").split(" ")[0];
  figure(`${key}.pictures`, pictures.length);
  for (const [detector, finder] of finders) {
    const tally = newTally();
    for (const picture of pictures) tally.elsewhere += (await timed(tally, finder, picture)).length;
    const { low, high } = clopperPearson(Math.min(tally.elsewhere, pictures.length), pictures.length);
    figure(`${key}.${detector}.boxes`, tally.elsewhere);
    cells.push(
      `${tally.elsewhere} boxes, ${(tally.elsewhere / pictures.length).toFixed(4)} a picture [${low.toFixed(4)}, ${high.toFixed(4)}], ${Math.round((1000 * tally.seconds) / pictures.length)} ms`,
    );
  }
  console.log(`| ${what} | ${cells.join(" | ")} |`);
}

/** Shoulders, ties, hands and microphones: photographs of one face from below its box on. */
async function belowChins(most: number): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  const finder = finders.get(DEFAULT_MODELS.detector) ?? [...finders.values()][0]!;
  for (const path of photographs) {
    if (parts.length === most) break;
    const { faces } = await finder.detect(path);
    const [only] = faces;
    if (faces.length !== 1 || !only) continue;
    const top = Math.ceil(only.box.y + 1.05 * only.box.height);
    if (250 - top < 60) continue;
    parts.push(
      await sharp(path)
        .extract({ left: 0, top, width: 250, height: 250 - top })
        .png()
        .toBuffer(),
    );
  }
  return parts;
}

/** Photographs in which every detector finds one face and no other, at one place, with the mean of its landmarks. */
async function facePhotographs(most: number): Promise<Source[]> {
  const chosen: Source[] = [];
  for (const path of photographs) {
    if (chosen.length === most) break;
    const all = [];
    for (const finder of finders.values()) all.push((await finder.detect(path)).faces);
    const firsts = all.flatMap((faces) => (faces.length === 1 ? [faces[0]!] : []));
    const [first] = firsts;
    if (!first || firsts.length < finders.size) continue;
    if (firsts.some(({ box }) => intersectionOverUnion(box, first.box) < 0.4)) continue;
    const mean = first.landmarks.map((_, k) => ({
      x: firsts.reduce((sum, { landmarks }) => sum + landmarks[k]!.x, 0) / firsts.length,
      y: firsts.reduce((sum, { landmarks }) => sum + landmarks[k]!.y, 0) / firsts.length,
    }));
    chosen.push({ path, box: first.box, landmarks: mean as unknown as Landmarks<"image"> });
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
  const changed = await (await change(sharp(path), source)).toBuffer();
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
