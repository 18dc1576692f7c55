import envPaths from "env-paths";

/** The platform's cache folder for this library. */
export function defaultCacheFolder(): string {
  return envPaths("arcface", { suffix: "" }).cache;
}

/** Folder in which this user keeps downloads: `ARCFACE_HOME`, else the platform's cache folder. */
export function cacheFolder(): string {
  return process.env["ARCFACE_HOME"] || defaultCacheFolder();
}
