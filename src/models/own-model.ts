import { basename } from "node:path";
import type { z } from "zod";
import { FaceError } from "../core/index.ts";
import { EmbedderContractSchema, type ModelCard, type Preset, parseContract } from "./card.ts";
import { type ModelFile, readModelFile } from "./model-file.ts";
import { cardPathOf, readOwnCard } from "./own-card.ts";

/** Contract fields given by hand, for a network file without a card; a flag beats every card. */
export interface ContractOptions {
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly layout?: string | undefined;
  readonly sizePx?: number | undefined;
  readonly channels?: string | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly scale?: readonly number[] | undefined;
  readonly dimension?: number | undefined;
  /** `CARD/PRESET`, `ir-se-50/bgr` for example: channel order and normalisation of a card that has several. */
  readonly preset?: string | undefined;
  /** Dictionary of weights to take from a PyTorch file with several, by its dotted keys: `ema`, for example. */
  readonly under?: string | undefined;
}

/** A network of the user's own with everything that is needed to run it. */
export interface OwnModel {
  /** File name and the first digits of its sha256: two files of one name are two models. */
  readonly id: string;
  readonly contract: z.infer<typeof EmbedderContractSchema>;
  readonly file: ModelFile;
  /** The built-in card with this file's sha256; its licence counts wherever the file came from. */
  readonly card: ModelCard | undefined;
}

/** A contract as far as it is known. */
export interface KnownContract {
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
}

/**
 * Reads a network file of the user's own and its preprocessing contract.
 *
 * A known network's weights settle size, dimension, layout and names; a graph the names where it has one input and one
 * output. Channel order and normalisation are never filled in: they come from flags, a preset, the card beside
 * the file, a card with the file's sha256, or a card that knows network and file name.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL, BAD_CONTRACT listing what is missing or contradicts the network
 */
export async function readOwnModel(
  path: string,
  cards: readonly ModelCard[],
  options: ContractOptions = {},
): Promise<OwnModel> {
  const file = await readModelFile(path, options.under);
  if (file.network && file.network.input[0] !== 3) {
    const { id, input } = file.network;
    throw new FaceError("BAD_MODEL", {
      where: path,
      expected: "a network for colour pictures",
      got: `${id}, which takes [${input.join(", ")}]`,
    });
  }
  const known = await knownContract(file, cards, options);
  const contract = parseContract(
    EmbedderContractSchema,
    { template: "arcface-5-point", ...known },
    `${path}: no complete contract in flags or in ${basename(cardPathOf(path))}`,
    `"arcface inspect ${path} --probe DIR" measures channels, mean and scale on photographs of people you know`,
  );
  expectAgreement(file, contract);
  const card = cardOfFile(file, cards);
  return {
    id: `${basename(path)}${file.under === undefined ? "" : `:${file.under}`}@${file.sha256.slice(0, 12)}`,
    contract,
    file,
    card: card?.files?.some(({ sha256 }) => sha256 === file.sha256) ? card : undefined,
  };
}

/**
 * A file's contract as far as it is known from everywhere it may come from, the strongest last.
 *
 * Throws    FaceError BAD_FILE, BAD_CONTRACT for a card that cannot be read, USAGE for a preset that does not exist
 */
export async function knownContract(
  file: ModelFile,
  cards: readonly ModelCard[],
  options: ContractOptions = {},
): Promise<KnownContract> {
  const beside = (await readOwnCard(file.path))?.contract;
  const card = cardOfFile(file, cards);
  const builtIn = card?.task === "embed" ? card.contract : undefined;
  const byName = card?.task === "checkpoint" ? fieldsOf(card.presets[0]!) : undefined;
  const chosen = options.preset === undefined ? undefined : fieldsOf(presetOf(options.preset, file, cards));
  const { name, maxBatch } = file.sides.input;
  const own = file.network
    ? file.sides
    : {
        input: defined({ name, maxBatch, ...(file.format === "tflite" ? file.sides.input : {}) }),
        output: defined({
          name: file.sides.output.name,
          ...(file.format === "tflite" ? file.sides.output : {}),
        }),
      };
  return {
    input: {
      ...own.input,
      ...byName,
      ...builtIn?.input,
      ...beside?.input,
      ...chosen,
      ...defined({
        name: options.input,
        layout: options.layout,
        sizePx: options.sizePx,
        channels: options.channels,
        mean: spread(options.mean),
        scale: spread(options.scale),
      }),
      // Weights have no names for their sides: those of the graph that is written for them are the only ones.
      ...(file.network ? { name } : {}),
    },
    output: {
      normalized: false,
      ...own.output,
      ...builtIn?.output,
      ...beside?.output,
      ...defined({ name: options.output, dimension: options.dimension }),
      ...(file.network ? { name: file.sides.output.name } : {}),
    },
  };
}

/** The built-in card of a file: by its sha256, or by network and file name where no sha256 is known. */
export function cardOfFile(
  file: {
    readonly path: string;
    readonly sha256: string;
    readonly network?: { readonly id: string } | undefined;
  },
  cards: readonly ModelCard[],
): ModelCard | undefined {
  return (
    cards.find((card) => card.files.some((known) => known.sha256 === file.sha256)) ??
    cards.find(
      (card) =>
        card.task === "checkpoint" &&
        card.network === file.network?.id &&
        card.fileNames.includes(basename(file.path)),
    )
  );
}

/** Every preset there is, as `--preset` takes it. */
export function presetNames(cards: readonly ModelCard[]): string[] {
  return cards.flatMap((card) =>
    card.task === "checkpoint" ? card.presets.map((preset) => `${card.id}/${preset.id}`) : [],
  );
}

function presetOf(name: string, file: ModelFile, cards: readonly ModelCard[]): Preset {
  for (const card of cards) {
    if (card.task !== "checkpoint") continue;
    const preset = card.presets.find(({ id }) => `${card.id}/${id}` === name);
    if (!preset) continue;
    if (file.network && file.network.id !== card.network) {
      throw new FaceError("BAD_CONTRACT", {
        where: file.path,
        expected: `weights of ${card.network} for preset ${name}`,
        got: file.network.id,
      });
    }
    return preset;
  }
  throw new FaceError("USAGE", {
    where: "preset",
    expected: `one of ${presetNames(cards).join(", ")}`,
    got: `"${name}"`,
  });
}

function fieldsOf({ channels, mean, scale }: Preset): Record<string, unknown> {
  return { channels, mean, scale };
}

/** A contract may not say otherwise about a network's sizes than the network itself. */
function expectAgreement(file: ModelFile, contract: OwnModel["contract"]): void {
  const { network, sides } = file;
  if (!network) return;
  const complaints = [
    ["input.layout", sides.input.layout, contract.input.layout],
    ["input.sizePx", sides.input.sizePx, contract.input.sizePx],
    ["output.dimension", sides.output.dimension, contract.output.dimension],
  ].filter(([, settled, given]) => settled !== given);
  const [first] = complaints;
  if (!first) return;
  throw new FaceError("BAD_CONTRACT", {
    where: `${file.path}: ${first[0]}`,
    expected: `${first[1]}, as ${network.id} has it`,
    got: `${first[2]}`,
  });
}

/** One figure for all channels, or three. */
function spread(values: readonly number[] | undefined): readonly number[] | undefined {
  return values?.length === 1 ? [values[0]!, values[0]!, values[0]!] : values;
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
