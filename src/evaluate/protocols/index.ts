export { readInsightFaceBin } from "./insightface-bin.ts";
export { readLfwPairs } from "./lfw-pairs.ts";
export type { ListedPicture, PairList } from "./pair-list.ts";
export { readPairsCsv } from "./pairs-csv.ts";
export { countPairs, type LabelledPeople, pairsOfPeople, peopleOfFolder } from "./people-pairs.ts";
export { type PictureGroups, readGroups } from "./picture-groups.ts";
export {
  drawTemplatePairs,
  readTemplatePairs,
  readTemplates,
  type Template,
  type TemplateList,
} from "./templates.ts";
