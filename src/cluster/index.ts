/** Unknown faces grouped by person, and how well that went where it is known who is who. */
export { clusterByDensity, type DensityOptions } from "./cluster-by-density.ts";
export { clusterFaces } from "./cluster-faces.ts";
export type { ClusterOptions, FaceToCluster } from "./face-to-cluster.ts";
export {
  type GalleryQuestion,
  GalleryQuestions,
  type QuestionSide,
} from "./gallery-questions.ts";
export type { KnownPair } from "./known-pairs.ts";
export {
  type AskingOrder,
  type FaceToAsk,
  type GroupToAsk,
  type Question,
  type QuestionOptions,
  Questions,
  type Said,
} from "./questions.ts";
export { type FacePlace, type SaidOfFaces, saidOfFaces } from "./said-of-faces.ts";
export { type ClusteringScores, type ClusterScore, scoreClustering } from "./score-clustering.ts";
export { expectNewFolder, type GroupFolder, writeGroups } from "./write-groups.ts";
