import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { seeded, toFloat16 } from "../../core/index.ts";
import { MadeFaces } from "../made-faces.ts";
import { findBytes, PART_BYTES, piecesOf } from "./find-bytes.ts";
import { piecesOfVector } from "./pieces.ts";

async function fileOf(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface-bytes-"));
  onTestFinished(async () => {
    await rm(folder, { recursive: true });
  });
  const path = join(folder, "file");
  await writeFile(path, bytes);
  return path;
}

function noise(length: number, seed: number): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length }, () => random.below(256));
}

const hitsIn = async (bytes: Uint8Array, pieces: readonly Uint8Array[]): Promise<number> =>
  (await findBytes([await fileOf(bytes)], pieces))[0]!.hits;

test("a value is found wherever it lies: first, last, and across two parts of a file", async () => {
  const value = noise(24, 1);
  const large = new Uint8Array(2 * PART_BYTES + 1000);
  for (const at of [0, 1, PART_BYTES - 23, PART_BYTES - 12, PART_BYTES - 1, PART_BYTES, large.length - 24]) {
    const bytes = large.slice();
    bytes.set(value, at);
    expect([at, await hitsIn(bytes, [value])]).toEqual([at, 1]);
  }
  expect(await hitsIn(large, [value])).toBe(0);
});

test("a part of a value that survived is found, and bytes that merely begin like it are not", async () => {
  const value = noise(2048, 2);
  const file = noise(100_000, 3);
  file.set(value.subarray(900, 1200), 5000);
  expect(await hitsIn(file, piecesOf(value))).toBeGreaterThan(0);
  const alike = value.slice(0, 24);
  alike[23]! ^= 1;
  const other = noise(1000, 4);
  other.set(alike, 100);
  expect(await hitsIn(other, piecesOf(value))).toBe(0);
});

test("a vector is found in single and in half precision, and twice where it is twice", async () => {
  const vector = Float32Array.from(new MadeFaces(1, 512).direction());
  const pieces = piecesOfVector(new MadeFaces(1, 512).direction());
  const [single, half] = [new Uint8Array(vector.buffer), new Uint8Array(toFloat16(vector).buffer)];
  const inSingle = await hitsIn(single, pieces);
  expect(inSingle).toBe(Math.floor((2048 - 24) / 192) + 1);
  expect(await hitsIn(half, pieces)).toBe(Math.floor((1024 - 24) / 192) + 1);
  expect(await hitsIn(Buffer.concat([single, noise(7, 1), single]), pieces)).toBe(2 * inSingle);
});

test("an empty file, and one shorter than what is searched for, hold nothing; one that is not there is left out", async () => {
  const value = noise(24, 5);
  expect(await hitsIn(new Uint8Array(0), [value])).toBe(0);
  expect(await hitsIn(value.subarray(0, 23), [value])).toBe(0);
  expect(await findBytes(["/nowhere/at/all"], [value])).toEqual([]);
});
