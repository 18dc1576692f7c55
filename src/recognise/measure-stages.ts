import { alignFace } from "../align/index.ts";
import { throwIfAborted, type WorkOptions } from "../core/index.ts";
import { readImage } from "../image/index.ts";
import { DEFAULT_MODELS, type ModelStore } from "../models/index.ts";
import { openDetector, openEmbedder } from "./open-models.ts";

/** The times of the stages of an image's journey, in milliseconds, one entry a repetition. */
export interface StageFigures {
  readonly detector: string;
  readonly model: string;
  readonly photographs: number;
  readonly faces: number;
  /** Reading, checking and decoding a photograph. */
  readonly readMs: readonly number[];
  /** Finding the faces of a photograph. */
  readonly detectMs: readonly number[];
  /** Cutting out one face. */
  readonly alignMs: readonly number[];
  /** Embedding one face, alone. */
  readonly embedMs: readonly number[];
}

/**
 * Measures the stages one after the other on photographs, on one thread.
 *
 * @param options.rounds how often each photograph is gone through, after one round that is not counted
 * Throws    as `Recognizer.faces`, and ABORTED
 */
export async function measureStages(
  store: ModelStore,
  paths: readonly string[],
  options: WorkOptions & {
    readonly rounds: number;
    readonly detector?: string | undefined;
    readonly model?: string | undefined;
  },
): Promise<StageFigures> {
  const { rounds, signal, onProgress, detector: detectorId = DEFAULT_MODELS.detector } = options;
  const detector = await openDetector(store, detectorId, options);
  const { embedder } = await openEmbedder(store, options.model ?? DEFAULT_MODELS.embedder, {}, options);
  const times = { readMs: [], detectMs: [], alignMs: [], embedMs: [] } as Record<
    "readMs" | "detectMs" | "alignMs" | "embedMs",
    number[]
  >;
  let faces = 0;
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [i, path] of paths.entries()) {
        throwIfAborted(signal);
        const counted = round > 0;
        const time = async <T>(stage: keyof typeof times, work: () => T | Promise<T>): Promise<T> => {
          const start = performance.now();
          const result = await work();
          if (counted) times[stage].push(performance.now() - start);
          return result;
        };
        const image = await time("readMs", () => readImage(path));
        const found = await time("detectMs", () => detector.detect(image));
        for (const { landmarks } of found) {
          const size = embedder.sizePx;
          const crop = await time("alignMs", () => alignFace(image, landmarks, size));
          await time("embedMs", () => embedder.embed([crop]));
        }
        if (round === 0) faces += found.length;
        onProgress?.({
          stage: "photographs",
          done: round * paths.length + i + 1,
          total: (rounds + 1) * paths.length,
        });
      }
    }
  } finally {
    await Promise.all([detector.close(), embedder.close()]);
  }
  return { detector: detectorId, model: embedder.id, photographs: paths.length, faces, ...times };
}
