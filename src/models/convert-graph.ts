import { openCheckpoint } from "../checkpoints/index.ts";
import { readTflite, tfliteToOnnx } from "../checkpoints/tflite/index.ts";
import { FaceError, namingFile } from "../core/index.ts";
import { ONNX_INPUT, toOnnx, withoutPrefix } from "../networks/index.ts";
import {
  decodeOnnx,
  encodeOnnx,
  type FloatTensor,
  foldBatchNorms,
  type OnnxModel,
  outputDistance,
  rewritePrelu,
  Session,
  storeAsHalves,
  withAnyBatch,
  withUnitOutput,
} from "../onnx/index.ts";
import { bytesOf, type ModelFile, readModelFile, type Sides, sidesOfGraph } from "./model-file.ts";
import { PREPARE_RTOL, randomInput } from "./prepare.ts";
import { expectKnown, placeOf } from "./prepare-checkpoint.ts";

/** How a network is written as a graph. */
export interface GraphOptions {
  /** Merge batch norms into their neighbours where that is exact. @default true */
  readonly foldBatchNorm?: boolean | undefined;
  /** `fast` spells PReLU in operations that run quickest, `plain` leaves PRelu. @default "fast" */
  readonly prelu?: "fast" | "plain" | undefined;
  /** Whether vectors leave the graph with length 1. @default as the network's reference code, or as the graph does */
  readonly normalize?: boolean | undefined;
  /** Store weights as halves; computing is in float32. @default false */
  readonly fp16?: boolean | undefined;
  /** Which of several dictionaries of weights in a PyTorch file is written, by its dotted keys. */
  readonly under?: string | undefined;
}

/** A graph ready to be written. */
export interface ConvertedGraph {
  readonly onnx: Uint8Array;
  /** The known network whose weights it holds, if they came as such. */
  readonly network: string | null;
  /** Relative distance of its output's direction from the original's on one random picture; null if it was not tried. */
  readonly distance: number | null;
  /** What a person should know. */
  readonly notes: readonly string[];
  readonly sides: Sides;
}

/** Halves have 11 bits; the errors of a network's layers add up to a few times that. */
const HALF_RTOL = 2e-2;

/**
 * A model file as an ONNX graph, run and held against its original.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL for weights of no known network, or when the two differ
 */
export async function convertGraph(path: string, options: GraphOptions): Promise<ConvertedGraph> {
  const file = await readModelFile(path, options.under);
  const built = file.network
    ? ofWeights(file, options)
    : await namingFile(path, () => ofGraph(file, options));
  const { model, original, example } = built;
  const onnx = encodeOnnx(model);
  const distance = example ? await distanceOf(original, onnx, example, built.unit) : null;
  const tolerance = options.fp16 ? HALF_RTOL : PREPARE_RTOL;
  if (distance !== null && !(distance <= tolerance)) {
    throw new FaceError(
      "BAD_MODEL",
      `${path}: expected the converted network to agree within ${tolerance}, got ${distance}`,
    );
  }
  const sides = sidesOfGraph(model);
  const normalized = built.unit;
  return {
    onnx,
    network: file.network?.id ?? null,
    distance,
    notes: built.notes,
    // Of a graph from elsewhere it is not known whether its vectors had length 1 already.
    sides: file.network || normalized ? { ...sides, output: { ...sides.output, normalized } } : sides,
  };
}

/** A graph to be written, the one it must agree with, and an input to try both on. */
interface Built {
  readonly model: OnnxModel;
  readonly original: Uint8Array;
  readonly example: { readonly name: string; readonly dims: readonly number[] } | undefined;
  /** Whether the new graph's rows have length 1. */
  readonly unit: boolean;
  readonly notes: readonly string[];
}

function ofWeights({ path, under }: ModelFile, options: GraphOptions): Built {
  using checkpoint = openCheckpoint(path, placeOf(under));
  const { network, prefix } = expectKnown(path, checkpoint);
  const weights = withoutPrefix(checkpoint.tensors, prefix);
  const { foldBatchNorm = true, prelu = "fast", normalize = network.unitOutput, fp16 = false } = options;
  const precision = fp16 ? "float16" : "float32";
  return {
    model: toOnnx(network, weights, { foldBatchNorm, prelu, normalize, precision }),
    original: encodeOnnx(toOnnx(network, weights, { foldBatchNorm: false, prelu: "plain" })),
    example: { name: ONNX_INPUT, dims: network.input },
    unit: normalize,
    notes: [],
  };
}

