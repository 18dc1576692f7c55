import { FaceError } from "../core/index.ts";
import type { ModelCard } from "./card.ts";
import { fusionOf, networkOf, type Pipeline } from "./pipeline.ts";
import type { ModelStore } from "./store.ts";

/** The part of a pipeline that a card's network settles. Throws FaceError USAGE for a card that embeds no faces. */
export function networkOfCard(store: ModelStore, card: ModelCard): Pick<Pipeline, "model" | "feed"> {
  if (card.task === "fusion") {
    return fusionOf(
      card.id,
      store.partsOf(card.id).map((part) => networkOfCard(store, part)),
    );
  }
  if (card.task !== "embed")
    throw new FaceError("USAGE", { where: "model", expected: "a model that embeds faces", got: card.id });
  return networkOf(card.id, card.files[0]!.sha256, card.contract);
}
