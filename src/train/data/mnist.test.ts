import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelStore } from "../../models/index.ts";
import { loadMnist, readDigits, selectDigits } from "./mnist.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-mnist-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const be = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];
const imagesFile = (count: number, side = 28): Uint8Array =>
  Uint8Array.from([
    ...be(0x803),
    ...be(count),
    ...be(side),
    ...be(side),
    ...Array.from({ length: count * side * side }, (_, i) => i % 251),
  ]);
const labelsFile = (...labels: number[]): Uint8Array =>
  Uint8Array.from([...be(0x801), ...be(labels.length), ...labels]);

async function digits(images: Uint8Array, labels: Uint8Array) {
  const [imagesPath, labelsPath] = [join(folder, "images"), join(folder, "labels")];
  await writeFile(imagesPath, images);
  await writeFile(labelsPath, labels);
  return await readDigits(imagesPath, labelsPath);
}

describe("digits", () => {
  test("come with their labels, byte for byte", async () => {
    const two = await digits(imagesFile(2), labelsFile(7, 3));
    expect(two.count).toBe(2);
    expect([...two.labels]).toEqual([7, 3]);
    expect(two.images[784 + 5]).toBe((784 + 5) % 251);
    const second = selectDigits(two, [1]);
    expect([...second.labels]).toEqual([3]);
    expect([...second.images]).toEqual([...two.images.subarray(784)]);
  });

  test.each([
    ["an empty file", new Uint8Array(0), labelsFile(1), /header of 16 bytes, got 0/],
    [
      "another kind of file",
      labelsFile(...new Array<number>(20).fill(1)),
      labelsFile(1),
      /magic number 0x00000803/,
    ],
    ["pictures of another size", imagesFile(1, 27), labelsFile(1), /28×28, got 27×27/],
    [
      "a file cut off",
      imagesFile(2).subarray(0, -1),
      labelsFile(1, 2),
      /1568 bytes after the header, got 1567/,
    ],
    [
      "a header that promises four billion",
      Uint8Array.from([...be(0x803), ...be(2 ** 32 - 1), ...be(28), ...be(28)]),
      labelsFile(1),
      /got 0/,
    ],
    ["fewer labels than pictures", imagesFile(2), labelsFile(1), /expected 2 labels/],
    ["a label beyond 9", imagesFile(2), labelsFile(1, 10), /got 10 at 1/],
  ])("%s is refused", async (_, images, labels, message) => {
    await expect(digits(images, labels)).rejects.toThrow(message);
    await expect(digits(images, labels)).rejects.toMatchObject({ code: "BAD_FILE" });
  });
});

test("MNIST holds 60,000 and 10,000 digits, and the first are 5, 0, 4 and 7, 2, 1", async () => {
  const { train, test: held } = await loadMnist(new ModelStore({ home: process.env["ARCFACE_HOME"] }));
  expect([train.count, held.count]).toEqual([60_000, 10_000]);
  expect([...train.labels.subarray(0, 3)]).toEqual([5, 0, 4]);
  expect([...held.labels.subarray(0, 3)]).toEqual([7, 2, 1]);
  // The mean and deviation that every MNIST recipe normalises by: 0.1307 and 0.3081 of 255.
  let sum = 0;
  let squares = 0;
  for (const value of train.images) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / train.images.length;
  expect(mean / 255).toBeCloseTo(0.1307, 4);
  expect(Math.sqrt(squares / train.images.length - mean * mean) / 255).toBeCloseTo(0.3081, 4);
});
