export type { PickleFunction } from "./globals.ts";
export { type PickleWorld, unpickle } from "./unpickle.ts";
export {
  PickleDict,
  PickleExtension,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./values.ts";
