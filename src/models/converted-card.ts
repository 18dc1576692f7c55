import { basename } from "node:path";
import { type ModelCard, parseContract } from "./card.ts";
import { formatOf, readModelFile, type Sides } from "./model-file.ts";
import { cardPathOf, OwnCardSchema, readOwnCard, writeOwnCard } from "./own-card.ts";
import { type ContractOptions, cardOfFile, knownContract } from "./own-model.ts";
import { sha256OfFile } from "./sha256.ts";

/**
 * Writes the card of a converted file: what was known of the original, and the sides of what was written.
 *
 * @param converted its network, if known; the graph's sides, none for weights, which have no names
 * Returns   the card's path; null when the original's own card has that name and stays
 * Throws    FaceError BAD_CONTRACT, STORAGE
 */
export async function writeConvertedCard(
  path: string,
  out: string,
  cards: readonly ModelCard[],
  { sides, network }: { readonly sides: Sides | undefined; readonly network: string | null },
  contract: ContractOptions | undefined,
): Promise<string | null> {
  const beside = await readOwnCard(path);
  if (beside && cardPathOf(path) === cardPathOf(out)) return null;
  // Weights of no known network have no contract: only where they come from can be said.
  const from = formatOf(path);
  const graph = from === "onnx" || from === "tflite";
  const file = graph || network !== null ? await readModelFile(path, contract?.under) : undefined;
  const known = file && (await knownContract(file, cards, contract));
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
