export { elementCount } from "../core/index.ts";
export { disagreement, outputDistance } from "./agreement.ts";
export { withAnyBatch } from "./any-batch.ts";
export { withAnySize } from "./any-size.ts";
export { decodeOnnx } from "./decode.ts";
export { encodeOnnx } from "./encode.ts";
export { expectRunnable, refusalOf } from "./expect-runnable.ts";
export { fetchEngine } from "./fetch-engine.ts";
export { fillBlocks } from "./fill-blocks.ts";
export { foldBatchNorms } from "./fold-batch-norm.ts";
export { type AttributeInput, GraphBuilder } from "./graph-builder.ts";
export { IntegerProduct } from "./integer-product.ts";
export {
  ELEMENT_BYTES,
  ELEMENT_TYPE,
  floatTensor,
  floatValues,
  intTensor,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./model.ts";
export { withUnitOutput } from "./normalize-output.ts";
export { engineInfo, probeProvider } from "./probe.ts";
export { rewritePrelu } from "./rewrite-prelu.ts";
export { outputsOf, roundingOf } from "./rounding.ts";
export { type Feed, type FloatTensor, Session, type SessionOptions } from "./session.ts";
export { type CarriedTensor, StateSession, type StateSessionOptions } from "./state-session.ts";
export { storeAsHalves } from "./store-as-halves.ts";
