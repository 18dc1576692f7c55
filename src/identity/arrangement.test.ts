import { expect, test } from "vitest";
import { alignFace, alignmentTemplate } from "../align/index.ts";
import { applyAffine, invertAffine, type Landmarks, type Point } from "../core/index.ts";
import { RgbImage, warpAffine } from "../image/index.ts";
import { frameToPicture } from "./arrangement.ts";
import { identityProtocol, identityProtocols, protocolDigest } from "./protocol.ts";

const face: Landmarks<"raster"> = [
  { x: 120, y: 160 },
  { x: 180, y: 158 },
  { x: 152, y: 196 },
  { x: 128, y: 226 },
  { x: 174, y: 224 },
];
const arrangementOf = (name: string) => identityProtocol(name).frame.arrangement;
const places = (name: string, side: number, landmarks = face): Point<"crop">[] => {
  const toFrame = invertAffine(frameToPicture(landmarks, arrangementOf(name), side));
  return landmarks.map((point) => applyAffine(toFrame, point));
};

test("the template's frame is the crop that every recognizer makes, to the pixel", () => {
  const image = new RgbImage(
    320,
    320,
    Uint8Array.from({ length: 320 * 320 * 3 }, (_, i) => (i * 7919) % 251),
  );
  const from = frameToPicture(face, arrangementOf("instantid"), 112);
  expect(warpAffine(image, from, 112, 112).data).toEqual(alignFace(image, face, 112).data);
});

test("FaceShifter's crop of its frame shows what the template's crop shows", () => {
  // Rows 19 to 237 of 256 with the template at 0.85: 218 pixels where 112 / 0.85 would be 217.6.
  const cropped = places("faceshifter", 256).map(({ x, y }) => ({
    x: ((x - 19) * 112) / 218,
    y: ((y - 19) * 112) / 218,
  }));
  for (const [i, { x, y }] of places("instantid", 112).entries())
    expect(Math.hypot(cropped[i]!.x - x, cropped[i]!.y - y)).toBeLessThan(0.5);
});

test("a frontal face takes the frontal one of five templates, one in profile another", () => {
  const frontal = places("ghost", 224);
  // The frontal template's eyes lie at 39.73 and 72.27 of 112.
  expect(frontal[0]!.x / 2).toBeCloseTo(39.73, -0.5);
  expect(frontal[1]!.x / 2).toBeCloseTo(72.27, -0.5);
  const profile: Landmarks<"raster"> = [
    { x: 103.8, y: 100.5 },
    { x: 115.7, y: 100.5 },
    { x: 72, y: 138.5 },
    { x: 102.8, y: 178.6 },
    { x: 114.5, y: 179.9 },
  ];
  const turned = places("ghost", 224, profile);
  expect(turned[0]!.x).toBeCloseTo(51.642 * 2 + 0.5, 0);
  expect(turned[2]!.x).toBeCloseTo(35.74 * 2 + 0.5, 0);
});

test("FFHQ's square stands on eyes and mouth as its formula has it", () => {
  // Upright: eyes 60 apart, the mouth 75 below them; half the side is 1.8 · 75 = 135, the middle 7.5 below the eyes.
  const upright: Landmarks<"raster"> = [
    { x: 100, y: 100 },
    { x: 160, y: 100 },
    { x: 130, y: 140 },
    { x: 105, y: 175 },
    { x: 155, y: 175 },
  ];
  const map = frameToPicture(upright, { kind: "ffhq" }, 256);
  expect(applyAffine(map, { x: 128, y: 128 })).toEqual({ x: 130, y: 107.5 });
  expect(applyAffine(map, { x: 0, y: 0 })).toEqual({ x: -5, y: -27.5 });
  expect(applyAffine(map, { x: 256, y: 0 }).x).toBe(265);
});

test("FFHQ's square turns with the head", () => {
  const upright = frameToPicture(face, { kind: "ffhq" }, 256);
  const turn = ({ x, y }: Point<"raster">): Point<"raster"> => ({ x: -y, y: x });
  const turned = face.map(turn) as unknown as Landmarks<"raster">;
  const map = frameToPicture(turned, { kind: "ffhq" }, 256);
  for (const corner of [
    { x: 0, y: 0 },
    { x: 256, y: 0 },
    { x: 30, y: 200 },
  ]) {
    const expected = turn(applyAffine(upright, corner));
    const { x, y } = applyAffine(map, corner);
    expect(x).toBeCloseTo(expected.x, 9);
    expect(y).toBeCloseTo(expected.y, 9);
  }
});

test("the protocols of the package are read, each once, the recommended one first", () => {
  const ids = identityProtocols().map(({ id }) => id);
  expect(ids[0]).toBe("default");
  expect(ids).toEqual(expect.arrayContaining(["psp", "e4e", "faceshifter", "simswap", "instantid", "ghost"]));
  expect(ids).toEqual(expect.arrayContaining(["ir-se-50/rgb", "ir-se-50/bgr"]));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, source, frame } of identityProtocols()) {
    if (id !== "default" && id !== "ir-se-50/bgr") expect(source.length, id).toBeGreaterThan(0);
    if (frame.sidePx !== null) expect(frame.sidePx % 16, id).toBe(0);
  }
});

test("a checksum stands for what is computed: e4e's is pSp's, the orders' differ, words change nothing", () => {
  const digest = (name: string): string => protocolDigest(identityProtocol(name));
  expect(digest("e4e")).toBe(digest("psp"));
  expect(digest("ir-se-50/rgb")).not.toBe(digest("ir-se-50/bgr"));
  expect(digest("simswap")).not.toBe(digest("simswap/training"));
  const { notes: _, ...psp } = identityProtocol("psp");
  expect(protocolDigest({ ...psp, notes: ["other words"], title: "another" })).toBe(digest("psp"));
  // Written down: whoever changes a protocol raises its revision, and this.
  expect(digest("default")).toMatch(/^8a90af44a7d2/);
  expect(digest("psp")).toMatch(/^ed85ce4d45bc/);
  expect(alignmentTemplate(112)[0]).toEqual({ x: 38.7946, y: 52.1963 });
});
