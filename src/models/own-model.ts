import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { z } from "zod";
import { FaceError, reasonOf, systemCode } from "../core/index.ts";
import { decodeOnnx } from "../onnx/index.ts";
import { EmbedderContractSchema, parseContract } from "./card.ts";
import { sha256 } from "./store.ts";

/** Contract fields given by hand, for a network file without a card; a flag beats the card beside the file. */
export interface ContractOptions {
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly layout?: string | undefined;
  readonly sizePx?: number | undefined;
  readonly channels?: string | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly scale?: readonly number[] | undefined;
  readonly dimension?: number | undefined;
}

/** A network of the user's own with everything that is needed to run it. */
export interface OwnModel {
  /** File name and the first digits of its sha256: two files of one name are two models. */
  readonly id: string;
  readonly contract: z.infer<typeof EmbedderContractSchema>;
  readonly data: Uint8Array;
}

/** What a JSON card beside a file may hold; whatever it leaves out has to come by flags. */
const OwnCard = z.strictObject({
  title: z.string().optional(),
  licence: z.unknown().optional(),
  provenance: z.string().optional(),
  contract: z.strictObject({
    template: z.literal("arcface-5-point").optional(),
    input: EmbedderContractSchema.shape.input.partial().optional(),
    output: EmbedderContractSchema.shape.output.partial().optional(),
  }),
});

/** Where the card of a network file is looked for: `model.onnx` → `model.card.json`. */
export function cardPathOf(path: string): string {
  return `${path.slice(0, path.length - extname(path).length)}.card.json`;
}

/**
 * Reads an ONNX network of the user's own and its preprocessing contract, from flags and from a card beside it.
 *
 * Names of input and output may be left out when the graph has one of each. Nothing else is filled in: what the
 * numbers mean cannot be read out of a graph.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL, BAD_CONTRACT listing what is missing
 */
export async function readOwnModel(path: string, options: ContractOptions = {}): Promise<OwnModel> {
  const data = await readFile(path).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", `${path}: expected a network file, got: ${reasonOf(cause)}`, { cause });
  });
  const graph = decodeOnnx(data);
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter((input) => !constants.has(input.name));
  const card = await readCard(cardPathOf(path));
  const soleInput = inputs.length === 1 ? inputs[0] : undefined;
  const soleOutput = graph.outputs.length === 1 ? graph.outputs[0] : undefined;
  const declaredBatch = soleInput?.dims?.[0];
  const contract = {
    template: "arcface-5-point",
    input: {
      name: soleInput?.name,
      ...(typeof declaredBatch === "number" && declaredBatch > 0 ? { maxBatch: declaredBatch } : {}),
      ...card?.input,
      ...defined({
        name: options.input,
        layout: options.layout,
        sizePx: options.sizePx,
        channels: options.channels,
        mean: spread(options.mean),
        scale: spread(options.scale),
      }),
    },
    output: {
      name: soleOutput?.name,
      normalized: false,
      ...card?.output,
      ...defined({ name: options.output, dimension: options.dimension }),
    },
  };
  return {
    id: `${basename(path)}@${sha256(data).slice(0, 12)}`,
    contract: parseContract(
      EmbedderContractSchema,
      contract,
      `${path}: no complete contract in flags or in ${basename(cardPathOf(path))}`,
    ),
    data,
  };
}

/** Whether a model argument means a file rather than a card's id. */
export async function isModelFile(model: string): Promise<boolean> {
  if (/[\\/]/.test(model) || extname(model) !== "") return true;
  const found = await stat(model).catch(() => undefined);
  return found?.isFile() ?? false;
}

async function readCard(path: string): Promise<z.infer<typeof OwnCard>["contract"] | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new FaceError("BAD_FILE", `${path}: expected a readable card, got: ${reasonOf(cause)}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FaceError("BAD_CONTRACT", `${path}: expected JSON, got: ${reasonOf(cause)}`, { cause });
  }
  return parseContract(OwnCard, json, path).contract;
}

/** One figure for all channels, or three. */
function spread(values: readonly number[] | undefined): readonly number[] | undefined {
  return values?.length === 1 ? [values[0]!, values[0]!, values[0]!] : values;
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
