export { EmbeddingsWriter, readEmbeddings } from "./embeddings-writer.ts";
export { type FaceDescription, type FaceRecord, recordsOf } from "./face-record.ts";
export { formatOf } from "./formats.ts";
