import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { vi } from "vitest";
import { FaceError, normalize } from "../../src/core/index.ts";
import type { Calibration, Pipeline } from "../../src/models/index.ts";
import {
  type Face,
  FaceFinder,
  type Photograph,
  Recognizer,
  RecognizerPool,
} from "../../src/recognise/index.ts";
import { judge } from "../../src/verdict/index.ts";

/** The pipeline that is said to make the made-up network's vectors. */
export const PIPELINE: Pipeline = {
  model: { id: "made-up.onnx", sha256: "0".repeat(64), output: "y", dimension: 4 },
  feed: { layout: "NCHW", sizePx: 112, channels: "RGB", mean: [0, 0, 0], scale: [1, 1, 1] },
  alignment: { template: "arcface-5-point", version: 1, crop: 1 },
  detector: {
    id: "made-up detector",
    sha256: "1".repeat(64),
    minFacePx: null,
    maxSidePx: null,
    turned: false,
  },
  flip: false,
};

/** The meaning that its scores are said to have: the threshold is the cosine of about 41°. */
export const CALIBRATION: Calibration = {
  magic: "arcface-calibration",
  version: 3,
  pipeline: PIPELINE,
  data: {
    protocol: "made-up pairs",
    sha256: "2".repeat(64),
    pictures: 400,
    people: 100,
    genuinePairs: 600,
    impostorPairs: 79_200,
    failures: 0,
    weighing: "people",
  },
  intervals: { confidence: 0.95, method: "made up" },
  target: { fmr: 0.001, kept: "upper-bound" },
  threshold: 0.75,
  thresholdInterval: [0.7, 0.8],
  fmr: { rate: 0.0005, low: 0.0002, high: 0.001 },
  fnmr: { rate: 0.04, low: 0.02, high: 0.07 },
  falseMatches: 40,
  falseNonMatches: 24,
  curve: [
    { cosine: -1, fmr: 1, fmrInterval: [1, 1], fnmr: 0, fnmrInterval: [0, 0.01] },
    { cosine: 0.5, fmr: 0.05, fmrInterval: [0.03, 0.08], fnmr: 0.01, fnmrInterval: [0.005, 0.03] },
    { cosine: 0.75, fmr: 0.0005, fmrInterval: [0.0002, 0.001], fnmr: 0.04, fnmrInterval: [0.02, 0.07] },
    { cosine: 0.95, fmr: 0, fmrInterval: [0, 0.00005], fnmr: 0.5, fnmrInterval: [0.4, 0.6] },
  ],
  likelihoodRatio: [
    { cosine: 0, log10: -3, low: -3.5, high: -2.5 },
    { cosine: 0.5, log10: -0.8, low: -1, high: -0.6 },
    { cosine: 0.75, log10: 1.8, low: 1.5, high: 2 },
    { cosine: 0.95, log10: null, low: 2.5, high: null },
  ],
};

/**
 * The faces of a made-up photograph, by its name: `ann-010.jpg` is one at 10°, `party-000+060.jpg` two, `soft-…`, `small-…`
 * and `turned-…` are no good, `nobody.jpg` has none, `broken.jpg` cannot be read.
 */
export function facesOf(path: string): Face[] {
  const name = basename(path, ".jpg");
  if (name.startsWith("broken"))
    throw new FaceError("BAD_IMAGE", { where: path, expected: "a picture", got: "damaged data" });
  const [, degreesOf = ""] = /-([\d+]+)$/.exec(name) ?? [];
  const angles = degreesOf.split("+").filter((text) => text !== "");
  return angles.map((degrees, i) => {
    const angle = (Number(degrees) * Math.PI) / 180;
    const left = 40 + 150 * i;
    const eyes = name.startsWith("small") ? 10 : 60;
    const nose = name.startsWith("turned") ? left + 4 : left + eyes / 2;
    return {
      box: { x: left - 20, y: 30, width: 100 - 10 * i, height: 120 - 10 * i },
      landmarks: [
        { x: left, y: 80 },
        { x: left + eyes, y: 80 },
        { x: nose, y: 100 },
        { x: left + 5, y: 120 },
        { x: left + eyes - 5, y: 120 },
      ],
      score: 0.99 - i / 100,
      embedding: normalize(Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0)),
      norm: 20 + i,
    } as unknown as Face;
  });
}

const photograph = (path: string): Photograph<Face> =>
  ({ width: 400, height: 200, faces: facesOf(path) }) as Photograph<Face>;

/** Lets every command run with faces by the names of the photographs, in place of a detector and a network. */
export function useMadeRecognizer(calibration: Calibration | undefined): void {
  const judged = (options: { threshold?: number | undefined; calibration?: unknown } = {}) => {
    return {
      model: PIPELINE.model.id,
      dimension: PIPELINE.model.dimension,
      cropSizePx: 112,
      workers: 1,
      pipeline: PIPELINE,
      calibration,
      uncalibrated: calibration ? undefined : "there is no calibration for made-up.onnx",
      verdict: (cosine: number) => judge(cosine, { threshold: options.threshold, calibration }),
      close: async () => {},
    };
  };
  const made = <T extends object>(prototype: object, values: object): T =>
    Object.create(prototype, Object.getOwnPropertyDescriptors(values)) as T;
  const each = async function* <P>(paths: Iterable<string>, look: (path: string) => P) {
    for (const path of paths) {
      try {
        yield { path, kind: "faces" as const, photograph: look(path) };
      } catch (error) {
        if (!(error instanceof FaceError)) throw error;
        yield { path, kind: "failed" as const, error };
      }
    }
  };
  const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
  vi.spyOn(Recognizer, "open").mockImplementation(async (options) =>
    made<Recognizer>(Recognizer.prototype, {
      ...judged(options),
      faces: async (path: string) => photograph(path),
    }),
  );
  vi.spyOn(RecognizerPool, "open").mockImplementation(async (options) =>
    made<RecognizerPool>(RecognizerPool.prototype, {
      ...judged(options),
      faces: (paths: Iterable<string>) => each(paths, photograph),
      facesOfFiles: (paths: Iterable<string>) =>
        each(paths, (path) => {
          const file = {
            bytes: readFileSync(path).length,
            modified: "2026-01-01T00:00:00.000Z",
            sha256: sha256(path),
          };
          return { ...photograph(path), file };
        }),
      portraits: (paths: Iterable<string>) =>
        each(paths, (path) => {
          const { faces, ...rest } = photograph(path);
          const sharpness = basename(path).startsWith("soft") ? 5 : 500;
          return {
            ...rest,
            faces: faces.map((face) => ({ ...face, crop: Uint8Array.of(255, 216), sharpness })),
            sha256: sha256(path),
          };
        }),
    }),
  );
  vi.spyOn(FaceFinder, "open").mockImplementation(async () =>
    made<FaceFinder>(FaceFinder.prototype, {
      close: async () => {},
      detect: async (path: string) => photograph(path),
    }),
  );
}
