import { expect, test } from "vitest";
import { asAlignedFace } from "../align/index.ts";
import { cosine } from "../core/index.ts";
import { RgbImage } from "../image/index.ts";
import { ModelStore } from "../models/index.ts";
import { Recognizer } from "../recognise/index.ts";
import { IdentityMeter, identityScore, type RgbBatch } from "./identity-score.ts";

const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const SIDE = 112;
const bytes = Uint8Array.from({ length: 2 * 3 * SIDE * SIDE }, (_, i) => (i * 7919 + (i >> 5) * 31) % 256);
/** The same two pictures as bytes in rows of pixels, and as planes of floats in three ranges. */
const asBytes: RgbBatch = { data: bytes, dims: [2, SIDE, SIDE, 3], layout: "NHWC" };
const planes = (value: (byte: number) => number): Float32Array =>
  Float32Array.from({ length: bytes.length }, (_, at) => {
    const [n, rest] = [Math.floor(at / (3 * SIDE * SIDE)), at % (3 * SIDE * SIDE)];
    const [c, i] = [Math.floor(rest / (SIDE * SIDE)), rest % (SIDE * SIDE)];
    return value(bytes[n * 3 * SIDE * SIDE + 3 * i + c]!);
  });
const dims = [2, 3, SIDE, SIDE];

test("arrays of any layout and range give the vectors that aligned crops give", async () => {
  await using meter = await IdentityMeter.open({ store });
  await using recognizer = await Recognizer.open({ store });
  const crops = [0, 1].map((n) =>
    asAlignedFace(new RgbImage(SIDE, SIDE, bytes.slice(n * 3 * SIDE * SIDE, (n + 1) * 3 * SIDE * SIDE))),
  );
  const expected = await recognizer.embed(crops);
  for (const batch of [
    asBytes,
    { data: planes((byte) => byte / 255), dims, range: [0, 1] as const },
    { data: planes((byte) => byte / 127.5 - 1), dims, range: [-1, 1] as const },
    { data: planes((byte) => byte), dims, range: [0, 255] as const },
  ])
    for (const [i, vector] of (await meter.embed(batch)).entries())
      expect(cosine(vector, expected[i]!)).toBeGreaterThan(0.999999);
  const [own, other] = await meter.score(asBytes, asBytes);
  expect(own).toBeCloseTo(1, 5);
  expect(other).toBeCloseTo(1, 5);
  const first = { ...asBytes, data: bytes.slice(0, bytes.length / 2), dims: [1, SIDE, SIDE, 3] };
  const scores = await identityScore(asBytes, first, { store });
  expect(scores[0]).toBeCloseTo(1, 5);
  expect(scores[1]).toBeCloseTo(cosine(expected[1]!, expected[0]!), 4);
});

test("a batch of another shape, floats without a range and sources of another number are refused", async () => {
  await using meter = await IdentityMeter.open({ store });
  const floats = planes((byte) => byte / 255);
  await expect(meter.embed({ data: floats, dims })).rejects.toThrow(
    /expected the range of its values: \[0, 1\], \[-1, 1\] or \[0, 255\], got floats without one/,
  );
  await expect(meter.embed({ data: floats, dims: [2, 4, SIDE, SIDE], range: [0, 1] })).rejects.toThrow(
    /expected \[N, 3, H, W\], got \[2, 4, 112, 112\]/,
  );
  const three = { data: new Uint8Array(3 * 3 * SIDE * SIDE).fill(9), dims: [3, 3, SIDE, SIDE] };
  await expect(meter.score(three, { ...asBytes })).rejects.toThrow(/expected one source, or 3, got 2/);
});
