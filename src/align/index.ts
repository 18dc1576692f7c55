export { type AlignedFace, alignFace, asAlignedFace } from "./align-face.ts";
export { fitSimilarity } from "./similarity.ts";
export { alignmentTemplate } from "./template.ts";
