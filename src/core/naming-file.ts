import { FaceError } from "./errors.ts";

/** Runs what reads a file; a complaint that does not begin with the file's name gets it in front. */
export function namingFile<T>(name: string, read: () => T): T {
  try {
    const result = read();
    return result instanceof Promise
      ? (result.catch((thrown: unknown) => {
          throw named(name, thrown);
        }) as T)
      : result;
  } catch (thrown) {
    throw named(name, thrown);
  }
}

function named(name: string, thrown: unknown): unknown {
  const about = thrown instanceof FaceError && (thrown.code === "BAD_MODEL" || thrown.code === "BAD_FILE");
  return about ? thrown.withName(name) : thrown;
}
