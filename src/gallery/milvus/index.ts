export { MilvusStore } from "./milvus-store.ts";
