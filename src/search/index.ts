export { ApproximateIndex, type ApproximateIndexOptions, measureRecall } from "./approximate-index.ts";
export { ExactIndex, type ExactIndexOptions, type SearchWork } from "./exact-index.ts";
export { type IndexShape, measureIndexShape } from "./index-shape.ts";
export { measureSearch, type SearchFigures } from "./measure-search.ts";
export { ScalarIndex } from "./scalar-index.ts";
export { SyntheticPeople, type SyntheticPeopleOptions } from "./synthetic-people.ts";
export type {
  GroupNeighbour,
  IndexMemory,
  Neighbour,
  NeighbourOptions,
  VectorFilter,
  VectorIndex,
  VectorSource,
} from "./vector-index.ts";
