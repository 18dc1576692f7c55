import { extname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { FaceError, parseJson, readText, systemCode } from "../core/index.ts";
import { EmbedderContractSchema, parseContract } from "./card.ts";

/** The evidence behind a measured contract; see `evaluate/`'s probe. */
const Evidence = z.strictObject({
  method: z.string(),
  seed: z.number().int(),
  people: z.number().int(),
  faces: z.number().int(),
  genuinePairs: z.number().int(),
  impostorPairs: z.number().int(),
  candidates: z.array(
    z.strictObject({
      channels: z.enum(["RGB", "BGR"]),
      normalization: z.string(),
      auc: z.number(),
      aucInterval: z.tuple([z.number(), z.number()]),
      dPrime: z.number(),
      dPrimeInterval: z.tuple([z.number(), z.number()]),
      /** The amount by which d′ is less than the best one's, on the same people; an interval with 0 in it decides nothing. */
      behindBest: z.tuple([z.number(), z.number()]),
    }),
  ),
});

/** The fields of a JSON card beside a file; those it leaves out have to come from elsewhere. */
export const OwnCardSchema = z.strictObject({
  title: z.string().optional(),
  licence: z.unknown().optional(),
  provenance: z.string().optional(),
  contract: z.strictObject({
    template: z.literal("arcface-5-point").optional(),
    input: EmbedderContractSchema.shape.input.partial().optional(),
    output: EmbedderContractSchema.shape.output.partial().optional(),
  }),
  evidence: Evidence.optional(),
});

/** A card beside a network file, complete or not. */
export type OwnCard = z.infer<typeof OwnCardSchema>;

/** Path of a network file's card: `model.onnx` → `model.card.json`. */
export function cardPathOf(path: string): string {
  return `${path.slice(0, path.length - extname(path).length)}.card.json`;
}

/** The card beside a network file, if there is one. Throws FaceError BAD_FILE, BAD_CONTRACT. */
export async function readOwnCard(modelPath: string): Promise<OwnCard | undefined> {
  const path = cardPathOf(modelPath);
  let text: string;
  try {
    text = await readText(path);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new FaceError("BAD_FILE", { where: path, expected: "a readable card", cause });
  }
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new FaceError("BAD_CONTRACT", { where: path, expected: "JSON", cause });
  }
  return parseContract(OwnCardSchema, json, path);
}

/** Writes the card beside a network file, whole or not at all, and returns its path. Throws FaceError STORAGE. */
export async function writeOwnCard(modelPath: string, card: OwnCard): Promise<string> {
  const path = cardPathOf(modelPath);
  try {
    await writeFileAtomic(path, `${JSON.stringify(card, undefined, 2)}\n`);
  } catch (cause) {
    throw new FaceError("STORAGE", { where: path, expected: "to write a card", cause });
  }
  return path;
}
