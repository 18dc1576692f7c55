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
  outputsOf,
  rewritePrelu,
  Session,
  storeAsHalves,
  withAnyBatch,
  withUnitOutput,
} from "../onnx/index.ts";
import { bytesOf, type ModelFile, readModelFile, type Sides, sidesOfGraph } from "./model-file.ts";
import { type Pass, type PassResult, roundingNote, runPasses } from "./passes.ts";
import { PREPARE_RTOL, randomInput } from "./prepare.ts";
import { expectKnown, placeOf } from "./prepare-checkpoint.ts";
import { prepareInTrial } from "./trial.ts";

/** Options for writing a network as a graph. */
export interface GraphOptions {
  /** Merge batch norms into their neighbours where that is exact. @default true */
  readonly foldBatchNorm?: boolean | undefined;
  /** `fast` spells PReLU in operations that run quickest, `plain` leaves PRelu. @default "fast" */
  readonly prelu?: "fast" | "plain" | undefined;
  /** True if vectors leave the graph with length 1. @default as the network's reference code, or as the graph does */
  readonly normalize?: boolean | undefined;
  /** Store weights as halves; computing is in float32. @default false */
  readonly fp16?: boolean | undefined;
  /** Dictionary of weights to write of a PyTorch file with several, by its dotted keys. */
  readonly under?: string | undefined;
}

/** A graph ready to be written. */
export interface ConvertedGraph {
  readonly onnx: Uint8Array;
  /** The known network whose weights it holds, if they came as such. */
  readonly network: string | null;
  /** Relative distance of its output's direction from the original's on one random picture; null if it was not tried. */
  readonly distance: number | null;
  /** Notes for a person. */
  readonly notes: readonly string[];
  readonly sides: Sides;
}

/** Halves have 11 bits; the errors of a network's layers add up to a few times that. */
const HALF_RTOL = 2e-2;

/**
 * A model file as an ONNX graph, run and held against its original after each change.
 *
 * A network whose own rounding moves its output is written as it was, with a note.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL for weights of no known network, or when the two differ
 */
export async function convertGraph(path: string, options: GraphOptions): Promise<ConvertedGraph> {
  const file = await readModelFile(path, options.under);
  return await namingFile(path, async () => {
    const { model, original, example, passes, ...built } = file.network
      ? ofWeights(file, options)
      : await ofGraph(file, options);
    if (example && !file.network) {
      const shape = [1, ...example.dims];
      await prepareInTrial(original, { input: example.name, example: shape });
    }
    const feeds = example && { [example.name]: randomInput([1, ...example.dims]) };
    // Lengths may be given or taken away on purpose: directions are what has to agree.
    const result = await runPasses(model, original, passes, { feeds, compare: directionDistance });
    const unit = options.normalize ?? file.network?.unitOutput ?? false;
    if (unit && feeds) await expectUnitLength(result.onnx, feeds);
    const sides = sidesOfGraph(result.model);
    const notes = [...built.notes, ...notesOf(result)];
    if (!example) notes.push("not tried: the graph does not say what pictures it takes");
    return {
      onnx: encodeOnnx(result.model),
      network: file.network?.id ?? null,
      distance: result.distance,
      notes,
      // Of a graph from elsewhere it is not known whether its vectors had length 1 already.
      sides: file.network || unit ? { ...sides, output: { ...sides.output, normalized: unit } } : sides,
    };
  });
}

/** A graph, what is to be changed in it, and an input to try it on. */
interface Built {
  readonly model: OnnxModel;
  readonly original: Uint8Array;
  readonly passes: readonly Pass[];
  readonly example: Example | undefined;
  readonly notes: string[];
}

/** A graph's input and the shape of one picture for it. */
interface Example {
  readonly name: string;
  readonly dims: readonly number[];
}

function ofWeights({ path, under }: ModelFile, options: GraphOptions): Built {
  using checkpoint = openCheckpoint(path, placeOf(under));
  const { network, prefix } = expectKnown(path, checkpoint);
  const weights = withoutPrefix(checkpoint.tensors, prefix);
  const { foldBatchNorm = true, prelu = "fast", normalize = network.unitOutput } = options;
  const spelt = toOnnx(network, weights, { foldBatchNorm: false, prelu: "plain", normalize });
  // Now, because weights cannot be read once the file is closed.
  const anew =
    foldBatchNorm || prelu === "fast"
      ? toOnnx(network, weights, { foldBatchNorm, prelu, normalize })
      : undefined;
  const written: Pass = {
    name: "batch norms and PReLUs written anew",
    apply: () => anew,
    tolerance: PREPARE_RTOL,
    onDisagreement: "refuse",
  };
  return {
    model: spelt,
    original: encodeOnnx(spelt),
    passes: [written, ...asHalves(options)],
    example: { name: ONNX_INPUT, dims: network.input },
    notes: [],
  };
}

