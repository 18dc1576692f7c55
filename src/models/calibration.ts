import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { FaceError, parseJson, readText, systemCode } from "../core/index.ts";
import type { ModelCard } from "./card.ts";
import { networkOfCard } from "./network-of-card.ts";
import { type Pipeline, PipelineSchema, pipelineDifference } from "./pipeline.ts";
import { sha256 } from "./sha256.ts";
import type { ModelStore } from "./store.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
const cosine = z.number().min(-1).max(1);
const interval = z.tuple([share, share]);

const VERSION = 3;

/** A rate with its interval. */
const rate = z.strictObject({ rate: share, low: share, high: share });
/** log₁₀, or null where nothing is known. */
const log10 = z.number().nullable();

/** The meaning of one model's scores, with its evidence; docs/formats.md describes the file. */
export const CalibrationSchema = z.strictObject({
  magic: z.literal("arcface-calibration"),
  version: z.literal(VERSION),
  /** The pipeline it was measured with, and is good for. */
  pipeline: PipelineSchema,
  data: z.strictObject({
    protocol: z.string().min(1),
    /** Over the pictures' bytes and the labels of the pairs. */
    sha256: digest,
    pictures: count,
    people: count,
    genuinePairs: count.min(1),
    impostorPairs: count.min(1),
    /** Pictures without a face or that could not be read; their pairs count as the lowest score. */
    failures: count,
    /** The unit that counts the same in every rate: each pair, or each person and each two people. */
    weighing: z.enum(["pairs", "people"]),
    /** Two people's pairs that were left out because the two are known to be one person: so many twos of people. */
    leftOut: count.optional(),
  }),
  /** All intervals are those of other draws of people. */
  intervals: z.strictObject({ confidence: share, method: z.string() }),
  /** True if the interval's upper end keeps the false match rate asked for, or, of too few pairs, only the rate itself. */
  target: z.strictObject({ fmr: share, kept: z.enum(["upper-bound", "rate"]) }),
  threshold: cosine,
  /** Interval of the target's threshold; null where the pairs are too few for an upper end. */
  thresholdInterval: z.tuple([cosine, cosine.nullable()]),
  /** Error rates at the threshold. */
  fmr: rate,
  fnmr: rate,
  /** Impostor pairs at or above the threshold. */
  falseMatches: count,
  /** Genuine pairs below the threshold. */
  falseNonMatches: count,
  /** Error rates with each cosine as threshold, rising. */
  curve: z
    .array(z.strictObject({ cosine, fmr: share, fmrInterval: interval, fnmr: share, fnmrInterval: interval }))
    .min(2)
    .max(10_000)
    .refine((points) => points.every(({ cosine: at }, i) => i === 0 || at > points[i - 1]!.cosine), "rising"),
  /** At rising cosines, the likelihood ratio of one person against two from the pairs that score about as much. */
  likelihoodRatio: z
    .array(z.strictObject({ cosine, log10, low: log10, high: log10 }))
    .min(1)
    .max(10_000),
  /**
   * False match rates among look-alikes: pairs of people one of whom is among the nearest of the other, by other pictures
   * than those that are compared. At rising cosines.
   */
  lookAlikes: z
    .array(
      z.strictObject({
        nearest: share,
        pairs: count.min(1),
        curve: z
          .array(z.strictObject({ cosine, fmr: share, fmrInterval: interval }))
          .min(2)
          .max(10_000),
      }),
    )
    .max(10)
    .optional(),
  /** Strangers reach somebody with m faces at most m^exponent times as often as one face, as far as `faces` were counted. */
  severalFaces: z.strictObject({ exponent: share, faces: count }).optional(),
  /** The threshold's error rates among the pairs of each group of people, and the threshold that the group would need for the same target. */
  groups: z
    .array(
      z.strictObject({
        group: z.string(),
        people: count,
        genuinePairs: count,
        impostorPairs: count,
        /** Null without such pairs. */
        fmr: rate.nullable(),
        fnmr: rate.nullable(),
        /** Null where the group's pairs are too few for the target. */
        threshold: cosine.nullable(),
        /** As of the target of all. */
        kept: z.enum(["upper-bound", "rate"]).nullable(),
      }),
    )
    .max(1000)
    .optional(),
});

/** The thresholds and error rates of one model, with their evidence. */
export type Calibration = z.infer<typeof CalibrationSchema>;

/** The fields that tell an earlier version's file from another file. */
const EarlierSchema = z.object({
  magic: z.literal("arcface-calibration"),
  version: z
    .number()
    .int()
    .min(1)
    .max(VERSION - 1),
});

const FileSchema = CalibrationSchema.extend({ checksum: digest });

/** Path of the calibration of a network file of one's own: `model.onnx` → `model.calibration.json`. */
export function calibrationPathOf(modelPath: string, flip: boolean): string {
  return `${modelPath.slice(0, modelPath.length - extname(modelPath).length)}.${nameOf("calibration", flip)}`;
}

