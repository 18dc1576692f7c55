import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { misfitOf, readCalibration } from "./calibration.ts";
import { BUILT_IN_CARDS, DEFAULT_MODELS } from "./cards.ts";
import { networkOfCard } from "./network-of-card.ts";
import { detectorDigest, type Pipeline } from "./pipeline.ts";
import { ModelStore } from "./store.ts";

const FOLDER = new URL("../../calibrations/", import.meta.url);
const files = readdirSync(FOLDER).sort();

test("the default model has a calibration with and without flip", () => {
  expect(files).toContain(`${DEFAULT_MODELS.embedder}.json`);
  expect(files).toContain(`${DEFAULT_MODELS.embedder}.flip.json`);
});

test.each(files)(
  "%s is for the card of its name as the card is today, and says what it was measured on",
  async (file) => {
    const calibration = await readCalibration(new URL(file, FOLDER).pathname);
    const [id, flip] = [file.replace(/(\.flip)?\.json$/, ""), file.includes(".flip.")];
    const card = BUILT_IN_CARDS.find((own) => own.id === id);
    if (!card) throw new Error(`${id} is no card`);
    const detector = BUILT_IN_CARDS.find((own) => own.id === DEFAULT_MODELS.detector)!;
    const used: Pipeline = {
      ...networkOfCard(new ModelStore(), card),
      alignment: { template: "arcface-5-point", version: 2, crop: 4 },
      detector: {
        id: detector.id,
        sha256: detectorDigest(detector.files),
        minFacePx: null,
        maxSidePx: null,
        turned: false,
      },
      flip,
    };
    expect(misfitOf(calibration, used)).toBeUndefined();
    const { threshold, thresholdInterval, falseMatches, data, target, curve } = calibration;
    expect(data).toMatchObject({
      impostorPairs: 29_640_622,
      leftOut: 12,
      pictures: 7701,
      people: 4281,
      weighing: "people",
    });
    expect(data.protocol).toBe("all pairs of 7,701 pictures of LFW");
    expect(target).toEqual({ fmr: 0.001, kept: "upper-bound" });
    expect(calibration.fmr.high).toBeLessThanOrEqual(target.fmr);
    expect(falseMatches / data.impostorPairs).toBeLessThan(2 * target.fmr);
    expect(threshold).toBeGreaterThan(thresholdInterval[0]);
    expect(threshold).toBe(thresholdInterval[1]);
    // Among look-alikes false matches are more frequent, the nearer the more.
    const [tenth, hundredth] = calibration.lookAlikes!;
    expect([tenth!.nearest, hundredth!.nearest]).toEqual([0.1, 0.01]);
    for (const [i, { cosine, fmr }] of curve.entries()) {
      if (cosine < 0.2 || tenth!.curve[i]!.fmr < 1e-3) continue;
      expect(tenth!.curve[i]!.fmr).toBeGreaterThan(fmr);
      expect(hundredth!.curve[i]!.fmr).toBeGreaterThan(tenth!.curve[i]!.fmr);
    }
    expect(calibration.severalFaces!.exponent).toBeGreaterThan(0.3);
    expect(calibration.severalFaces!.exponent).toBeLessThan(0.95);
    for (const [i, { fmr, fnmr, fmrInterval, fnmrInterval }] of curve.entries()) {
      expect(fmr).toBeGreaterThanOrEqual(fmrInterval[0]);
      expect(fmr).toBeLessThanOrEqual(fmrInterval[1]);
      expect(fnmr).toBeGreaterThanOrEqual(fnmrInterval[0]);
      expect(fnmr).toBeLessThanOrEqual(fnmrInterval[1]);
      if (i > 0) expect(fmr).toBeLessThanOrEqual(curve[i - 1]!.fmr);
      if (i > 0) expect(fnmr).toBeGreaterThanOrEqual(curve[i - 1]!.fnmr);
    }
  },
);
