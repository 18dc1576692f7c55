import { FaceError, type WorkOptions } from "../../core/index.ts";
import { ModelStore } from "../../models/index.ts";
import {
  type Examples,
  firstClasses,
  openExamples,
  type PackReport,
  picturesPerClass,
  pixelSet,
  splitByIdentity,
} from "../data/index.ts";
import { DIGIT_SIDE, type Digits, loadMnist } from "../data/mnist.ts";
import type { TrainConfig } from "./config.ts";

/** What a run trains on and what it is measured on. Whoever opens it closes it. */
export interface TrainingData extends Disposable {
  readonly training: Examples;
  /** Faces of people that are not in training, or MNIST's test digits; none when there is no validation. */
  readonly heldOut: Examples | undefined;
  /** Classes with a single picture in training, and those left out for having too few. */
  readonly single: number;
  readonly leftOut: readonly string[];
  /** What happened when a folder had to be aligned and packed first. */
  readonly packed: PackReport | undefined;
}

/** The name of the data that is not a path. */
export const MNIST = "mnist";

/** Opens and divides a run's data. Throws as {@link openExamples} and {@link splitByIdentity} do. */
export async function openTrainingData(
  config: TrainConfig,
  sizePx: number,
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
    return { training, heldOut, single, leftOut, packed: undefined, [Symbol.dispose]() {} };
  }
  const { set, packed } = await openExamples(config.data, { ...options, sizePx });
  try {
    const [, height, width] = set.shape;
    if (height !== sizePx || width !== sizePx) {
      throw new FaceError(
        "MODEL_MISMATCH",
        `${config.data}: expected pictures of ${sizePx}×${sizePx}, as the network takes them, got ${width}×${height}`,
      );
    }
    const people = [...picturesPerClass(set.labels, set.classes.length)].filter((count) => count >= 2).length;
    const tenth = Math.round(people / 10);
    const wanted = validation.heldOut ?? (tenth >= 2 ? tenth : 0);
    const split = splitByIdentity(set, { heldOut: wanted, minImages, seed });
    const { training, single, leftOut } = split;
    const heldOut = wanted > 0 ? firstClasses(split.heldOut, validation.maxFaces) : undefined;
    return { training, heldOut, single, leftOut, packed, [Symbol.dispose]: () => set.close() };
  } catch (thrown) {
    set.close();
    throw thrown;
  }
}

function digitSet({ images, labels }: Digits, count = labels.length) {
  const size = DIGIT_SIDE * DIGIT_SIDE;
  const names = Array.from({ length: 10 }, (_, digit) => String(digit));
  return pixelSet([1, DIGIT_SIDE, DIGIT_SIDE], images.subarray(0, count * size), labels.subarray(0, count), names);
}
