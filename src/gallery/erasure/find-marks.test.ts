import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { asUnitVector, normalize, seeded, toFloat16 } from "../../core/index.ts";
import { MadeFaces } from "../made-faces.ts";
import { findMarks, PART_BYTES } from "./find-marks.ts";
import { Marks } from "./marks.ts";
import { type Piece, piecesOfCrop, piecesOfText, piecesOfVector } from "./pieces.ts";
import { searchFiles } from "./search-files.ts";

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

const pieceOf = (bytes: Uint8Array): Piece => ({ kind: "crop", bytes });

async function hitsIn(bytes: Uint8Array, pieces: readonly Piece[]): Promise<number> {
  const marks = Marks.parse(Marks.of(pieces).toString());
  const [file] = await findMarks([await fileOf(bytes)], marks);
  return [...file!.found.values()].reduce((sum, times) => sum + times, 0);
}

test("a value is found wherever it lies: first, last, and across two parts of a file", async () => {
  const value = noise(24, 1);
  const large = new Uint8Array(2 * PART_BYTES + 1000);
  for (const at of [0, 1, PART_BYTES - 23, PART_BYTES - 12, PART_BYTES - 1, PART_BYTES, large.length - 24]) {
    const bytes = large.slice();
    bytes.set(value, at);
    expect([at, await hitsIn(bytes, [pieceOf(value)])]).toEqual([at, 1]);
  }
  expect(await hitsIn(large, [pieceOf(value)])).toBe(0);
});

test("a part of a value that survived is found, and bytes that merely begin like it are not", async () => {
  const value = noise(2048, 2);
  const file = noise(100_000, 3);
  file.set(value.subarray(900, 1200), 5000);
  expect(await hitsIn(file, piecesOfCrop(value))).toBeGreaterThan(0);
  const alike = value.slice(0, 24);
  alike[23]! ^= 1;
  const other = noise(1000, 4);
  other.set(alike, 100);
  expect(await hitsIn(other, [pieceOf(value.slice(0, 24))])).toBe(0);
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

test("a text is found as it is and as JSON has it, and one as long as a path across two parts", async () => {
  const name = 'Zoë "Q" O\'Brien\\x';
  expect(await hitsIn(Buffer.from(JSON.stringify({ name })), piecesOfText(name))).toBe(1);
  expect(await hitsIn(Buffer.from(`…${name}…`), piecesOfText(name))).toBe(1);
  const path = "p/".repeat(1500);
  const file = new Uint8Array(PART_BYTES + 5000);
  file.set(Buffer.from(path), PART_BYTES - 100);
  expect(await hitsIn(file, piecesOfText(path))).toBe(1);
  expect(piecesOfText("Anna")).toEqual([]);
});

test("a vector of zeros and a one has no piece that every file holds", async () => {
  const axis = asUnitVector(Float32Array.from({ length: 512 }, (_, i) => (i === 100 ? 1 : 0)));
  expect(piecesOfVector(axis)).toEqual([]);
  const half = Float32Array.from(new MadeFaces(3, 512).direction());
  half.fill(0, 0, 400);
  const pieces = piecesOfVector(normalize(half));
  expect(pieces.length).toBeGreaterThan(2);
  expect(await hitsIn(new Uint8Array(1 << 20), pieces)).toBe(0);
});

test("what is written down of pieces does not hold them", () => {
  const value = noise(24, 6);
  const written = Marks.of([pieceOf(value), ...piecesOfText("Annabel Example")]).toString();
  expect(Buffer.from(written).includes("Annabel")).toBe(false);
  const digests = Buffer.concat(
    [...written.matchAll(/[A-Za-z0-9+/=]{22,}/g)].map(([text]) => Buffer.from(text, "base64")),
  );
  expect(digests.length).toBeGreaterThan(40);
  expect(digests.includes(Buffer.from(value.subarray(0, 4)))).toBe(false);
});

test("an empty file, and one shorter than what is searched for, hold nothing; one that is not there is left out", async () => {
  const value = noise(24, 5);
  expect(await hitsIn(new Uint8Array(0), [pieceOf(value)])).toBe(0);
  expect(await hitsIn(value.subarray(0, 23), [pieceOf(value)])).toBe(0);
  expect(await findMarks(["/nowhere/at/all"], Marks.of([pieceOf(value)]))).toEqual([]);
});

test("another process finds the same, and says why when it cannot", async () => {
  const value = noise(24, 7);
  const path = await fileOf(Buffer.concat([noise(500, 8), value, value]));
  const marks = Marks.of([pieceOf(noise(24, 9)), pieceOf(value)]);
  expect(await searchFiles([path, "/nowhere"], marks)).toEqual([
    { path, bytes: 548, found: new Map([[1, 2]]) },
  ]);
  await expect(searchFiles([`${path}/below`], marks)).rejects.toMatchObject({
    code: "STORAGE",
    message: expect.stringContaining("ENOTDIR"),
  });
});
