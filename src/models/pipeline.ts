import { createHash } from "node:crypto";
import { z } from "zod";
import { EmbedderContractSchema } from "./card.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const version = z.number().int().min(1);
const { layout, sizePx, channels, mean, scale } = EmbedderContractSchema.shape.input.shape;

/** See {@link Pipeline}. */
export const PipelineSchema = z.strictObject({
  /** The network, and which of its outputs the vectors are. */
  model: z.strictObject({
    /** A card's id, or file name and digits of its sha256. A name for people: two ids may be one network. */
    id: z.string().min(1),
    /** Of the network's file; of a fusion, of what its networks are and how they are fed. */
    sha256: digest,
    output: z.string().min(1),
    /** Length of the vectors. */
    dimension: EmbedderContractSchema.shape.output.shape.dimension,
  }),
  /** Form in which a crop's pixels reach the network, as in `EmbedderContract`; of a fusion, its first network's. */
  feed: z.strictObject({ layout, sizePx, channels, mean, scale }),
  /** Template and versions by which crops were cut; null for pictures that came as crops, cut elsewhere. */
  alignment: z
    .strictObject({
      template: z.literal("arcface-5-point"),
      /** `ALIGNMENT_VERSION` of `align/`: from landmarks to the crop's place in the picture. */
      version,
      /** `CROP_VERSION` of `align/`: from that place to pixels. */
      crop: version,
    })
    .nullable(),
  /** The detector that found faces and landmarks; null for pictures that came as crops. */
  detector: z
    .strictObject({
      id: z.string().min(1),
      /** {@link detectorDigest} of its files and of how they are run. */
      sha256: digest,
      /** Smallest face looked for, in pixels of the photograph; null for the share of the picture that is the default. */
      minFacePx: z.number().positive().nullable(),
      /** Faces are looked for in the photograph reduced to this side, in pixels; null for the default. */
      maxSidePx: z.number().positive().nullable(),
      /** True if faces that lie on a side or upside down are looked for beside upright ones. */
      turned: z.boolean(),
    })
    .nullable(),
  /** True if each face was embedded together with its mirror image. */
  flip: z.boolean(),
});

/**
 * Everything between a photograph and its vectors: the one identity that files, galleries, caches and calibrations
 * carry. A vector is never compared with one of another pipeline.
 */
export type Pipeline = z.infer<typeof PipelineSchema>;

/** The difference between two pipelines. */
export interface PipelineDifference {
  /**
   * `vectors`: a vector of one may not be compared with a vector of the other.
   * `rows`: vectors compare, but the same photograph may give more or fewer faces, or a face cut a little differently.
   */
  readonly level: "vectors" | "rows";
  /** For people, to be put behind "vectors" or "calibration": `made for A, not for B`. */
  readonly words: string;
}

/**
 * Sixty-four hexadecimal digits that stand for a pipeline: equal exactly for pipelines that do not differ, whatever
 * their networks and detectors are called.
 */
export function pipelineDigest({ model, detector, ...rest }: Pipeline): string {
  const { id: _, ...network } = model;
  const { id: __, ...finder } = detector ?? { id: "" };
  const plain = { ...rest, network, detector: detector && finder };
  return createHash("sha256").update(canonical(plain)).digest("hex");
}

/**
 * Stands for a detector: the same for the same bytes under the same names, run in the same way.
 *
 * @param version of the way in which they are run
 */
export function detectorDigest(
  files: readonly { readonly name: string; readonly sha256: string }[],
  version = 1,
): string {
  const plain = files.map(({ name, sha256 }) => `${sha256} ${name}\n`).sort();
  if (version > 1) plain.push(`version ${version}\n`);
  return createHash("sha256").update(plain.join("")).digest("hex");
}

/** The part of a pipeline that a network and its contract settle. */
export function networkOf(
  id: string,
  sha256: string,
  { input, output }: z.infer<typeof EmbedderContractSchema>,
): Pick<Pipeline, "model" | "feed"> {
  const { layout, sizePx, channels, mean, scale } = input;
  return {
    model: { id, sha256, output: output.name, dimension: output.dimension },
    feed: { layout, sizePx, channels, mean: [...mean], scale: [...scale] },
  };
}

