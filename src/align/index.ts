export { ALIGNMENT_VERSION, type AlignedFace, alignFace, asAlignedFace, CROP_VERSION } from "./align-face.ts";
export { cutFaces, type FacePart, facePart } from "./cut-faces.ts";
export { type HeadPose, headPose } from "./head-pose.ts";
export { fitSimilarity } from "./similarity.ts";
export { alignmentTemplate } from "./template.ts";
