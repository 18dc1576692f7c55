import { availableParallelism } from "node:os";
import { FaceError } from "./errors.ts";

/**
 * The number of threads that work gets when it is asked to have so many: never more than there are cores, because more would be
 * slower, and each of them takes memory.
 *
 * @param asked @default as many as `wanted`
 * @param wanted when nobody asks @default one per core
 * Ranges    1…cores
 * Throws    FaceError USAGE for anything but a whole number above 0
 */
export function threadCount(asked: number | undefined, wanted = availableParallelism()): number {
  const threads = asked ?? wanted;
  if (!Number.isSafeInteger(threads) || threads < 1)
    throw new FaceError("USAGE", { where: "threads", expected: "a whole number above 0", got: threads });
  return Math.min(threads, availableParallelism());
}
