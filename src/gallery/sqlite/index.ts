export { derivedFolderOf } from "./erasures.ts";
export { SqliteStore } from "./sqlite-store.ts";
