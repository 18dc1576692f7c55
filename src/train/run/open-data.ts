import { FaceError, type WorkOptions } from "../../core/index.ts";
import { ModelStore } from "../../models/index.ts";
import {
  DIGIT_SIDE,
  type Digits,
  type Examples,
  firstClasses,
  loadMnist,
  openExamples,
  type PackReport,
  type PictureShape,
  picturesPerClass,
  pixelSet,
  readableExamples,
  splitByIdentity,
} from "../data/index.ts";
import type { TrainConfig } from "./config.ts";

/** The data that a run trains on and is measured on. Whoever opens it closes it. */
export interface TrainingData extends Disposable {
  readonly training: Examples;
  /** Faces of people that are not in training, or MNIST's test digits; none when there is no validation. */
  readonly heldOut: Examples | undefined;
  /** Errors of the held-out pictures that could not be read and were left out. */
  readonly unreadable: readonly FaceError[];
  /** Classes with a single picture in training, and those left out for having too few. */
  readonly single: number;
  readonly leftOut: readonly string[];
  /** The report of a folder that had to be aligned and packed first. */
  readonly packed: PackReport | undefined;
}

/** The name of the data that is not a path. */
export const MNIST = "mnist";

/** Opens and divides a run's data. Throws as {@link openExamples} and {@link splitByIdentity} do. */
export async function openTrainingData(
  config: TrainConfig,
  shape: PictureShape,
  options: WorkOptions & { readonly store?: ModelStore | undefined } = {},
): Promise<TrainingData> {
  const { minImages, seed, validation } = config;
  if (config.data === MNIST) {
    const { train, test } = await loadMnist(options.store ?? new ModelStore(), options);
    const { training, single, leftOut } = splitByIdentity(digitSet(train), { minImages, seed });
    const heldOut =
      validation.heldOut === 0
        ? undefined
        : splitByIdentity(digitSet(test, Math.min(validation.maxFaces, test.count)), { seed }).training;
    return { training, heldOut, unreadable: [], single, leftOut, packed: undefined, [Symbol.dispose]() {} };
  }
  const { set, packed } = await openExamples(config.data, {
    store: options.store,
    signal: options.signal,
    onProgress: options.onProgress,
    sizePx: shape[1],
  });
  try {
    if (set.shape.join() !== shape.join()) {
      throw new FaceError("MODEL_MISMATCH", {
        where: config.data,
        expected: `${described(shape)}, as the network takes them`,
        got: described(set.shape),
      });
    }
    const people = [...picturesPerClass(set.labels, set.classes.length)].filter((count) => count >= 2).length;
    const tenth = Math.round(people / 10);
    const wanted = validation.heldOut ?? (tenth >= 2 ? tenth : 0);
    const split = splitByIdentity(set, { heldOut: wanted, minImages, seed });
    const { training, single, leftOut } = split;
    const { examples: heldOut, unreadable } =
      wanted > 0
        ? await readableExamples(firstClasses(split.heldOut, validation.maxFaces), options.signal)
        : { examples: undefined, unreadable: [] };
    return { training, heldOut, unreadable, single, leftOut, packed, [Symbol.dispose]: () => set.close() };
  } catch (thrown) {
    set.close();
    throw thrown;
  }
}

function digitSet({ images, labels }: Digits, count = labels.length) {
  const size = DIGIT_SIDE * DIGIT_SIDE;
  const names = Array.from({ length: 10 }, (_, digit) => String(digit));
  return pixelSet(
    [1, DIGIT_SIDE, DIGIT_SIDE],
    images.subarray(0, count * size),
    labels.subarray(0, count),
    names,
  );
}

function described([channels, height, width]: PictureShape): string {
  return `${channels === 1 ? "grey" : "RGB"} pictures of ${width}×${height}`;
}
