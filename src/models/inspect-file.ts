import { stat } from "node:fs/promises";
import {
  type Checkpoint,
  type CheckpointFormat,
  type NamedTensor,
  openCheckpoint,
} from "../checkpoints/index.ts";
import { readTflite } from "../checkpoints/tflite/index.ts";
import { elementCount, FaceError, namingFile, wordsOf } from "../core/index.ts";
import {
  identifyNetwork,
  macsOf,
  type Network,
  networkById,
  ONNX_INPUT,
  parameterCount,
  toOnnx,
  withoutPrefix,
} from "../networks/index.ts";
import { decodeOnnx, ELEMENT_TYPE, refusalOf, roundingOf } from "../onnx/index.ts";
import type { ModelCard } from "./card.ts";
import { bytesOf } from "./model-file.ts";
import { cardOfFile } from "./own-model.ts";
import { randomInput } from "./prepare.ts";
import { expectKnown, placeOf } from "./prepare-checkpoint.ts";
import { sha256OfFile } from "./sha256.ts";

/** A tensor's name, type and shape. */
export type TensorLine = Pick<NamedTensor, "name" | "dtype" | "shape">;

/** A named input or output of a graph; a size is null where the file leaves it open without a name. */
export interface GraphSide {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string | null)[] | null;
}

/** The contents of a graph. */
export interface GraphReport {
  /** Version of the standard operator set; null for TFLite. */
  readonly opset: number | null;
  readonly producer: string;
  readonly inputs: readonly GraphSide[];
  readonly outputs: readonly GraphSide[];
  /** Says why it is not run here; null for one that is, as far as that can be told without running it. */
  readonly refused: string | null;
  /** The number of times that each operation occurs; null when some are of a kind that is not known here. */
  readonly operators: Readonly<Record<string, number>> | null;
}

/** A network that is known here. */
export interface NetworkReport {
  readonly id: string;
  readonly title: string;
  readonly embedding: number;
  /** [channels, height, width]. */
  readonly input: readonly number[];
  readonly parameters: number;
  /** 10⁹ multiply-accumulates for one picture. */
  readonly gmacs: number;
}

/** The network that weights are recognised as. */
export type Recognition =
  | (NetworkReport & {
      readonly kind: "known";
      /** The prefix of the network's names in the file. */
      readonly prefix: string;
      /** Tensors beside the network's own. */
      readonly unused: readonly string[];
    })
  | {
      readonly kind: "unknown";
      readonly nearest: {
        readonly id: string;
        readonly prefix: string;
        readonly missing: readonly { readonly name: string; readonly shape: readonly number[] }[];
        readonly unexpected: readonly string[];
        readonly different: readonly {
          readonly name: string;
          readonly expected: readonly number[];
          readonly got: readonly number[];
        }[];
      } | null;
    };

/** The report about a file of weights or of a network. */
export interface FileReport {
  readonly path: string;
  readonly format: CheckpointFormat;
  readonly bytes: number;
  readonly sha256: string;
  /** Numbers in all floating-point tensors, running statistics included. */
  readonly values: number;
  /** The number of tensors of each element type. */
  readonly dtypes: Readonly<Record<string, number>>;
  readonly tensors: readonly TensorLine[];
  /** The place of the tensors in a PyTorch file, with which their names began, and those of others. */
  readonly under: readonly string[];
  readonly prefix: string;
  /** Wrappers' names that were taken out of the middle of others. */
  readonly wrappers: readonly string[];
  /** Tensors of kinds that are not read here, and what each is. */
  readonly unreadable: Readonly<Record<string, string>>;
  readonly elsewhere: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * For weights of a known network: how far its output moves when its weights change in their last bit, relative to its
   * length; null for others.
   */
  readonly rounding: number | null;
  /** For weights: which network. Null for a graph, whose tensors need not bear the names of a definition. */
  readonly network: Recognition | null;
  readonly graph: GraphReport | null;
  readonly card: {
    readonly id: string;
    readonly title: string;
    /** `sha256` proves it is the card's file, `name` only makes it likely. */
    readonly recognisedBy: "sha256" | "name";
    readonly licence: {
      readonly id: string;
      readonly commercial: "allowed" | "forbidden" | "unknown";
      readonly note: string;
    };
    readonly presets: readonly string[];
  } | null;
}

/**
 * Describes a file of weights or of a network, known or not: PyTorch's containers, safetensors, ONNX, TFLite.
 *
 * @param place which of several dictionaries of a PyTorch file to look at, by its dotted keys
 * Throws    FaceError BAD_FILE, BAD_MODEL
 */
