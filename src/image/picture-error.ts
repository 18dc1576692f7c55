import { FaceError, reasonOf } from "../core/index.ts";

/** A decoder's error as one about the picture. */
export function pictureError(where: string, maxPixels: number, cause: unknown): FaceError {
  if (cause instanceof FaceError) return cause;
  const reason = reasonOf(cause);
  const fault = /pixel limit/i.test(reason)
    ? { expected: `at most ${maxPixels} pixels`, got: "more" }
    : /^timeout/i.test(reason)
      ? { expected: "a picture that is decoded in time", got: `one that was not (${reason})` }
      : { expected: "a whole picture", got: `a damaged one (${reason})` };
  return new FaceError("BAD_IMAGE", { where, ...fault, cause });
}
