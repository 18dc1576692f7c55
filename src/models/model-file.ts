import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { type CheckpointFormat, expectFormat, openCheckpoint, openFileSource } from "../checkpoints/index.ts";
import { readTflite } from "../checkpoints/tflite/index.ts";
import { expectNoDatabaseInUse, FaceError, namingFile, type WorkOptions } from "../core/index.ts";
import { type Network, ONNX_INPUT, ONNX_OUTPUT } from "../networks/index.ts";
import { decodeOnnx, expectRunnable, type OnnxModel } from "../onnx/index.ts";
import { roundingNote } from "./passes.ts";
import { prepareNetwork } from "./prepare.ts";
import { expectKnown, placeOf, prepareCheckpoint } from "./prepare-checkpoint.ts";
import { sha256, sha256OfFile } from "./sha256.ts";

/** A file's own statements about its input and output, as far as it makes them. */
export interface Sides {
  readonly input: {
    readonly name?: string | undefined;
    readonly layout?: "NCHW" | "NHWC" | undefined;
    readonly sizePx?: number | undefined;
    readonly maxBatch?: number | undefined;
  };
  readonly output: {
    readonly name?: string | undefined;
    readonly dimension?: number | undefined;
    readonly normalized?: boolean | undefined;
  };
}

/** A file that holds a network: a graph, or weights of a network that is known here. */
export interface ModelFile {
  readonly path: string;
  /** Of the file; where one of several dictionaries of it is meant, of the file's digest and that name. */
  readonly sha256: string;
  /** The dictionary that is meant, by its dotted keys; absent for the one that is taken unasked. */
  readonly under?: string;
  readonly format: CheckpointFormat;
  /** The network whose weights these are; absent for graphs, which bring their own. */
  readonly network?: Network;
  readonly sides: Sides;
}

/** Tells whether a model argument means a file rather than a card's id. */
export async function isModelFile(model: string): Promise<boolean> {
  if (/[\\/]/.test(model) || extname(model) !== "") return true;
  const found = await stat(model).catch(() => undefined);
  return found?.isFile() ?? false;
}

/**
 * Reads what kind of network a file holds: ONNX, TFLite, or a checkpoint of a known network in PyTorch's containers or
 * safetensors. The content decides, never the name; weights stay in the file.
 *
 * @param under which of several dictionaries of a PyTorch file to take, by its dotted keys
 * Throws    FaceError BAD_FILE, BAD_MODEL for weights of no known network, USAGE for `under` with a graph
 */
export async function readModelFile(path: string, under?: string): Promise<ModelFile> {
  const format = formatOf(path);
  const digest = await sha256OfFile(path);
  const isGraph = format === "onnx" || format === "tflite";
  if (isGraph && under !== undefined)
    throw new FaceError("USAGE", {
      where: path,
      expected: `weights for --under ${under}`,
      got: "a graph, which has no places",
    });
  const file =
    under === undefined
      ? { path, format, sha256: digest }
      : { path, format, under, sha256: sha256(new TextEncoder().encode(`${digest} under ${under}`)) };
  if (isGraph) {
    const bytes = await bytesOf(path);
    const read = format === "onnx" ? sidesOfOnnx : sidesOfTflite;
    return { ...file, sides: namingFile(path, () => read(bytes)) };
  }
  using checkpoint = openCheckpoint(path, placeOf(under));
  const { network } = expectKnown(path, checkpoint);
  return { ...file, network, sides: sidesOfNetwork(network) };
}

/**
 * A model file as ONNX bytes in the form that runs fastest; see {@link prepareNetwork} and {@link prepareCheckpoint}.
 *
 * Weights whose own rounding moves their output give a warning of the process, of type `ArcfaceWarning`.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL, ABORTED
 */
