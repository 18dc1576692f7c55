import { expect, test } from "vitest";
import { applyAffine, type Landmarks } from "../core/index.ts";
import { RgbImage } from "../image/index.ts";
import { ALIGNMENT_VERSION, alignFace, asAlignedFace, CROP_VERSION, cropToPicture } from "./align-face.ts";
import normCrop from "./fixtures/norm-crop.json" with { type: "json" };
import { fitSimilarity } from "./similarity.ts";
import { alignmentTemplate } from "./template.ts";

test("a rotation, scale and shift that made the points is found again", () => {
  const [cos, sin] = [1.7 * Math.cos(0.6), 1.7 * Math.sin(0.6)];
  const truth = { a: cos, b: -sin, c: 12, d: sin, e: cos, f: -5 };
  const points = alignmentTemplate(112);
  const fitted = fitSimilarity(
    points,
    points.map((p) => applyAffine<"crop", "raster">(truth, p)),
  );
  for (const key of ["a", "b", "c", "d", "e", "f"] as const) expect(fitted[key]).toBeCloseTo(truth[key], 9);
});

test("the fit is the best one: no small change of it brings the points closer", () => {
  const from = alignmentTemplate(112);
  const to = [
    { x: 30, y: 41 },
    { x: 70, y: 38 },
    { x: 52, y: 60 },
    { x: 35, y: 85 },
    { x: 66, y: 80 },
  ];
  const error = (a: number, b: number, c: number, f: number): number =>
    from.reduce(
      (sum, p, i) => sum + (a * p.x - b * p.y + c - to[i]!.x) ** 2 + (b * p.x + a * p.y + f - to[i]!.y) ** 2,
      0,
    );
  const fit = fitSimilarity<"crop", "raster">(from, to);
  const least = error(fit.a, fit.d, fit.c, fit.f);
  for (const step of [-1e-3, 1e-3]) {
    expect(error(fit.a + step, fit.d, fit.c, fit.f)).toBeGreaterThan(least);
    expect(error(fit.a, fit.d + step, fit.c, fit.f)).toBeGreaterThan(least);
    expect(error(fit.a, fit.d, fit.c + step, fit.f)).toBeGreaterThan(least);
    expect(error(fit.a, fit.d, fit.c, fit.f + step)).toBeGreaterThan(least);
  }
});

test("mirrored landmarks are not mirrored back: a similarity has no reflection", () => {
  const from = alignmentTemplate(112);
  const fit = fitSimilarity<"crop", "raster">(
    from,
    from.map((p) => ({ x: 112 - p.x, y: p.y })),
  );
  expect(fit.a * fit.e - fit.b * fit.d).toBeGreaterThan(0);
});

test("points without extent are refused", () => {
  const same = Array.from({ length: 5 }, () => ({ x: 3, y: 3 }));
  expect(() => fitSimilarity(same, alignmentTemplate(112))).toThrow(
    expect.objectContaining({ code: "SHAPE" }),
  );
});

test("the template is the published one, half a pixel in because pixel centres lie at 0.5", () => {
  const [eye, , nose] = alignmentTemplate(112);
  expect([eye.x, eye.y]).toEqual([38.7946, 52.1963]);
  expect([nose.x, nose.y]).toEqual([56.5252, 72.2366]);
  // InsightFace scales its figures, which count whole pixels: the half pixel comes after.
  expect(alignmentTemplate(224)[0].x).toBeCloseTo(2 * 38.2946 + 0.5, 9);
  expect(alignmentTemplate(128)[0].x).toBeCloseTo(46.7946, 9);
  expect(() => alignmentTemplate(96)).toThrow(expect.objectContaining({ code: "BAD_CONTRACT" }));
});

test.each(normCrop.faces)(
  "corners of a crop of $size px of a head turned by $yaw° lie where norm_crop has them",
  ({ size, landmarks, corners }) => {
    // Their pixel centres lie at whole numbers, ours at halves.
    const points = landmarks.map(([x, y]) => ({ x: x! + 0.5, y: y! + 0.5 }));
    const toRaster = cropToPicture(points as unknown as Landmarks<"raster">, size);
    const [first, last] = [0.5, size - 0.5];
    const ours = [
      { x: first, y: first },
      { x: last, y: first },
      { x: first, y: last },
      { x: last, y: last },
    ].map((corner) => applyAffine<"crop", "raster">(toRaster, corner));
    for (const [i, [x, y]] of corners.entries())
      expect(Math.hypot(ours[i]!.x - 0.5 - x!, ours[i]!.y - 0.5 - y!)).toBeLessThan(1e-3);
  },
);

test("after alignment a mark at a landmark lies at the template's place", () => {
  const data = new Uint8Array(400 * 300 * 3);
  const landmarks = alignmentTemplate(112).map((p) => ({
    x: 150 + 1.2 * p.x - 0.4 * p.y,
    y: 60 + 0.4 * p.x + 1.2 * p.y,
  }));
  const nose = landmarks[2]!;
  for (let y = 0; y < 300; y++)
    for (let x = 0; x < 400; x++)
      data[(y * 400 + x) * 3] = 255 * Math.exp(-((x + 0.5 - nose.x) ** 2 + (y + 0.5 - nose.y) ** 2) / 20);
  const crop = alignFace(new RgbImage(400, 300, data), landmarks as unknown as Landmarks<"raster">);
  const template = alignmentTemplate(112)[2];
  let [mass, x, y] = [0, 0, 0];
  for (let p = 0; p < 112 * 112; p++) {
    mass += crop.data[3 * p]!;
    x += crop.data[3 * p]! * ((p % 112) + 0.5);
    y += crop.data[3 * p]! * (Math.floor(p / 112) + 0.5);
  }
  expect(x / mass).toBeCloseTo(template.x, 1);
  expect(y / mass).toBeCloseTo(template.y, 1);
});

test("the versions of the alignment and of the crop belong to these numbers: whoever changes these raises those", () => {
  const landmarks = [
    { x: 120, y: 160 },
    { x: 180, y: 158 },
    { x: 152, y: 196 },
    { x: 128, y: 226 },
    { x: 176, y: 224 },
  ] as unknown as Landmarks<"raster">;
  const picture = new RgbImage(
    300,
    300,
    Uint8Array.from({ length: 3 * 300 * 300 }, (_, i) => ((i % 3) * 60 + i / 900 + (i % 900) / 7) % 256),
  );
  const crop = alignFace(picture, landmarks);
  const row = [...crop.data.subarray(3 * 112 * 50, 3 * 112 * 50 + 9)];
  const place = Object.values(cropToPicture(landmarks, 112)).map((value) => Number(value.toFixed(6)));
  expect({ alignment: ALIGNMENT_VERSION, place, crop: CROP_VERSION, row }).toMatchInlineSnapshot(`
    {
      "alignment": 2,
      "crop": 4,
      "place": [
        1.648521,
        0.044884,
        54.765794,
        -0.044884,
        1.648521,
        75.982957,
      ],
      "row": [
        183,
        243,
        47,
        184,
        244,
        48,
        184,
        245,
        49,
      ],
    }
  `);
});

test("only square crops of a size with a template pass for aligned", () => {
  expect(() => asAlignedFace(new RgbImage(112, 96, new Uint8Array(112 * 96 * 3)))).toThrow(
    "expected a square crop",
  );
  expect(asAlignedFace(new RgbImage(112, 112, new Uint8Array(112 * 112 * 3))).width).toBe(112);
});
