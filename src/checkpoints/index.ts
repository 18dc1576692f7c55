export { ByteCursor } from "./byte-cursor.ts";
export { type ByteSource, bytesSource, openFileSource } from "./byte-source.ts";
export type { Checkpoint, CheckpointFormat } from "./checkpoint.ts";
export { DTYPE_BYTES, type Dtype, toFloat32 } from "./dtype.ts";
export { floatTensorOf, memoryTensor, type NamedTensor } from "./named-tensor.ts";
export { onnxTensors } from "./onnx-weights.ts";
export {
  type CheckpointOptions,
  checkpointFormat,
  expectFormat,
  openCheckpoint,
  readCheckpoint,
} from "./open-checkpoint.ts";
export {
  PickleDict,
  PickleExtension,
  type PickleFunction,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
  type PickleWorld,
  unpickle,
} from "./pickle/index.ts";
export { encodeCheckpoint, type WritableFormat, writeCheckpoint } from "./write-checkpoint.ts";
