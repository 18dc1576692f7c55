export { answerPage } from "./answer-page.ts";
export { type PageFile, type PageFiles, readPage } from "./page-files.ts";
