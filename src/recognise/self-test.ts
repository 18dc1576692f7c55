import { asAlignedFace } from "../align/index.ts";
import { cosine, normalize } from "../core/index.ts";
import { RgbImage } from "../image/index.ts";
import { DEFAULT_MODELS, type ModelStore } from "../models/index.ts";
import { openDetector, openEmbedder } from "./open-models.ts";
import { SELF_TEST_VECTOR } from "./self-test-vector.ts";

/** A machine that computes right gives at least this cosine to the known vector. */
export const SELF_TEST_MIN_COSINE = 0.9999;

/** The made-up crop that the known vector belongs to: no photograph, the same bytes everywhere. */
export function selfTestCrop(sizePx = 112): RgbImage {
  const data = Uint8Array.from({ length: sizePx * sizePx * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const x = pixel % sizePx;
    const y = Math.floor(pixel / sizePx);
    return (x * 3 + y * 5 + (i % 3) * 40 + ((x * y) >> 4)) & 255;
  });
  return new RgbImage(sizePx, sizePx, data);
}

/** The network of the self-test: one whose file can be evaluated without the engine. */
export const SELF_TEST_MODEL = "mobilefacenet-192";

/**
 * Runs the default models, so that whatever they need is there from then on, and another network on a known input, which
 * is compared with what the plain evaluator of its file's format gives.
 *
 * Returns   the cosine between the two: 1 up to rounding on a machine that computes right
 * Throws    FaceError for models that cannot be had, read or run
 */
export async function selfTest(store: ModelStore): Promise<number> {
  await runDefaults(store);
  const { embedder } = await openEmbedder(store, SELF_TEST_MODEL);
  try {
    const [vector] = await embedder.embed([asAlignedFace(selfTestCrop())]);
    return cosine(vector!, normalize(Float32Array.from(SELF_TEST_VECTOR)));
  } finally {
    await embedder.close();
  }
}

async function runDefaults(store: ModelStore): Promise<void> {
  const detector = await openDetector(store, DEFAULT_MODELS.detector);
  try {
    await detector.detect(selfTestCrop());
  } finally {
    await detector.close();
  }
  const { embedder } = await openEmbedder(store, DEFAULT_MODELS.embedder);
  try {
    await embedder.embed([asAlignedFace(selfTestCrop())]);
  } finally {
    await embedder.close();
  }
}
