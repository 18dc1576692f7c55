import type { Interval } from "./identified-scores.ts";
import { CONFIDENCE } from "./rate-interval.ts";

/** The middle share of values, by linear interpolation; [NaN, NaN] of none. */
export function percentiles(values: readonly number[], confidence = CONFIDENCE): Interval {
  if (values.length === 0) return [Number.NaN, Number.NaN];
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const next = sorted[low + 1] ?? sorted[low]!;
    // Infinite values are values too, and their difference is none.
    return sorted[low]! === next ? next : sorted[low]! + (place - low) * (next - sorted[low]!);
  };
  return [at((1 - confidence) / 2), at((1 + confidence) / 2)];
}
