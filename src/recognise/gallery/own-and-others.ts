import { cosine, type UnitVector } from "../../core/index.ts";

/** A person's images, held against each other and against other people. */
export interface Likeness {
  /** Cosine to the most similar other image of the person; null for the only one. */
  readonly own: number | null;
  /** True if it belongs to the images that resemble one another. */
  readonly belongs: boolean;
}

/**
 * The new images of a person that show the same face.
 *
 * Images are linked from the threshold on. With images that are in the gallery already, those linked to them, directly
 * or through each other, belong; without, the largest linked group does, the earliest of several.
 */
export function likenessOf(
  fresh: readonly UnitVector[],
  known: readonly UnitVector[],
  threshold: number,
): Likeness[] {
  const group = fresh.map((_, i) => i);
  const rootOf = (i: number): number => (group[i] === i ? i : rootOf(group[i]!));
  const own = fresh.map((): number | null => null);
  const raise = (i: number, score: number): void => {
    own[i] = Math.max(own[i] ?? -1, score);
  };
  for (let i = 0; i < fresh.length; i++) {
    for (let j = 0; j < i; j++) {
      const score = cosine(fresh[i]!, fresh[j]!);
      raise(i, score);
      raise(j, score);
      if (score >= threshold) group[rootOf(i)] = rootOf(j);
    }
  }
  const belonging = new Set<number>();
  if (known.length > 0) {
    fresh.forEach((vector, i) => {
      for (const each of known) {
        const score = cosine(vector, each);
        raise(i, score);
        if (score >= threshold) belonging.add(rootOf(i));
      }
    });
  } else {
    const sizes = new Map<number, number>();
    for (let i = 0; i < fresh.length; i++) sizes.set(rootOf(i), (sizes.get(rootOf(i)) ?? 0) + 1);
    const largest = Math.max(0, ...sizes.values());
    const first = fresh.findIndex((_, i) => sizes.get(rootOf(i)) === largest);
    if (first >= 0) belonging.add(rootOf(first));
  }
  return own.map((score, i) => ({ own: score, belongs: belonging.has(rootOf(i)) }));
}
