import { ALIGNMENT_VERSION, CROP_VERSION } from "../align/index.ts";
import { DEFAULT_MODELS, detectorDigest, type ModelStore, type Pipeline } from "../models/index.ts";
import type { FaceFinderOptions } from "./face-finder.ts";

/** The pipeline of photographs whose faces are found and cut out here. Throws FaceError MODEL_UNKNOWN. */
export function pipelineOf(
  store: ModelStore,
  network: Pick<Pipeline, "model" | "feed">,
  options: FaceFinderOptions & { readonly flip?: boolean | undefined },
): Pipeline {
  const card = store.card(options.detector ?? DEFAULT_MODELS.detector);
  return {
    ...network,
    alignment: { template: "arcface-5-point", version: ALIGNMENT_VERSION, crop: CROP_VERSION },
    detector: {
      id: card.id,
      sha256: detectorDigest(card.files),
      minFacePx: options.minFacePx ?? null,
      maxSidePx: options.maxSidePx ?? null,
    },
    flip: options.flip ?? false,
  };
}

/** The pipeline of pictures that are aligned crops already. */
export function pipelineOfCrops(network: Pick<Pipeline, "model" | "feed">, flip: boolean): Pipeline {
  return { ...network, alignment: null, detector: null, flip };
}
