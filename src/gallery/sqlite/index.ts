export { derivedFolderOf } from "./erase.ts";
export { SqliteStore } from "./sqlite-store.ts";
