import { FaceError } from "./errors.ts";

/**
 * Checks a tensor's shape at a door against a pattern of numbers and letters, and returns what the letters mean.
 *
 * A letter stands for the same size wherever it appears; pass the result on to hold several tensors to one meaning:
 * `const dims = expectShape("cosine", a, ["N", "C"]); expectShape("labels", b, ["N"], dims)`.
 *
 * Throws    FaceError SHAPE
 */
export function expectShape(
  where: string,
  actual: readonly number[],
  pattern: readonly (number | string)[],
  known: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const bound: Record<string, number> = { ...known };
  const fits =
    actual.length === pattern.length &&
    pattern.every((want, axis) => {
      const got = actual[axis]!;
      if (typeof want === "number") return got === want;
      const meaning = bound[want];
      if (meaning !== undefined) return got === meaning;
      bound[want] = got;
      return true;
    });
  if (!fits) {
    const wanted = pattern.map((p) => (typeof p === "string" && p in known ? `${p}=${known[p]}` : String(p)));
    throw new FaceError("SHAPE", `${where}: expected [${wanted.join(", ")}], got [${actual.join(", ")}]`);
  }
  return bound;
}

/** How many elements a shape holds: 1 for a single number, which has no axes. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
