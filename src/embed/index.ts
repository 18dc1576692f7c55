export { Embedder, type EmbedderContract, type EmbedOptions } from "./embedder.ts";
