import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { FaceError, reasonOf, systemCode } from "../core/index.ts";
import { EmbedderContractSchema } from "./card.ts";
import { type ModelStore, sha256 } from "./store.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
const cosine = z.number().min(-1).max(1);
const interval = z.tuple([share, share]);

/** Everything between a photograph and a score that changes scores. */
const PipelineSchema = z.strictObject({
  model: z.strictObject({
    id: z.string().min(1),
    /** Of the network's file. */
    sha256: digest,
    contract: EmbedderContractSchema,
  }),
  /** Id of the detection model that faces were found and aligned with. */
  detector: z.string().min(1),
  /** Whether each face was embedded together with its mirror image. */
  flip: z.boolean(),
});

/** What scores of one model mean, and from what evidence; docs/formats.md describes the file. */
export const CalibrationSchema = z.strictObject({
  magic: z.literal("arcface-calibration"),
  version: z.literal(1),
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
  }),
  intervals: z.strictObject({
    confidence: share,
    method: z.string(),
    resamples: count,
    seed: z.number().int(),
  }),
  target: z.strictObject({ fmr: share }),
  threshold: cosine,
  thresholdInterval: z.tuple([cosine, cosine]),
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
  /** Stretches of scores by rising score; log10 is the likelihood ratio of one person against two. */
  likelihoodRatio: z
    .array(z.strictObject({ from: cosine, log10: z.number() }))
    .min(1)
    .max(10_000),
});

/** The thresholds and error rates of one model, with their evidence. */
export type Calibration = z.infer<typeof CalibrationSchema>;

/** What a calibration was measured with, and is good for. */
export type Pipeline = z.infer<typeof PipelineSchema>;

const FileSchema = CalibrationSchema.extend({ checksum: digest });

/** A calibration is smaller than this, by far. */
const MAX_BYTES = 4 << 20;

/** Where the calibration of a network file of one's own is looked for: `model.onnx` → `model.calibration.json`. */
export function calibrationPathOf(modelPath: string, flip: boolean): string {
  return `${modelPath.slice(0, modelPath.length - extname(modelPath).length)}.${nameOf("calibration", flip)}`;
}

/** Where a calibration of a card's model is looked for before the packaged one. */
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
 * Throws    FaceError BAD_FILE for what is none, or was changed after it was written
 */
export async function readCalibration(path: string): Promise<Calibration> {
  const found = await readIfThere(path);
  if (found) return found;
  throw new FaceError("BAD_FILE", `${path}: expected a calibration, got no such file`);
}

/** Writes a calibration with its checksum, whole or not at all. Throws FaceError STORAGE. */
export async function writeCalibration(path: string, calibration: Calibration): Promise<void> {
  const checked = CalibrationSchema.parse(calibration);
  try {
    await writeFileAtomic(path, format({ ...checked, checksum: checksumOf(checked) }));
  } catch (cause) {
    throw new FaceError("STORAGE", `${path}: expected to write a calibration, got: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/**
 * The calibration that lies ready for a pipeline's model: beside its own file, installed in the store, or in this
 * package. Whether it fits is for the caller to ask.
 *
 * @param path of a network file of the user's own
 * Returns   undefined where there is none
 */
export async function findCalibration(
  store: ModelStore,
  { model, flip }: Pipeline,
  path: string | undefined,
): Promise<Calibration | undefined> {
  const card = store.cards().find(({ files }) => files.some((file) => file.sha256 === model.sha256));
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

/** In what a pipeline differs from the one that was measured, in words; undefined when scores of one are scores of the other. */
export function differenceOf(measured: Pipeline, used: Pipeline): string | undefined {
  if (measured.model.sha256 !== used.model.sha256 || contractOf(measured) !== contractOf(used)) {
    return `made for ${describe(measured)}, not for ${describe(used)}`;
  }
  const how = ({ detector, flip }: Pipeline): string => `${detector} ${flip ? "with" : "without"} --flip`;
  return how(measured) === how(used) ? undefined : `made with ${how(measured)}, not with ${how(used)}`;
}

/** Throws FaceError MODEL_MISMATCH with both contracts when a calibration is not for what is used. */
export function expectCalibrationFor(calibration: Calibration, used: Pipeline, where: string): void {
  const difference = differenceOf(calibration.pipeline, used);
  if (difference === undefined) return;
  throw new FaceError(
    "MODEL_MISMATCH",
    `${where}: expected a calibration for what is used, got one ${difference}`,
  );
}

async function readIfThere(path: string): Promise<Calibration | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new FaceError("BAD_FILE", `${path}: expected a readable calibration, got: ${reasonOf(cause)}`, {
      cause,
    });
  }
  if (text.length > MAX_BYTES) {
    throw new FaceError(
      "BAD_FILE",
      `${path}: expected a calibration of at most ${MAX_BYTES} bytes, got ${text.length}`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FaceError("BAD_FILE", `${path}: expected a calibration in JSON, got: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const parsed = FileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FaceError(
      "BAD_FILE",
      `${path}: expected a calibration, got ${issue!.path.join(".") || "another file"}: ${issue!.message}`,
    );
  }
  const { checksum, ...calibration } = parsed.data;
  if (checksumOf(calibration) !== checksum) {
    throw new FaceError(
      "BAD_FILE",
      `${path}: expected checksum ${checksum}, got a calibration that was changed since`,
    );
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

/** What counts of a contract: names and batch do not change scores. */
function contractOf({ model }: Pipeline): string {
  const { layout, sizePx, channels, mean, scale } = model.contract.input;
  return `${channels} ${layout} ${sizePx} px, (x - [${mean.join(", ")}]) / [${scale.join(", ")}] to ${model.contract.output.dimension}`;
}

function describe(pipeline: Pipeline): string {
  const { id, sha256: digits } = pipeline.model;
  return `${id} (sha256 ${digits.slice(0, 12)}, ${contractOf(pipeline)})`;
}
