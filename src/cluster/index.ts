/** Unknown faces grouped by person, and how well that went where it is known who is who. */
export { type ClusterOptions, clusterFaces, type FaceToCluster } from "./cluster-faces.ts";
export { type ClusteringScores, type ClusterScore, scoreClustering } from "./score-clustering.ts";
export { expectNewFolder, type GroupFolder, writeGroups } from "./write-groups.ts";