export async function inspectFile(
  path: string,
  cards: readonly ModelCard[],
  place?: string,
): Promise<FileReport> {
  using checkpoint = openCheckpoint(path, placeOf(place));
  const { format, under, prefix, wrappers, unreadable, elsewhere, metadata } = checkpoint;
  const tensors = [...checkpoint.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const dtypes: Record<string, number> = {};
  for (const { dtype } of tensors) dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
  const floating = tensors.filter(({ dtype }) => /float/.test(dtype));
  const digest = await sha256OfFile(path);
  const network = recognise(checkpoint);
  return {
    path,
    format,
    bytes: (await stat(path)).size,
    sha256: digest,
    values: floating.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    dtypes,
    tensors,
    under,
    prefix,
    wrappers,
    unreadable: Object.fromEntries(unreadable),
    elsewhere,
    metadata,
    rounding: network?.kind === "known" ? await roundingOfWeights(path, checkpoint) : null,
    network,
    graph: await graphOf(path, format),
    card: cardReport(path, digest, network, cards),
  };
}

function recognise({ format, tensors, metadata }: Checkpoint): Recognition | null {
  const found = identifyNetwork(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  if (found.kind === "known") {
    const { network, prefix, unused } = found;
    return { kind: "known", ...networkReport(network), prefix, unused };
  }
  if (format === "onnx" || format === "tflite") {
    // Graphs that were written here say which network they are.
    const named = networkById(metadata["arcface.network"] ?? "");
    return named ? { kind: "known", ...networkReport(named), prefix: "", unused: [] } : null;
  }
  const { nearest } = found;
  if (!nearest) return { kind: "unknown", nearest: null };
  const { missing, unexpected, different } = nearest.differences;
  return {
    kind: "unknown",
    nearest: {
      id: nearest.network.id,
      prefix: nearest.prefix,
      missing: missing.map(({ name, shape }) => ({ name, shape })),
      unexpected,
      different: different.map(({ parameter, got }) => ({
        name: parameter.name,
        expected: parameter.shape,
        got,
      })),
    },
  };
}

async function roundingOfWeights(path: string, checkpoint: Checkpoint): Promise<number | null> {
  if (checkpoint.format === "onnx" || checkpoint.format === "tflite") return null;
  const { network, prefix } = expectKnown(path, checkpoint);
  const model = toOnnx(network, withoutPrefix(checkpoint.tensors, prefix), {
    foldBatchNorm: false,
    prelu: "plain",
  });
  return await roundingOf(model, { [ONNX_INPUT]: randomInput([1, ...network.input]) });
}

function networkReport(network: Network): NetworkReport {
  const { id, title, embedding, input } = network;
  return {
    id,
    title,
    embedding,
    input,
    parameters: parameterCount(network),
    gmacs: macsOf(network) / 1e9,
  };
}

async function graphOf(path: string, format: CheckpointFormat): Promise<GraphReport | null> {
  if (format === "onnx") {
    const bytes = await bytesOf(path);
    const model = namingFile(path, () => decodeOnnx(bytes));
    const { nodes, inputs, outputs, initializers, opsets, producer } = model;
    const refused = refusalOf(model);
    const constants = new Set(initializers.map((tensor) => tensor.name));
    const side = ({ name, elementType, dims }: (typeof inputs)[number]): GraphSide => ({
      name,
      type: typeName(elementType),
      shape: dims ?? null,
    });
    return {
      opset: opsets[""] ?? opsets["ai.onnx"] ?? null,
      producer,
      refused: refused ? wordsOf(refused) : null,
      inputs: inputs.filter(({ name }) => !constants.has(name)).map(side),
      outputs: outputs.map(side),
      operators: tally(nodes.map(({ op, domain }) => (domain ? `${domain}.${op}` : op))),
    };
  }
  if (format !== "tflite") return null;
  const empty = { opset: null, producer: "", refused: null, inputs: [], outputs: [], operators: null };
  try {
    const { tensors, operators, inputs, outputs } = readTflite(await bytesOf(path));
    const side = (index: number): GraphSide => {
      const { name, shape } = tensors[index]!;
      return { name, type: "float32", shape };
    };
    return {
      ...empty,
      inputs: inputs.map(side),
      outputs: outputs.map(side),
      operators: tally(operators.map(({ kind }) => kind)),
    };
  } catch (thrown) {
    // An operator that cannot be run is no reason not to show the tensors.
    if (thrown instanceof FaceError) return empty;
    throw thrown;
  }
}

function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, i], [b, j]) => j - i || (a < b ? -1 : 1)));
}

function typeName(elementType: number): string {
  return (
    Object.entries(ELEMENT_TYPE).find(([, number]) => number === elementType)?.[0] ?? `type ${elementType}`
  );
}

function cardReport(
  path: string,
  digest: string,
  network: Recognition | null,
  cards: readonly ModelCard[],
): FileReport["card"] {
  const id = network?.kind === "known" ? network.id : undefined;
  const card = cardOfFile({ path, sha256: digest, network: id === undefined ? undefined : { id } }, cards);
  if (!card) return null;
  return {
    id: card.id,
    title: card.title,
    recognisedBy: card.task === "checkpoint" ? "name" : "sha256",
    licence: card.licence,
    presets: card.task === "checkpoint" ? card.presets.map((preset) => `${card.id}/${preset.id}`) : [],
  };
}
