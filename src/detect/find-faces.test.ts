import { expect, test } from "vitest";
import { openPicture, type RgbImage } from "../image/index.ts";
import type { Detection, Detector } from "./detector.ts";
import { findFaces } from "./find-faces.ts";

const [WIDTH, HEIGHT] = [120, 80];

/** A face at the picture's middle: seen with one score as the picture is, with another once it was turned upside down. */
class MiddleFace implements Detector {
  readonly id = "middle";
  looks = 0;
  readonly #scores: readonly [number, number];

  constructor(upright: number, turned: number) {
    this.#scores = [upright, turned];
  }

  async detect(image: RgbImage): Promise<Detection<"raster">[]> {
    this.looks++;
    if (image.width !== WIDTH) return [];
    // The upper left pixel is white in the picture as it is.
    const score = this.#scores[image.data[0] === 255 ? 0 : 1];
    const at = (x: number, y: number) => ({ x: WIDTH / 2 + x, y: HEIGHT / 2 + y });
    const landmarks = [at(-8, -6), at(8, -6), at(0, 1), at(-6, 8), at(6, 8)];
    const box = { ...at(-20, -20), width: 40, height: 40 };
    return score > 0 ? [{ box, score, landmarks } as unknown as Detection<"raster">] : [];
  }

  async close(): Promise<void> {}
}

async function find(detector: Detector) {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  data.fill(255, 0, 3);
  const picture = await openPicture({ data, width: WIDTH, height: HEIGHT, channels: 3 });
  const { faces } = await findFaces(detector, picture);
  // The face's own left eye is above its mouth in an upright one, below in one that stands on its head.
  return faces.map(({ score, landmarks }) => ({ score, upright: landmarks[0]!.y < landmarks[3]!.y }));
}

test.each([
  ["sure, is taken and nothing else looked at", 0.95, 1, [{ score: 0.95, upright: true }], 1],
  ["doubtful, gives way to a sure one that is turned", 0.7, 1, [{ score: 1, upright: false }], 4],
  ["doubtful, stays where nothing surer is turned", 0.7, 0.8, [{ score: 0.7, upright: true }], 4],
  ["not there, leaves only a sure one that is turned", 0, 0.95, [{ score: 0.95, upright: false }], 4],
  ["not there, and nothing sure turned", 0, 0.8, [], 4],
])("an upright face that is %s", async (_, upright, turned, found, looks) => {
  const detector = new MiddleFace(upright, turned);
  expect(await find(detector)).toEqual(found);
  expect(detector.looks).toBe(looks);
});

test("a detector whose scores are lower says from which on it is sure", async () => {
  const detector = Object.assign(new MiddleFace(0.7, 0.8), { sure: 0.6 });
  expect(await find(detector)).toEqual([{ score: 0.7, upright: true }]);
  expect(detector.looks).toBe(1);
});