/** Path of an installed calibration of a card's model, which comes before the packaged one. */
export function installedCalibrationPath(store: ModelStore, id: string, flip: boolean): string {
  return join(store.home, "models", id, nameOf("calibration", flip));
}

/** Scores with and without flip are two things: each has its own file. */
function nameOf(name: string, flip: boolean): string {
  return `${name}${flip ? ".flip" : ""}.json`;
}

/**
 * Reads a calibration.
 *
 * Throws    FaceError BAD_FILE for another file, or one that was changed after it was written; MODEL_MISMATCH for one of an
 *           earlier version, which does not say enough of its pipeline
 */
export async function readCalibration(path: string): Promise<Calibration> {
  const found = await readIfThere(path);
  if (found) return found;
  throw new FaceError("BAD_FILE", { where: path, expected: "a calibration", got: "no such file" });
}

/** Writes a calibration with its checksum, whole or not at all. Throws FaceError STORAGE. */
export async function writeCalibration(path: string, calibration: Calibration): Promise<void> {
  const checked = CalibrationSchema.parse(calibration);
  try {
    await writeFileAtomic(path, format({ ...checked, checksum: checksumOf(checked) }));
  } catch (cause) {
    throw new FaceError("STORAGE", { where: path, expected: "to write a calibration", cause });
  }
}

/**
 * The calibration that lies ready for a pipeline's model: beside its own file, installed in the store, or in this
 * package. Whether it fits is for the caller to ask.
 *
 * @param path of a network file of the user's own
 * Returns   undefined where there is none
 * Throws    as {@link readCalibration}
 */
export async function findCalibration(
  store: ModelStore,
  { model, flip }: Pipeline,
  path: string | undefined,
): Promise<Calibration | undefined> {
  const card = store.cards().find((card) => isOf(card, model, store));
  const places = [
    ...(path === undefined ? [] : [calibrationPathOf(path, flip)]),
    ...(card ? [installedCalibrationPath(store, card.id, flip)] : []),
    ...(card ? [fileURLToPath(new URL(`../../calibrations/${nameOf(card.id, flip)}`, import.meta.url))] : []),
  ];
  for (const place of places) {
    const found = await readIfThere(place);
    if (found) return found;
  }
  return undefined;
}

function isOf(card: ModelCard, { sha256 }: Pipeline["model"], store: ModelStore): boolean {
  if (card.task === "fusion") return networkOfCard(store, card).model.sha256 === sha256;
  return card.files.some((file) => file.sha256 === sha256);
}

/** Says why scores of a pipeline are not those that were calibrated; undefined when they are. */
export function misfitOf({ pipeline }: Calibration, used: Pipeline): string | undefined {
  const difference = pipelineDifference(pipeline, used);
  return difference?.level === "vectors" ? difference.words : undefined;
}

/** Throws FaceError MODEL_MISMATCH with both pipelines when a calibration is not for what is used. */
export function expectCalibrationFor(calibration: Calibration, used: Pipeline, where: string): void {
  const misfit = misfitOf(calibration, used);
  if (misfit === undefined) return;
  throw new FaceError("MODEL_MISMATCH", {
    where,
    expected: "a calibration for what is used",
    got: `one ${misfit}`,
  });
}

async function readIfThere(path: string): Promise<Calibration | undefined> {
  let text: string;
  try {
    text = await readText(path);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new FaceError("BAD_FILE", { where: path, expected: "a readable calibration", cause });
  }
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "a calibration in JSON", cause });
  }
  const earlier = EarlierSchema.safeParse(json);
  if (earlier.success) {
    throw new FaceError("MODEL_MISMATCH", {
      where: path,
      expected: `a calibration of version ${VERSION}`,
      got: `version ${earlier.data.version}, which says less of how it was measured`,
      note: 'measure it anew with "arcface calibrate"',
    });
  }
  const parsed = FileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "a calibration",
      got: `${issue!.path.join(".") || "another file"}: ${issue!.message}`,
    });
  }
  const { checksum, ...calibration } = parsed.data;
  if (checksumOf(calibration) !== checksum) {
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: `checksum ${checksum}`,
      got: "a calibration that was changed since",
    });
  }
  return calibration;
}

/** The schema's order of fields is the file's, so that reading and writing give one text. */
function checksumOf(calibration: Calibration): string {
  return sha256(new TextEncoder().encode(JSON.stringify(calibration)));
}

/** JSON with one point of a curve a line. */
function format(file: z.infer<typeof FileSchema>): string {
  const rows = (items: readonly unknown[]): string =>
    `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
  const fields = Object.entries(file).map(
    ([key, value]) =>
      `  ${JSON.stringify(key)}: ${Array.isArray(value) && value.length > 2 ? rows(value) : JSON.stringify(value)}`,
  );
  return `{\n${fields.join(",\n")}\n}\n`;
}
