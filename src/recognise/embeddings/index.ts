export {
  EmbeddingsWriter,
  openEmbeddings,
  readEmbeddings,
} from "./embeddings-writer.ts";
export { type FaceDescription, type FaceRecord, placeOf, recordsOf } from "./face-record.ts";
export { type EmbeddingsFile, formatOf, writeEmbeddings } from "./formats.ts";
export type { MadeBy } from "./header.ts";
export { type LabelledVectors, type ReadVectorsOptions, readVectors } from "./read-vectors.ts";
export type { DonePhotograph } from "./working-file.ts";
