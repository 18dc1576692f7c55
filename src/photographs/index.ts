export { type CsvRow, csvRows, readCsv } from "./csv.ts";
export { listPhotographs, type PhotographList } from "./list-photographs.ts";
export { type PassedOver, type PassedOverFiles, passedOverSentences } from "./passed-over.ts";
export {
  type LabelledPhotograph,
  labelledPhotographs,
  readLookAlikePairs,
  readPeopleCsv,
} from "./people-csv.ts";
export {
  groupByPerson,
  type PeopleFolder,
  type PersonPhotographs,
  peopleFolderSentences,
  readPeopleFolder,
} from "./people-folder.ts";
export { fileIdentityOf, realPathOf } from "./same-file.ts";
export { samplePeople } from "./sample-people.ts";
