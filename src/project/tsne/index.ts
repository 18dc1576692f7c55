export type { RepulsionMethod } from "./repulsion.ts";
export { embedTsne, type TsneLayout, type TsneOptions, type TsneSnapshot, tsne } from "./tsne.ts";