export async function prepareModelFile(
  file: ModelFile,
  input: { readonly name: string; readonly layout: "NCHW" | "NHWC"; readonly sizePx: number },
  options: WorkOptions & { readonly cache?: string | undefined },
): Promise<Uint8Array> {
  if (file.network) {
    const { onnx, report } = await prepareCheckpoint(file, options);
    // Once for a pool of threads, each of which opens the file too.
    if (report.rounding !== null && isMainThread)
      process.emitWarning(`${file.path}: ${roundingNote(report.rounding)}`, "ArcfaceWarning");
    return onnx;
  }
  const { name, layout, sizePx } = input;
  const example = layout === "NCHW" ? [1, 3, sizePx, sizePx] : [1, sizePx, sizePx, 3];
  const { cache } = options;
  const bytes = await bytesOf(file.path);
  const prepared = namingFile(file.path, () =>
    prepareNetwork(bytes, { input: name, example, cache, stranger: true, signal: options.signal }),
  );
  return (await prepared).onnx;
}

/** The sides of the graph that {@link prepareCheckpoint} writes for a network. */
export function sidesOfNetwork({ input, embedding, unitOutput }: Network): Sides {
  return {
    input: { name: ONNX_INPUT, layout: "NCHW", sizePx: input[1] },
    output: { name: ONNX_OUTPUT, dimension: embedding, normalized: unitOutput },
  };
}

/** An ONNX graph's declarations about the one picture it takes and the one vector it gives. */
export function sidesOfGraph(graph: OnnxModel): Sides {
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter((input) => !constants.has(input.name));
  const input = inputs.length === 1 ? inputs[0] : undefined;
  const output = graph.outputs.length === 1 ? graph.outputs[0] : undefined;
  const [batch, ...picture] = input?.dims ?? [];
  const dimension = output?.dims?.length === 2 ? output.dims[1] : undefined;
  return {
    input: {
      name: input?.name,
      ...pictureOf(picture),
      ...(typeof batch === "number" && batch > 0 ? { maxBatch: batch } : {}),
    },
    output: { name: output?.name, ...(typeof dimension === "number" ? { dimension } : {}) },
  };
}

/** Throws FaceError BAD_MODEL for a graph that is not run here, see {@link expectRunnable}. */
function sidesOfOnnx(bytes: Uint8Array): Sides {
  const graph = decodeOnnx(bytes);
  expectRunnable(graph);
  return sidesOfGraph(graph);
}

/** A TFLite network becomes NCHW and takes any batch when it is converted. */
function sidesOfTflite(bytes: Uint8Array): Sides {
  const { tensors, inputs, outputs } = readTflite(bytes);
  const input = inputs.length === 1 ? tensors[inputs[0]!] : undefined;
  const output = outputs.length === 1 ? tensors[outputs[0]!] : undefined;
  const [, height, width, channels] = input?.shape ?? [];
  return {
    input: {
      name: input?.name,
      ...(channels === 3 && height === width ? { layout: "NCHW", sizePx: height } : {}),
    },
    output: { name: output?.name, ...(output?.shape.length === 2 ? { dimension: output.shape[1] } : {}) },
  };
}

function pictureOf(dims: readonly (number | string | null)[]): Pick<Sides["input"], "layout" | "sizePx"> {
  const [a, b, c] = dims;
  if (dims.length !== 3) return {};
  if (a === 3) return { layout: "NCHW", ...(typeof b === "number" && b === c ? { sizePx: b } : {}) };
  if (c === 3) return { layout: "NHWC", ...(typeof a === "number" && a === b ? { sizePx: a } : {}) };
  return {};
}

/** The format by the file's first bytes. Throws FaceError BAD_FILE when it is none that holds a network. */
export function formatOf(path: string): CheckpointFormat {
  const source = openFileSource(path);
  try {
    return expectFormat(source);
  } finally {
    source.close();
  }
}

/** A file whole. Throws FaceError BAD_FILE. */
export async function bytesOf(path: string): Promise<Uint8Array> {
  expectNoDatabaseInUse(path, "a network file");
  return await readFile(path).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: path, expected: "a network file", cause });
  });
}
