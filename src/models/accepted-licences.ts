import { join } from "node:path";
import { z } from "zod";
import { parseJson, readText, systemCode } from "../core/index.ts";
import type { ModelCard } from "./card.ts";
import { storageError, writeStored } from "./store-folder.ts";

const Licences = z.strictObject({ accepted: z.array(z.string()) });

/** Records in a store's folder that its user accepts the licences of cards. Throws FaceError STORAGE. */
export async function acceptLicences(home: string, cards: readonly ModelCard[]): Promise<void> {
  const accepted = new Set([...(await acceptedIn(home)), ...cards.map(acceptanceOf)]);
  const text = JSON.stringify({ accepted: [...accepted].sort() }, undefined, 2);
  await writeStored(home, join(home, "licences.json"), text);
}

/** True if the licence of a card was accepted in a store's folder. Throws FaceError STORAGE. */
export async function wasAccepted(home: string, card: ModelCard): Promise<boolean> {
  return (await acceptedIn(home)).includes(acceptanceOf(card));
}

async function acceptedIn(home: string): Promise<readonly string[]> {
  const path = join(home, "licences.json");
  let text: string;
  try {
    text = await readText(path);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw storageError(path, cause);
  }
  try {
    return Licences.parse(parseJson(text)).accepted;
  } catch {
    return [];
  }
}

/** Acceptance is of one licence for one model: a card whose licence changes has to be accepted anew. */
function acceptanceOf(card: ModelCard): string {
  return `${card.id} ${card.licence.id}`;
}
