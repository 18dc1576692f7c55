import { expect, test } from "vitest";
import { RgbImage } from "../image/index.ts";
import { CenterFaceDetector } from "./centerface.ts";
import type { CenterFaceNet } from "./centerface-net.ts";
import type { LandmarkNet } from "./landmark-net.ts";
import type { OutputNet } from "./output-net.ts";

/** Five landmarks in a box of 100 px at (x, 0), each moved down by some pixels. */
const pointsAt = (x: number, down: number) =>
  [
    [30, 40],
    [70, 40],
    [50, 60],
    [35, 80],
    [65, 80],
  ].map(([u, v]) => ({ x: x + u!, y: v! + down }));

test("a face whose landmarks two networks put far apart keeps half its score, and comes after surer ones", async () => {
  const boxAt = (x: number) => ({ x, y: 0, width: 100, height: 100 });
  const seen = [
    { box: boxAt(0), score: 0.9, landmarks: pointsAt(0, 0) },
    { box: boxAt(200), score: 0.8, landmarks: pointsAt(200, 0) },
  ];
  const net = { candidates: async () => seen, close: async () => {} } as unknown as CenterFaceNet;
  const judge = { look: async () => seen.map((face) => ({ ...face, score: 1 })) } as unknown as OutputNet;
  // The first face's points lie 9 px lower, the second's 7: with boxes of 100 px the line is at 8.
  const points = {
    locate: async (_: RgbImage, { x }: { x: number }) => pointsAt(x, x === 0 ? 9 : 7),
  } as unknown as LandmarkNet;
  const detector = new CenterFaceDetector("centerface", net, judge, points);
  const faces = await detector.detect(new RgbImage(320, 320, new Uint8Array(3 * 320 * 320)));
  expect(faces.map(({ score, box }) => [score, box.x])).toEqual([
    [0.8, 200],
    [0.45, 0],
  ]);
  expect(faces[1]!.landmarks[0]!.y).toBeCloseTo(43, 10);
});
