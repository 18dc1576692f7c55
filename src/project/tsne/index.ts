export type { RepulsionMethod } from "./repulsion.ts";
export { type Reference, type TsneTransformOptions, tsneTransform } from "./transform.ts";
export { embedTsne, type TsneLayout, type TsneOptions, type TsneSnapshot, tsne } from "./tsne.ts";
