import { stat } from "node:fs/promises";
import { extname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import {
  type Checkpoint,
  type CheckpointFormat,
  memoryTensor,
  type NamedTensor,
  openCheckpoint,
  writeCheckpoint,
} from "../checkpoints/index.ts";
import { FaceError, toFloat16 } from "../core/index.ts";
import { identifyNetwork } from "../networks/index.ts";
import type { ModelCard } from "./card.ts";
import { convertGraph, type GraphOptions } from "./convert-graph.ts";
import { writeConvertedCard } from "./converted-card.ts";
import { formatOf, type Sides } from "./model-file.ts";
import { cardPathOf } from "./own-card.ts";
import type { ContractOptions } from "./own-model.ts";
import { placeOf } from "./prepare-checkpoint.ts";
import { sha256OfFile } from "./sha256.ts";

/** Options for writing a file in another format. */
export interface ConvertOptions extends GraphOptions {
  /** Contract fields for the card that nothing else gives. */
  readonly contract?: ContractOptions | undefined;
}

/** The report of what was written. */
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
  /** Notes for a person: parts left out, steps that could not be done. */
  readonly notes: readonly string[];
}

const LARGEST_HALF = 65_504;

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
  const card = await writeConvertedCard(path, out, cards, written, options.contract);
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
  const { onnx, ...written } = await convertGraph(path, options);
  await writeFileAtomic(out, Buffer.from(onnx.buffer, onnx.byteOffset, onnx.byteLength)).catch(
    (cause: unknown) => {
      throw new FaceError("STORAGE", { where: out, expected: "to write a network", cause });
    },
  );
  return written;
}

function writeTensors(
  path: string,
  out: string,
  to: "safetensors" | "pytorch-zip",
  from: CheckpointFormat,
  options: ConvertOptions,
): Written {
  using checkpoint = openCheckpoint(path, placeOf(options.under));
  const { tensors, network, unused } = ownTensors(checkpoint);
  const notes = [...checkpoint.unreadable].map(([name, what]) => `left out: "${name}", ${what}`);
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
  const found = identifyNetwork(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  if (found.kind === "unknown") return { tensors: [...tensors.values()], network: null, unused: [] };
  const unused = new Set(found.unused);
  const own = [...tensors.values()]
    .filter(({ name }) => !unused.has(name))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice(found.prefix.length) }));
  return { tensors: own, network: found.network.id, unused: found.unused };
}

/** A float32 tensor rounded to halves when it is written; one with a value too large for that, and others, as they are. */
function asHalf(tensor: NamedTensor): NamedTensor {
  if (tensor.dtype !== "float32") return tensor;
  if (!tensor.floats().every((value) => Math.abs(value) <= LARGEST_HALF)) return tensor;
  const halves = (): NamedTensor => {
    const { buffer } = toFloat16(tensor.floats());
    return memoryTensor(tensor.name, "float16", tensor.shape, new Uint8Array(buffer));
  };
  return { ...tensor, dtype: "float16", bytes: () => halves().bytes(), floats: () => halves().floats() };
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
      throw new FaceError("USAGE", {
        where: out,
        expected: "a name ending in .onnx, .safetensors, .pth or .pt",
        got: "another",
      });
  }
}

/** The input is never written over, whatever names lead to it. */
async function expectOther(path: string, out: string): Promise<void> {
  const [a, b] = [await stat(path), await stat(out).catch(() => undefined)];
  if (b && a.dev === b.dev && a.ino === b.ino) {
    throw new FaceError("USAGE", {
      where: out,
      expected: "another file than the input",
      got: "the same one",
    });
  }
}
