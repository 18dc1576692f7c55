export {
  Embedder,
  type EmbedderContract,
  type EmbedOptions,
  type FaceEmbedder,
  type MeasuredVector,
} from "./embedder.ts";
export { FusedEmbedder } from "./fused-embedder.ts";
