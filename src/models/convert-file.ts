import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import {
  type Checkpoint,
  type CheckpointFormat,
  type NamedTensor,
  openCheckpoint,
  writeCheckpoint,
} from "../checkpoints/index.ts";
import { readTflite, tfliteToOnnx } from "../checkpoints/tflite/index.ts";
import { FaceError, reasonOf, toFloat16 } from "../core/index.ts";
import { identify, ONNX_INPUT, toOnnx, withoutPrefix } from "../networks/index.ts";
import {
  decodeOnnx,
  encodeOnnx,
  type FloatTensor,
  type OnnxModel,
  outputDistance,
  rewritePrelu,
  Session,
  storeAsHalves,
  withAnyBatch,
  withUnitOutput,
} from "../onnx/index.ts";
import { type ModelCard, parseContract } from "./card.ts";
import { bytesOf, formatOf, type ModelFile, readModelFile, type Sides, sidesOfGraph } from "./model-file.ts";
import { cardPathOf, OwnCardSchema, readOwnCard, writeOwnCard } from "./own-card.ts";
import { type ContractOptions, cardOfFile, knownContract } from "./own-model.ts";
import { PREPARE_RTOL, randomInput } from "./prepare.ts";
import { expectKnown } from "./prepare-checkpoint.ts";
import { sha256OfFile } from "./store.ts";

/** How a file is written in another format. */
export interface ConvertOptions {
  /** Merge batch norms into their neighbours where that is exact; of a known network. @default true */
  readonly foldBatchNorm?: boolean | undefined;
  /** `fast` spells PReLU in operations that run quickest, `plain` leaves PRelu. @default "fast" */
  readonly prelu?: "fast" | "plain" | undefined;
  /** Whether vectors leave the graph with length 1. @default as the network's reference code, or as the graph does */
  readonly normalize?: boolean | undefined;
  /** Store weights as halves; computing is in float32. @default false */
  readonly fp16?: boolean | undefined;
  /** Contract fields for the card that nothing else gives. */
  readonly contract?: ContractOptions | undefined;
}

/** What was written. */
export interface ConvertReport {
  readonly out: string;
  readonly from: CheckpointFormat;
  readonly to: "onnx" | "safetensors" | "pytorch-zip";
  readonly bytes: number;
  readonly sha256: string;
  /** The known network whose weights these are, if they are. */
  readonly network: string | null;
  /** The card beside it; null when the input's own card has that name and stays. */
  readonly card: string | null;
  /** Relative distance of the written graph's output from the input's on one random picture; null for weights. */
  readonly distance: number | null;
  /** What a person should know: what was left out, what could not be done. */
  readonly notes: readonly string[];
}

/** Halves have 11 bits; the errors of a network's layers add up to a few times that. */
const HALF_RTOL = 2e-2;

/**
 * Writes a file of weights or of a network in another format, with a card beside it.
 *
 * To ONNX: weights of a known network, a TFLite graph, or an ONNX graph anew. To safetensors and PyTorch: the tensors
 * of anything, a known network's without what lies beside it, so that `load_state_dict(strict=True)` takes them.
 * A graph is run before it is written and held against its original.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL, USAGE when `out` is the input or of an unknown kind, STORAGE
 */
export async function convertFile(
  path: string,
  out: string,
  cards: readonly ModelCard[],
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  const to = targetOf(out);
  const from = formatOf(path);
  await expectOther(path, out);
  const written =
    to === "onnx" ? await writeGraph(path, out, options) : writeTensors(path, out, to, from, options);
  const card = await writeCard(path, out, cards, written, options);
  const notes = [...written.notes];
  if (card === null) notes.push(`${cardPathOf(out)} is the input's own card and stays as it is`);
  const { network, distance } = written;
  const { size } = await stat(out);
  return { out, from, to, bytes: size, sha256: await sha256OfFile(out), network, card, distance, notes };
}

interface Written {
  readonly network: string | null;
  readonly distance: number | null;
  readonly notes: readonly string[];
  /** Of the written graph; names are left out of weights, which have none. */
  readonly sides: Sides | undefined;
}

