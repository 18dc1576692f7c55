export { ExactIndex, type ExactIndexOptions } from "./exact-index.ts";
export { ScalarIndex } from "./scalar-index.ts";
export type {
  GroupNeighbour,
  IndexMemory,
  Neighbour,
  NeighbourOptions,
  VectorFilter,
  VectorIndex,
  VectorSource,
} from "./vector-index.ts";
