export { type Augmentation, NO_AUGMENTATION } from "./augment/index.ts";
export { type Batch, BatchLoader, type BatchLoaderOptions } from "./batch-loader.ts";
export {
  type ExampleSet,
  type ExampleSource,
  type PictureShape,
  type Pictures,
  picturesPerClass,
} from "./example-set.ts";
export {
  type Examples,
  examplesOf,
  firstClasses,
  readableExamples,
  type Split,
  type SplitOptions,
  splitByIdentity,
} from "./examples.ts";
export { type Replaced, writePlanes } from "./fill-batch.ts";
export { DIGIT_SIDE, type Digits, loadMnist, type Mnist, selectDigits } from "./mnist.ts";
export { type OpenedExamples, openExamples } from "./open-examples.ts";
export { type PackOptions, type PackReport, packFolder } from "./pack-faces.ts";
export type { PackEncoding, PackHeader } from "./pack-format.ts";
export { packRecords } from "./pack-records.ts";
export { openPack, type PackedSet } from "./packed-set.ts";
export { pixelSet } from "./pixel-set.ts";
export { openRecords, type RecordSet } from "./record-set.ts";
export { identitySampler, type Sampler, shuffledSampler } from "./sampler.ts";