/** {@link networkOf} of several networks whose unit vectors lie side by side: whatever changes a vector changes the digest. */
export function fusionOf(
  id: string,
  networks: readonly Pick<Pipeline, "model" | "feed">[],
): Pick<Pipeline, "model" | "feed"> {
  const plain = networks.map(({ model: { id: _, ...network }, feed }) => ({ network, feed }));
  return {
    model: {
      id,
      sha256: createHash("sha256")
        .update(`fusion ${canonical(plain)}`)
        .digest("hex"),
      output: networks.map(({ model }) => model.output).join("+"),
      dimension: networks.reduce((sum, { model }) => sum + model.dimension, 0),
    },
    feed: networks[0]!.feed,
  };
}

/** Tells whether and how what was made by one pipeline differs from what another one makes; undefined when it does not. */
export function pipelineDifference(made: Pipeline, used: Pipeline): PipelineDifference | undefined {
  const vectors = differing(made, used, [
    [networkKey, (pipeline) => `for ${describeNetwork(pipeline)}`],
    [alignmentKey, (pipeline) => `with ${describeAlignment(pipeline)}`],
    [finderKey, (pipeline) => `with ${describeFinder(pipeline, made, used)}`],
  ]);
  const rows = differing(made, used, [
    [
      ({ detector }) => [detector?.minFacePx, detector?.maxSidePx, detector?.turned],
      (pipeline) => `with ${describeSearch(pipeline)}`,
    ],
    [(pipeline) => pipeline.alignment?.crop, ({ alignment }) => `with crops of version ${alignment?.crop}`],
  ]);
  if (vectors !== undefined) return { level: "vectors", words: vectors };
  return rows === undefined ? undefined : { level: "rows", words: rows };
}

type Aspect = readonly [key: (pipeline: Pipeline) => unknown, words: (pipeline: Pipeline) => string];

function differing(made: Pipeline, used: Pipeline, aspects: readonly Aspect[]): string | undefined {
  const parts = aspects.flatMap(([key, words]) =>
    canonical(key(made)) === canonical(key(used)) ? [] : [`${words(made)}, not ${words(used)}`],
  );
  return parts.length === 0 ? undefined : `made ${parts.join("; ")}`;
}

function networkKey({ model: { id: _, ...network }, feed }: Pipeline): unknown {
  return [network, feed];
}

function alignmentKey({ alignment }: Pipeline): unknown {
  return alignment && [alignment.template, alignment.version];
}

function finderKey({ detector, flip }: Pipeline): unknown {
  return [detector?.sha256, flip];
}

function describeNetwork({ model, feed }: Pipeline): string {
  const { channels, layout, sizePx, mean, scale } = feed;
  return `${model.id} (sha256 ${model.sha256.slice(0, 12)}, ${channels} ${layout} ${sizePx} px, (x - [${mean.join(", ")}]) / [${scale.join(", ")}], output ${model.output} to ${model.dimension})`;
}

function describeAlignment({ alignment }: Pipeline): string {
  return alignment ? `alignment ${alignment.version}` : "crops from elsewhere";
}

/** Detectors of one id whose files differ are told apart by their digest. */
function describeFinder({ detector, flip }: Pipeline, made: Pipeline, used: Pipeline): string {
  const alike = made.detector?.id === used.detector?.id && made.detector?.sha256 !== used.detector?.sha256;
  const name = detector
    ? `${detector.id}${alike ? ` (files ${detector.sha256.slice(0, 12)})` : ""}`
    : "no detector";
  return `${name} ${flip ? "with" : "without"} --flip`;
}

function describeSearch({ detector }: Pipeline): string {
  const smallest =
    typeof detector?.minFacePx === "number" ? `--min-face ${detector.minFacePx}` : "no --min-face";
  const turned = detector?.turned ? " and --turned" : "";
  return typeof detector?.maxSidePx === "number"
    ? `${smallest}${turned} in at most ${detector.maxSidePx} px a side`
    : `${smallest}${turned}`;
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "null";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
