import { expect, test } from "vitest";
import type { Box, Landmarks } from "../core/index.ts";
import { openPicture } from "../image/index.ts";
import type { Detection, DetectOptions, Detector } from "./detector.ts";
import { faceInBox } from "./face-in-box.ts";

const PICTURE = { width: 1600, height: 1200, data: new Uint8Array(3 * 1600 * 1200) };

/** A face with its landmarks in the middle. */
function faceAt(box: Box<"raster">, score = 1): Detection<"raster"> {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  return { box, score, landmarks: Array.from({ length: 5 }, () => middle) as unknown as Landmarks<"raster"> };
}

/** A detector that finds faces of the whole picture, others in a part of it, and puts landmarks into a box. */
class MadeDetector implements Detector {
  readonly id = "made";
  readonly asked: (DetectOptions | undefined)[] = [];
  readonly #whole: readonly Detection<"raster">[];
  readonly #part: readonly Detection<"raster">[];
  locate?: (image: unknown, box: Box<"raster">) => Promise<Detection<"raster">>;

  constructor(whole: readonly Box<"raster">[], part: readonly Box<"raster">[] = [], locates = true) {
    this.#whole = whole.map((box) => faceAt(box));
    this.#part = part.map((box) => faceAt(box));
    if (locates) this.locate = (_, box) => Promise.resolve(faceAt(box, 0.2));
  }

  detect({ width }: { readonly width: number }, options?: DetectOptions): Promise<Detection<"raster">[]> {
    this.asked.push(options);
    return Promise.resolve([...(width === PICTURE.width ? this.#whole : this.#part)]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const found = async (detector: Detector, box: Box<"image">) =>
  (await faceInBox(detector, await openPicture(PICTURE), box)).faces;

test("of the faces that are found the one counts that the box is drawn around, not one beside it or a larger one", async () => {
  const detector = new MadeDetector([
    { x: 100, y: 100, width: 200, height: 240 },
    { x: 400, y: 100, width: 200, height: 240 },
  ]);
  const faces = await found(detector, { x: 380, y: 80, width: 260, height: 300 });
  expect(faces.map(({ box }) => box)).toEqual([{ x: 400, y: 100, width: 200, height: 240 }]);
});

test("where none was found, the surroundings are looked at for smaller faces, and theirs are the photograph's pixels", async () => {
  // 400 wide: halved once, from 400 pixels to the left and above on.
  const detector = new MadeDetector([], [{ x: 190, y: 210, width: 190, height: 200 }]);
  const faces = await found(detector, { x: 800, y: 600, width: 400, height: 400 });
  expect(faces).toMatchObject([{ box: { x: 400 + 380, y: 200 + 420, width: 380, height: 400 }, score: 1 }]);
  expect(detector.asked.at(-1)?.minFacePx).toBeLessThanOrEqual(160);
});

test("else the landmarks are those of the box, whatever it shows, with the score that says so", async () => {
  const faces = await found(new MadeDetector([]), { x: 800, y: 600, width: 100, height: 120 });
  expect(faces).toMatchObject([{ box: { x: 800, y: 600, width: 100, height: 120 }, score: 0.2 }]);
  expect(faces[0]!.landmarks[0]).toEqual({ x: 850, y: 660 });
});

test("a detector that cannot be told where to look says so, and a box beside the photograph is refused", async () => {
  await expect(
    found(new MadeDetector([], [], false), { x: 800, y: 600, width: 100, height: 120 }),
  ).rejects.toThrow(
    "made: expected a detector that finds landmarks in a given box, got one that only finds faces by itself, and finds none there",
  );
  await expect(found(new MadeDetector([]), { x: 1598, y: 600, width: 100, height: 120 })).rejects.toThrow(
    "box: expected at least 8 × 8 pixels of the photograph's 1600 × 1200, got fewer, or none",
  );
});