async function ofGraph(file: ModelFile, options: GraphOptions): Promise<Built> {
  const bytes = await bytesOf(file.path);
  const isTflite = file.format === "tflite";
  const model = isTflite ? tfliteToOnnx(readTflite(bytes)) : decodeOnnx(bytes);
  const original = isTflite ? encodeOnnx(model) : bytes;
  const { name, layout, sizePx, maxBatch } = sidesOfGraph(model).input;
  const dims = layout === "NHWC" ? [sizePx!, sizePx!, 3] : [3, sizePx!, sizePx!];
  const example = name !== undefined && sizePx !== undefined ? { name, dims } : undefined;
  const notes: string[] = [];
  const passes: Pass[] = [];
  if (options.prelu !== "plain")
    passes.push(rewriting("PReLUs rewritten", (graph) => rewritePrelu(graph).model));
  if (maxBatch !== undefined) {
    if (example) passes.push(anyBatch(original, example));
    else notes.push(ONE_BATCH);
  }
  if (options.foldBatchNorm ?? true) {
    passes.push(rewriting("batch norms folded", (graph) => foldBatchNorms(graph).model));
    const { left } = foldBatchNorms(model);
    if (left > 0) {
      notes.push(
        `batch norms that stay: ${left}, because they stand in front of a convolution or share what is before them`,
      );
    }
  }
  if (options.normalize) passes.push(rewriting("vectors of length 1", withUnitOutput));
  return { model, original, passes: [...passes, ...asHalves(options)], example, notes };
}

const ONE_BATCH = "the batch stays of the size that the graph was exported for";

function rewriting(name: string, rewrite: (model: OnnxModel) => OnnxModel): Pass {
  return { name, apply: rewrite, tolerance: PREPARE_RTOL, onDisagreement: "refuse" };
}

function asHalves({ fp16 = false }: GraphOptions): Pass[] {
  if (!fp16) return [];
  return [
    { name: "weights as halves", apply: storeAsHalves, tolerance: HALF_RTOL, onDisagreement: "refuse" },
  ];
}

/** Tells whether two pictures at once give what the original gives for each. */
function anyBatch(original: Uint8Array, example: Example): Pass {
  return {
    name: ANY_BATCH,
    apply: withAnyBatch,
    tolerance: PREPARE_RTOL,
    onDisagreement: "drop",
    distance: (onnx) => distanceOfTwo(original, onnx, example),
  };
}

const ANY_BATCH = "batches of any size";

/** Notes for a person about networks that passes left as they were. */
function notesOf({ passes, rounding }: PassResult): string[] {
  const notes: string[] = [];
  for (const { name, outcome, distance } of passes) {
    if (outcome !== "dropped") continue;
    notes.push(
      name === ANY_BATCH ? ONE_BATCH : `left as it was: ${name} (it differs by ${distance?.toPrecision(2)})`,
    );
  }
  if (rounding !== null) notes.push(roundingNote(rounding));
  return notes;
}

/** The larger of the distances of two pictures' rows at once from those of each alone. */
async function distanceOfTwo(original: Uint8Array, open: Uint8Array, example: Example): Promise<number> {
  const pictures = randomInput([2, ...example.dims]);
  const size = pictures.data.length / 2;
  const first = { dims: [1, ...example.dims], data: pictures.data.slice(0, size) };
  const second = { dims: [1, ...example.dims], data: pictures.data.slice(size) };
  await using a = await Session.open(original);
  const rows = [await a.run({ [example.name]: first }), await a.run({ [example.name]: second })];
  try {
    const both = await outputsOf(open, { [example.name]: pictures });
    const distances = rows.flatMap((row, i) =>
      Object.entries(row).map(([name, { data, dims }]) => {
        const got = both[name]?.data.slice(i * data.length, (i + 1) * data.length);
        if (got?.length !== data.length) return Number.POSITIVE_INFINITY;
        return outputDistance({ y: { dims, data } }, { y: { dims, data: got } });
      }),
    );
    return Math.max(...distances);
  } catch (thrown) {
    if (thrown instanceof FaceError) return Number.POSITIVE_INFINITY;
    throw thrown;
  }
}

/** Throws FaceError BAD_MODEL when the first row of a graph's output has not length 1. */
async function expectUnitLength(
  onnx: Uint8Array,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<void> {
  const [first] = Object.values(await outputsOf(onnx, feeds));
  const length = Math.hypot(...(first?.data ?? []));
  if (!(Math.abs(length - 1) < 1e-3))
    throw new FaceError("BAD_MODEL", {
      where: "onnx",
      expected: "the converted network's vectors to have length 1",
      got: length,
    });
}

/** The distance between outputs once each has length 1. */
function directionDistance(
  wanted: Readonly<Record<string, FloatTensor>>,
  got: Readonly<Record<string, FloatTensor>>,
): number {
  const directions = (outputs: Readonly<Record<string, FloatTensor>>) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => {
        const length = Math.hypot(...data);
        return [name, { dims, data: data.map((value) => value / length) }];
      }),
    );
  return outputDistance(directions(wanted), directions(got));
}
