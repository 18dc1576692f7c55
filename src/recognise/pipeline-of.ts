import { ALIGNMENT_VERSION, CROP_VERSION } from "../align/index.ts";
import { FaceError } from "../core/index.ts";
import { DETECTOR_VERSIONS } from "../detect/index.ts";
import { DEFAULT_MODELS, detectorDigest, type ModelStore, type Pipeline } from "../models/index.ts";
import type { FaceFinderOptions } from "./face-finder.ts";

/** The pipeline of photographs whose faces are found and cut out here. Throws FaceError MODEL_UNKNOWN. */
export function pipelineOf(
  store: ModelStore,
  network: Pick<Pipeline, "model" | "feed">,
  options: FaceFinderOptions & { readonly flip?: boolean | undefined },
): Pipeline {
  return {
    ...network,
    alignment: { template: "arcface-5-point", version: ALIGNMENT_VERSION, crop: CROP_VERSION },
    detector: finderOf(store, options),
    flip: options.flip ?? false,
  };
}

/** The detector that finds faces and landmarks with these options. Throws FaceError MODEL_UNKNOWN, USAGE. */
export function finderOf(
  store: ModelStore,
  { detector = DEFAULT_MODELS.detector, minFacePx, maxSidePx, turned }: FaceFinderOptions,
): NonNullable<Pipeline["detector"]> {
  const card = store.card(detector, "detect");
  if (card.task !== "detect")
    throw new FaceError("USAGE", {
      where: "detector",
      expected: "a model that detects faces",
      got: detector,
    });
  return {
    id: card.id,
    sha256: detectorDigest(card.files, DETECTOR_VERSIONS[card.contract.family]),
    minFacePx: minFacePx ?? null,
    maxSidePx: maxSidePx ?? null,
    turned: turned ?? false,
  };
}

/** The pipeline of pictures that are aligned crops already. */
export function pipelineOfCrops(network: Pick<Pipeline, "model" | "feed">, flip: boolean): Pipeline {
  return { ...network, alignment: null, detector: null, flip };
}
