import { expect, test } from "vitest";
import { FaceError } from "../../core/index.ts";
import { NO_AUGMENTATION } from "./augment/index.ts";
import type { Pictures } from "./example-set.ts";
import { fillBatch } from "./fill-batch.ts";

/** Pictures of one pixel whose byte is their number; some cannot be read. */
const pictures = (...broken: readonly number[]): Pictures => ({
  shape: [1, 1, 1],
  async pixels(index) {
    if (broken.includes(index))
      throw new FaceError("BAD_IMAGE", {
        where: `set: picture ${index}`,
        expected: "a whole picture",
        got: "none",
      });
    return Uint8Array.of(index);
  },
  close() {},
});

const fill = async (set: Pictures, indices: readonly number[]) => {
  const images = new Float32Array(indices.length);
  const plan = { step: 3, indices: Uint32Array.from(indices), seed: 1, augmentation: NO_AUGMENTATION };
  const replaced = await fillBatch(set, plan, images);
  return { replaced, bytes: [...images].map((value) => Math.round(value * 127.5 + 127.5)) };
};

test("a picture that cannot be read is replaced by the next of its batch, around the end", async () => {
  expect(await fill(pictures(), [7, 8, 9])).toEqual({ replaced: [], bytes: [7, 8, 9] });
  const { replaced, bytes } = await fill(pictures(8, 9), [7, 8, 9]);
  expect(bytes).toEqual([7, 7, 7]);
  expect(replaced).toEqual([
    { slot: 1, by: 0, index: 8, message: "set: picture 8: expected a whole picture, got none" },
    { slot: 2, by: 0, index: 9, message: "set: picture 9: expected a whole picture, got none" },
  ]);
});

test("a batch of which no picture can be read ends the run with the first one's error", async () => {
  await expect(fill(pictures(7, 8), [7, 8])).rejects.toThrow(
    "set: picture 7: expected a whole picture, got none",
  );
});
