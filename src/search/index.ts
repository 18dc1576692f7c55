export { ExactIndex, type Hit, type SearchOptions } from "./exact-index.ts";
