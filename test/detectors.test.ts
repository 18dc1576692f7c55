import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Detection, FaceFinder, ModelStore } from "arcface-ts";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { intersectionOverUnion } from "../src/core/index.ts";
import { RfbNet } from "../src/detect/index.ts";
import { openPicture, RgbImage } from "../src/image/index.ts";
import { decodeOnnx, encodeOnnx, Session, withAnySize } from "../src/onnx/index.ts";
import { openDetector } from "../src/recognise/open-models.ts";
import { samplePhotographs, sharedFolder, store } from "./pack.ts";

let photographs: Record<number, string>;

beforeAll(async () => {
  photographs = await samplePhotographs();
});

async function yunetStore(): Promise<ModelStore> {
  const own = new ModelStore({ home: await mkdtemp(join(tmpdir(), "arcface-home-")) });
  await own.add("yunet", join(sharedFolder!, "models", "yunet_n_dynamic.onnx"));
  return own;
}

const DETECTORS = [
  { id: "mtcnn-rfb", open: async () => store, absent: false },
  { id: "mtcnn", open: async () => store, absent: false },
  { id: "centerface", open: async () => store, absent: false },
  // Its file is not on the npm registry: the test takes it from the folder beside the repository.
  { id: "yunet", open: yunetStore, absent: sharedFolder === undefined },
];

/** The places of the three people of the first sample photograph, in pixels. */
const PEOPLE = [
  { x: 505, y: 476 },
  { x: 928, y: 540 },
  { x: 1579, y: 328 },
];

const holds = ({ box }: Detection<"image">, { x, y }: { x: number; y: number }): boolean =>
  x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;

for (const { id, open, absent } of DETECTORS) {
  describe(id, () => {
    let finder: FaceFinder;
    let turnedFinder: FaceFinder;
    /** The first sample photograph at half its size, and its people upright. */
    let upright: Buffer;
    let straight: Awaited<ReturnType<FaceFinder["align"]>>["faces"];
    beforeAll(async () => {
      if (absent) return;
      finder = await FaceFinder.open({ store: await open(), detector: id });
      turnedFinder = await FaceFinder.open({ store: await open(), detector: id, turned: true });
      upright = await sharp(photographs[1]!).resize(960).toBuffer();
      straight = (await turnedFinder.align(upright)).faces;
    });
    beforeEach(({ skip }) => {
      skip(absent, "its file is not on the npm registry: set ARCFACE_SHARED to the folder that has it");
    });
    afterAll(async () => {
      await finder?.close();
      await turnedFinder?.close();
    });

    test("finds each person of a photograph, eyes above mouth and left of right", async () => {
      const { faces } = await finder.detect(photographs[1]!);
      for (const person of PEOPLE) {
        const face = faces.find((found) => holds(found, person));
        expect(face, JSON.stringify(person)).toBeDefined();
        const [leftEye, rightEye, nose, leftMouth, rightMouth] = face!.landmarks;
        expect(leftEye.x).toBeLessThan(rightEye.x);
        expect(leftMouth.x).toBeLessThan(rightMouth.x);
        expect((leftEye.y + rightEye.y) / 2).toBeLessThan(nose.y);
        expect(nose.y).toBeLessThan((leftMouth.y + rightMouth.y) / 2);
      }
    });

    test("puts the landmarks of a box that is drawn about where it puts those of a face that it finds, or cannot be asked to", async () => {
      // The built package's store is the same class under another name.
      const own = (await open()) as unknown as Parameters<typeof openDetector>[0];
      const detector = await openDetector(own, id, {});
      try {
        expect(detector.locate !== undefined).toBe(id.startsWith("mtcnn"));
        if (!detector.locate) return;
        const image = await (await openPicture(upright)).whole(960);
        const faces = await detector.detect(image);
        expect(faces.length).toBeGreaterThanOrEqual(3);
        for (const { box, landmarks } of faces.slice(0, 3)) {
          const drawn = { ...box, x: box.x + 0.05 * box.width, width: 1.05 * box.width };
          const found = await detector.locate(image, drawn);
          const eyes = Math.hypot(landmarks[1].x - landmarks[0].x, landmarks[1].y - landmarks[0].y);
          // Of the distance between the eyes; a tenth is about what two detectors differ by.
          for (const [k, { x, y }] of found.landmarks.entries())
            expect(Math.hypot(x - landmarks[k]!.x, y - landmarks[k]!.y) / eyes).toBeLessThan(0.15);
        }
      } finally {
        await detector.close();
      }
    });

    test("finds a face that fills a big photograph once, whole", async () => {
      const big = await sharp(photographs[3]!)
        .extract({ left: 960, top: 100, width: 420, height: 520 })
        .resize(2520)
        .png()
        .toBuffer();
      const { faces } = await finder.detect(big);
      expect(faces.map(({ box }) => Math.round(box.width))).toHaveLength(1);
      expect(faces[0]!.box.width).toBeGreaterThan(700);
    });

    test("finds each small face of a wide panorama once, where it is", async () => {
      const person = await sharp(photographs[3]!)
        .extract({ left: 960, top: 100, width: 420, height: 520 })
        .resize(100)
        .png()
        .toBuffer();
      const lefts = [40, 1_860, 3_950, 7_777, 11_890];
      const panorama = await sharp({
        create: { width: 12_000, height: 500, channels: 3, background: { r: 90, g: 110, b: 130 } },
      })
        .composite(lefts.map((left) => ({ input: person, left, top: 180 })))
        .png()
        .toBuffer();
      await using small = await FaceFinder.open({ store: await open(), detector: id, minFacePx: 30 });
      const { faces } = await small.detect(panorama);
      const middles = faces.map(({ box }) => box.x + box.width / 2).sort((a, b) => a - b);
      expect(middles).toHaveLength(lefts.length);
      for (const [i, middle] of middles.entries()) expect(Math.abs(middle - lefts[i]! - 50)).toBeLessThan(15);
    });

    test.each([90, 180, 270])(
      "with `turned`, finds everybody in a photograph that lies turned by %i°",
      async (degrees) => {
        const turned = await sharp(upright).rotate(degrees).png().toBuffer();
        const { width, height, faces } = await turnedFinder.align(turned);
        expect([width, height]).toEqual(degrees === 180 ? [960, 640] : [640, 960]);
        for (const person of PEOPLE) {
          const [x, y] = [person.x / 2, person.y / 2];
          const at =
            degrees === 90
              ? { x: 640 - y, y: x }
              : degrees === 180
                ? { x: 960 - x, y: 640 - y }
                : { x: y, y: 960 - x };
          const face = faces.find((found) => holds(found, at));
          expect(face, JSON.stringify(person)).toBeDefined();
          // Cut out, it is the same upright picture.
          const same = straight.find((found) => holds(found, { x, y }))!;
          let difference = 0;
          for (const [i, value] of face!.crop.data.entries())
            difference += Math.abs(value - same.crop.data[i]!);
          expect(difference / face!.crop.data.length).toBeLessThan(12);
        }
      },
    );

    test("finds a face that fills the picture", async () => {
      const close = await sharp(photographs[1]!)
        .extract({ left: 400, top: 345, width: 210, height: 260 })
        .png()
        .toBuffer();
      const { faces } = await finder.detect(close);
      expect(faces.filter((face) => face.box.width > 130)).toHaveLength(1);
    });

    test("gives coordinates of the photograph when a very large one was reduced", async () => {
      const large = await sharp(photographs[1]!).resize(5760).jpeg().toBuffer();
      const { width, height, faces } = await finder.detect(large);
      expect([width, height]).toEqual([5760, 3840]);
      for (const person of PEOPLE) {
        expect(faces.some((face) => holds(face, { x: 3 * person.x, y: 3 * person.y }))).toBe(true);
      }
    });
  });
}

