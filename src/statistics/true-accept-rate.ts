import { type OperatingPoints, pointsWithin } from "./operating-points.ts";

/** The rates that face recognition is compared at. */
export const FAR_TARGETS = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6] as const;

/** Impostors below which no FAR is given, however large. */
const MIN_IMPOSTORS = 20;

/** The true accept rate at a false accept rate, or why there is none. */
export type TrueAcceptRate =
  | {
      readonly kind: "measured";
      readonly farTarget: number;
      /** The lowest score that is accepted; Infinity when only accepting nothing stays within the target. */
      readonly threshold: number;
      readonly tar: number;
      /** Share of these pairs that the threshold lets through; never above the target. */
      readonly far: number;
      readonly falseAccepts: number;
    }
  | {
      readonly kind: "not-enough-impostors";
      readonly farTarget: number;
      readonly needed: number;
      readonly impostorPairs: number;
    };

/**
 * The largest true accept rate whose false accept rate does not exceed the target.
 *
 * Strict: no interpolation between thresholds, and no "nearest" point that lets through more than was asked. A target
 * of which the data would not hold a single false accept (or fewer than 20 impostors at all) gives no number.
 */
export function trueAcceptRate(points: OperatingPoints, farTarget: number): TrueAcceptRate {
  const { threshold, genuine, impostor, genuinePairs, impostorPairs } = points;
  const needed = Math.max(MIN_IMPOSTORS, Math.ceil(1 / farTarget - 1e-9));
  if (impostorPairs < needed) return { kind: "not-enough-impostors", farTarget, needed, impostorPairs };
  // One part in 10¹² more, for targets like 0.1 that have no exact binary form.
  const last = pointsWithin(impostor, farTarget * impostorPairs * (1 + 1e-12)) - 1;
  const accepted = last < 0 ? 0 : genuine[last]!;
  const falseAccepts = last < 0 ? 0 : impostor[last]!;
  return {
    kind: "measured",
    farTarget,
    threshold: last < 0 ? Number.POSITIVE_INFINITY : threshold[last]!,
    tar: accepted / genuinePairs,
    far: falseAccepts / impostorPairs,
    falseAccepts,
  };
}
