import { MNIST, SAMPLE_PHOTOGRAPHS } from "./built-in/data-sets.ts";
import { CENTERFACE, MTCNN, MTCNN_RFB, YUNET } from "./built-in/detectors.ts";
import {
  FR_FEATURE_512,
  FR_FEATURE_AND_MOBILEFACENET,
  IR_SE_50,
  MOBILEFACENET_128,
  MOBILEFACENET_192,
  W600K_R50,
} from "./built-in/embedders.ts";
import type { ModelCard } from "./card.ts";

/** Models that work without being asked for by name. */
export const DEFAULT_MODELS = { detector: MTCNN_RFB.id, embedder: FR_FEATURE_512.id } as const;

/** Every card that comes with the library. */
export const BUILT_IN_CARDS: readonly ModelCard[] = [
  MTCNN_RFB,
  MTCNN,
  CENTERFACE,
  MOBILEFACENET_192,
  FR_FEATURE_512,
  MOBILEFACENET_128,
  FR_FEATURE_AND_MOBILEFACENET,
  W600K_R50,
  IR_SE_50,
  YUNET,
  SAMPLE_PHOTOGRAPHS,
  MNIST,
];