async function writeGraph(path: string, out: string, options: ConvertOptions): Promise<Written> {
  const file = await readModelFile(path);
  const built = file.network ? ofWeights(file, options) : await ofGraph(file, options);
  const { model, original, example } = built;
  const onnx = encodeOnnx(model);
  const distance = example ? await distanceOf(original, onnx, example, built.unit) : null;
  const tolerance = options.fp16 ? HALF_RTOL : PREPARE_RTOL;
  if (distance !== null && !(distance <= tolerance)) {
    throw new FaceError(
      "BAD_MODEL",
      `${path}: expected the converted network to agree within ${tolerance}, got ${distance}; nothing was written`,
    );
  }
  await writeFileAtomic(out, Buffer.from(onnx.buffer, onnx.byteOffset, onnx.byteLength)).catch(
    (cause: unknown) => {
      throw new FaceError("STORAGE", `${out}: expected to write a network, got: ${reasonOf(cause)}`, {
        cause,
      });
    },
  );
  const sides = sidesOfGraph(model);
  const normalized = built.unit;
  return {
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

function ofWeights({ path }: ModelFile, options: ConvertOptions): Built {
  using checkpoint = openCheckpoint(path);
  const { network, prefix } = expectKnown(path, checkpoint.tensors);
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

async function ofGraph(file: ModelFile, options: ConvertOptions): Promise<Built> {
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
  if (model.nodes.some((node) => node.op === "BatchNormalization")) {
    notes.push("batch norms of a graph stay as they are; onnxruntime merges them when it loads the file");
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

function writeTensors(
  path: string,
  out: string,
  to: "safetensors" | "pytorch-zip",
  from: CheckpointFormat,
  options: ConvertOptions,
): Written {
  using checkpoint = openCheckpoint(path);
  const { tensors, network, unused } = ownTensors(checkpoint);
  const notes: string[] = [];
  if (unused.length > 0) {
    notes.push(
      `left out, as no part of ${network}: ${unused.slice(0, 5).join(", ")}${unused.length > 5 ? ` and ${unused.length - 5} more` : ""}`,
    );
  }
  if (from === "onnx" || from === "tflite")
    notes.push("constants of a graph, not the weights of a known network");
  writeCheckpoint(out, to, options.fp16 ? tensors.map(asHalf) : tensors);
  return { network, distance: null, notes, sides: undefined };
}

/** A known network's tensors under their own names, or all of an unknown one's. */
function ownTensors({ tensors }: Checkpoint): {
  readonly tensors: readonly NamedTensor[];
  readonly network: string | null;
  readonly unused: readonly string[];
} {
  const found = identify(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  if (found.kind === "unknown") return { tensors: [...tensors.values()], network: null, unused: [] };
  const unused = new Set(found.unused);
  const own = [...tensors.values()]
    .filter(({ name }) => !unused.has(name))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice(found.prefix.length) }));
  return { tensors: own, network: found.network.id, unused: found.unused };
}

/** A float32 tensor rounded to halves when it is read; others as they are. */
function asHalf(tensor: NamedTensor): NamedTensor {
  if (tensor.dtype !== "float32") return tensor;
  const bytes = (): Uint8Array<ArrayBuffer> => new Uint8Array(toFloat16(tensor.floats()).buffer);
  return { ...tensor, dtype: "float16", bytes };
}

async function writeCard(
  path: string,
  out: string,
  cards: readonly ModelCard[],
  { sides, network }: Written,
  options: ConvertOptions,
): Promise<string | null> {
  const beside = await readOwnCard(path);
  if (beside && cardPathOf(path) === cardPathOf(out)) return null;
  // Weights of no known network have no contract: only where they come from can be said.
  const from = formatOf(path);
  const graph = from === "onnx" || from === "tflite";
  const file = graph || network !== null ? await readModelFile(path) : undefined;
  const known = file && (await knownContract(file, cards, options.contract));
  const { name: _, maxBatch: __, ...input } = { ...known?.input, ...sides?.input };
  const { name: ___, ...output } = { ...known?.output, ...sides?.output };
  const names = sides ? { input: sides.input.name, output: sides.output.name } : undefined;
  const maxBatch = sides?.input.maxBatch;
  const builtIn = file && cardOfFile(file, cards);
  const origin = `Converted from ${basename(path)}, sha256 ${await sha256OfFile(path)}.`;
  const provenance = beside?.provenance ?? builtIn?.provenance;
  const card = {
    title: beside?.title ?? builtIn?.title,
    licence: beside?.licence ?? builtIn?.licence,
    provenance: provenance ? `${provenance} ${origin}` : origin,
    contract: {
      template: "arcface-5-point",
      input: { ...(names?.input ? { name: names.input } : {}), ...input, ...(maxBatch ? { maxBatch } : {}) },
      output: { ...(names?.output ? { name: names.output } : {}), ...output },
    },
    evidence: beside?.evidence,
  };
  const plain: unknown = JSON.parse(JSON.stringify(card));
  return await writeOwnCard(out, parseContract(OwnCardSchema, plain, cardPathOf(out)));
}

function targetOf(out: string): ConvertReport["to"] {
  switch (extname(out).toLowerCase()) {
    case ".onnx":
      return "onnx";
    case ".safetensors":
      return "safetensors";
    case ".pth":
    case ".pt":
      return "pytorch-zip";
    default:
      throw new FaceError(
        "USAGE",
        `${out}: expected a name ending in .onnx, .safetensors, .pth or .pt, got another`,
      );
  }
}

/** The input is never written over, whatever names lead to it. */
async function expectOther(path: string, out: string): Promise<void> {
  const [a, b] = [await stat(path), await stat(out).catch(() => undefined)];
  if (b && a.dev === b.dev && a.ino === b.ino) {
    throw new FaceError("USAGE", `${out}: expected another file than the input, got the same one`);
  }
}
