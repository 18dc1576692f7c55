export { Embedder, type EmbedderContract, type EmbedOptions, type MeasuredVector } from "./embedder.ts";
