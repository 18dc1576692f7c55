import { expect, test } from "vitest";
import { RgbImage } from "../image/index.ts";
import type { Feed, Session } from "../onnx/index.ts";
import { LandmarkNet } from "./landmark-net.ts";

/** A network that sees all of its 68 points at one place, in parts of the crop's side. */
function seeing(u: number, v: number): LandmarkNet {
  const run = async ({ input }: Record<string, Feed>) => {
    expect(input!.dims.slice(0, 2)).toEqual([1, 1]);
    return {
      points: { dims: [1, 136], data: Float32Array.from({ length: 136 }, (_, i) => (i % 2 === 0 ? u : v)) },
    };
  };
  return new LandmarkNet({ session: { run } as unknown as Session, input: "input", output: "points" });
}

const picture = new RgbImage(200, 200, new Uint8Array(200 * 200 * 3));
const box = { x: 50, y: 40, width: 60, height: 100 };

test("the middle of the crop is the middle of the box, however the face is turned", async () => {
  for (const roll of [0, 0.5, Math.PI])
    for (const { x, y } of await seeing(0.5, 0.5).locate(picture, box, roll)) {
      expect(x).toBeCloseTo(80, 5);
      expect(y).toBeCloseTo(90, 5);
    }
});

test("the crop is the square of the box's height, turned with the face", async () => {
  const upright = await seeing(1, 0).locate(picture, box, 0);
  expect(upright[0]!.x).toBeCloseTo(130, 4);
  expect(upright[0]!.y).toBeCloseTo(40, 4);
  const [quarter] = await seeing(1, 0.5).locate(picture, box, Math.PI / 2);
  expect(quarter!.x).toBeCloseTo(80, 4);
  expect(quarter!.y).toBeCloseTo(140, 4);
});
