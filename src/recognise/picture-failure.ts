import { FaceError, reasonOf, sentenceOf, systemCode } from "../core/index.ts";

/**
 * Whatever was thrown over one picture of a batch, as an error of that picture: the rest goes on. What is neither this
 * library's nor the operating system's is a defect, and says so with the picture's name.
 */
export function failureOf(thrown: unknown, path: string): FaceError {
  if (thrown instanceof FaceError) return thrown;
  return systemCode(thrown) === undefined
    ? new FaceError("INTERNAL", `${path}: internal: ${sentenceOf(thrown)}`, { cause: thrown })
    : new FaceError("BAD_FILE", `${path}: expected a readable file, got: ${reasonOf(thrown)}`, {
        cause: thrown,
      });
}