async function ofGraph(file: ModelFile, options: GraphOptions): Promise<Built> {
  const bytes = await bytesOf(file.path);
  const isTflite = file.format === "tflite";
  const plain = isTflite ? tfliteToOnnx(readTflite(bytes)) : decodeOnnx(bytes);
  const original = isTflite ? encodeOnnx(plain) : bytes;
  const { name, layout, sizePx } = sidesOfGraph(plain).input;
  const dims = layout === "NHWC" ? [sizePx!, sizePx!, 3] : [3, sizePx!, sizePx!];
  const example = name !== undefined && sizePx !== undefined ? { name, dims } : undefined;
  const notes: string[] = [];
  let model = options.prelu === "plain" ? plain : rewritePrelu(plain).model;
  if (sidesOfGraph(model).input.maxBatch !== undefined) {
    const open = withAnyBatch(model);
    if (example && (await takesAnyBatch(original, encodeOnnx(open), example))) model = open;
    else notes.push("the batch stays of the size that the graph was exported for");
  }
  if (options.foldBatchNorm ?? true) {
    const { model: folded, left } = foldBatchNorms(model);
    model = folded;
    if (left > 0) {
      notes.push(
        `batch norms that stay: ${left}, because they stand in front of a convolution or share what is before them`,
      );
    }
  }
  if (options.normalize) model = withUnitOutput(model);
  if (options.fp16) model = storeAsHalves(model);
  if (!example) notes.push("not tried: the graph does not say what pictures it takes");
  return { model, original, example, unit: options.normalize ?? false, notes };
}

/** Whether two pictures at once give what the original gives for each. */
async function takesAnyBatch(
  original: Uint8Array,
  open: Uint8Array,
  example: { readonly name: string; readonly dims: readonly number[] },
): Promise<boolean> {
  const pictures = randomInput([2, ...example.dims]);
  const size = pictures.data.length / 2;
  const first = { dims: [1, ...example.dims], data: pictures.data.slice(0, size) };
  const second = { dims: [1, ...example.dims], data: pictures.data.slice(size) };
  await using a = await Session.open(original);
  const rows = [await a.run({ [example.name]: first }), await a.run({ [example.name]: second })];
  try {
    await using b = await Session.open(open);
    const both = await b.run({ [example.name]: pictures });
    return rows.every((row, i) =>
      Object.entries(row).every(([name, { data, dims }]) => {
        const got = both[name]?.data.slice(i * data.length, (i + 1) * data.length);
        return (
          got?.length === data.length &&
          outputDistance({ y: { dims, data } }, { y: { dims, data: got } }) <= PREPARE_RTOL
        );
      }),
    );
  } catch (thrown) {
    if (thrown instanceof FaceError) return false;
    throw thrown;
  }
}

async function distanceOf(
  original: Uint8Array,
  converted: Uint8Array,
  example: { readonly name: string; readonly dims: readonly number[] },
  unit: boolean,
): Promise<number> {
  const feeds = { [example.name]: randomInput([1, ...example.dims]) };
  const run = async (onnx: Uint8Array): Promise<Record<string, FloatTensor>> => {
    await using session = await Session.open(onnx);
    return await session.run(feeds);
  };
  const [wanted, got] = [await run(original), await run(converted)];
  // Lengths may be given or taken away on purpose: directions are what has to agree.
  const directions = (outputs: Record<string, FloatTensor>) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => {
        const length = Math.hypot(...data);
        return [name, { dims, data: data.map((value) => value / length) }];
      }),
    );
  const [a] = Object.values(got);
  const isUnit = a !== undefined && Math.abs(Math.hypot(...a.data) - 1) < 1e-3;
  if (unit && !isUnit) return Number.POSITIVE_INFINITY;
  return outputDistance(directions(wanted), directions(got));
}
