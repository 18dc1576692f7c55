import { FaceError, internal, sentenceOf, systemCode } from "../core/index.ts";

/**
 * Whatever was thrown over one picture of a batch, as an error of that picture: the rest goes on. What is neither this
 * library's nor the operating system's is a defect, and says so with the picture's name.
 */
export function failureOf(thrown: unknown, path: string): FaceError {
  if (thrown instanceof FaceError) return thrown;
  return systemCode(thrown) === undefined
    ? internal(sentenceOf(thrown), thrown).withName(path)
    : new FaceError("BAD_FILE", { where: path, expected: "a readable file", cause: thrown });
}
