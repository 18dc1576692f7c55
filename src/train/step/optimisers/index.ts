export { type AdamWOptions, adamW } from "./adamw.ts";
export { clipped } from "./clip.ts";
export { type LarsOptions, lars } from "./lars.ts";
export type { Optimiser, Trained, WeightDecay } from "./optimiser.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
