import { expect, test } from "vitest";
import { RgbImage } from "../image/index.ts";
import type { Feed, Session } from "../onnx/index.ts";
import { RfbNet } from "./rfb-net.ts";

/** A network over one 64 × 64 view that has an opinion about single anchors. */
function saying(anchors: ReadonlyMap<number, { logits: [number, number]; offsets: number[] }>): RfbNet {
  // Strides of 8, 16, 32 and 64 with three, two, two and three anchors a cell.
  const count = 64 * 3 + 16 * 2 + 4 * 2 + 3;
  const logits = new Float32Array(2 * count).map((_, i) => (i % 2 === 0 ? 9 : -9));
  const offsets = new Float32Array(4 * count);
  for (const [at, opinion] of anchors) {
    logits.set(opinion.logits, 2 * at);
    offsets.set(opinion.offsets, 4 * at);
  }
  const run = async ({ input }: Record<string, Feed>) => {
    expect(input!.dims).toEqual([1, 3, 64, 64]);
    return {
      logits: { dims: [1, count, 2], data: logits },
      offsets: { dims: [1, count, 4], data: offsets },
    };
  };
  return new RfbNet({
    session: { run } as unknown as Session,
    input: "input",
    logits: "logits",
    offsets: "offsets",
  });
}

const picture = new RgbImage(64, 64, new Uint8Array(64 * 64 * 3));
const whole = { box: { x: 0, y: 0, width: 64, height: 64 }, scale: 1, counts: () => true } as const;

test("an anchor's box is moved by tenths of its side and grows by the exponential of fifths", async () => {
  // Cell 3 of row 2 at stride 8, its second anchor, of 16 pixels.
  const at = (2 * 8 + 3) * 3 + 1;
  const net = saying(new Map([[at, { logits: [1, 3], offsets: [2.5, -5, 1, -1] }]]));
  const [{ box, score }, ...others] = (await net.candidates(picture, whole, 0.5)) as [
    { box: { x: number; y: number; width: number; height: number }; score: number },
  ];
  expect(others).toEqual([]);
  expect(score).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  const [width, height] = [16 * Math.exp(0.2), 16 * Math.exp(-0.2)];
  expect(box.width).toBeCloseTo(width, 5);
  expect(box.height).toBeCloseTo(height, 5);
  expect(box.x).toBeCloseTo(3.5 * 8 + 4 - width / 2, 5);
  expect(box.y).toBeCloseTo(2.5 * 8 - 8 - height / 2, 5);
});

test("the last anchor of the stride of 32 is its last cell's larger one", async () => {
  const net = saying(new Map([[64 * 3 + 16 * 2 + 7, { logits: [0, 4], offsets: [0, 0, 0, 0] }]]));
  const [found] = await net.candidates(picture, whole, 0.5);
  expect(found!.box.x).toBeCloseTo(48 - 48, 5);
  expect(found!.box.width).toBeCloseTo(96, 5);
});

test("what a look does not count is left out", async () => {
  const net = saying(new Map([[0, { logits: [0, 4], offsets: [0, 0, 0, 0] }]]));
  expect(await net.candidates(picture, { ...whole, counts: () => false }, 0.5)).toEqual([]);
});