test("the single-shot network, opened for pictures of any size, decodes boxes as its own file does", async () => {
  const [width, height] = [320, 240];
  const file = await readFile((await store.pull("mtcnn-rfb")).get("fr_detect.onnx")!);
  const { data } = await sharp(photographs[1]!)
    .resize(width, height, { fit: "fill" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = new RgbImage(width, height, new Uint8Array(data));
  const planes = new Float32Array(3 * width * height);
  for (let p = 0; p < width * height; p++)
    for (let c = 0; c < 3; c++) planes[c * width * height + p] = (data[3 * p + c]! - 127) / 128;
  await using own = await Session.open(file);
  const { scores, boxes } = await own.run({ input: { dims: [1, 3, height, width], data: planes } });
  const opened = encodeOnnx(withAnySize(decodeOnnx(file), ["461", "462"]));
  const net = new RfbNet({
    session: await Session.open(opened),
    input: "input",
    logits: "461",
    offsets: "462",
  });
  const look = { box: { x: 0, y: 0, width, height }, scale: 1, counts: () => true };
  const found = await net.candidates(image, look, 0.5);
  await net.close();
  const wanted = Array.from({ length: 4420 }, (_, i) => i).filter((i) => scores!.data[2 * i + 1]! >= 0.5);
  expect(wanted.length).toBeGreaterThan(3);
  // The file's own picture is 240 rows high, this one's canvas 256: padding shifts values near the lower border a little.
  for (const i of wanted) {
    const [left, top, right, bottom] = [0, 1, 2, 3].map((k) => boxes!.data[4 * i + k]!) as [
      number,
      number,
      number,
      number,
    ];
    const box = {
      x: left * width,
      y: top * height,
      width: (right - left) * width,
      height: (bottom - top) * height,
    };
    const same = found.find((other) => intersectionOverUnion(other.box, box) > 0.85);
    expect(same, `anchor ${i}`).toBeDefined();
  }
});
