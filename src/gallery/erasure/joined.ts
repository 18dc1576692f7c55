import type { Erasure } from "../store.ts";

/** Several erasures as one, with the date of the last. */
export function joined(erasures: readonly Erasure[]): Erasure {
  const last = erasures.at(-1)!;
  const sum = (of: (erasure: Erasure) => number): number =>
    erasures.reduce((total, erasure) => total + of(erasure), 0);
  return {
    changes: erasures.flatMap(({ changes }) => changes),
    at: last.at,
    people: erasures.flatMap(({ people }) => people),
    faces: sum(({ faces }) => faces),
    crops: sum(({ crops }) => crops),
    logEffects: sum(({ logEffects }) => logEffects),
    searched: erasures.flatMap(({ searched }) => searched),
    notProven: [...new Set(erasures.flatMap(({ notProven }) => notProven))],
    finished: erasures.every(({ finished }) => finished),
  };
}
