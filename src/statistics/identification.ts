import { FaceError } from "../core/index.ts";
import { rateOfPeople } from "./rate-by-people.ts";
import type { RateInterval } from "./rate-interval.ts";

/** One search of a gallery: how alike its person and the best other person are to the probe. */
export interface GallerySearch {
  /** Number of the person searched for. */
  readonly person: number;
  /** Score of the probe's own person; undefined for a probe whose person is not in the gallery. */
  readonly mate?: number | undefined;
  /** Score of each other person of the gallery, the best of that person's pictures; any order. */
  readonly others: ArrayLike<number>;
}

/** The outcome of a search; made by {@link outcomeOf}, so that the scores need not be held. */
export interface SearchOutcome {
  /** Number of the person searched for, whether enrolled or not: outcomes of one person are not independent. */
  readonly person: number;
  /** 1 when the probe's person scores above everybody else; undefined when that person is not in the gallery. */
  readonly rank: number | undefined;
  readonly mate: number | undefined;
  /** The highest score of somebody else; −Infinity when there is nobody. */
  readonly bestOther: number;
}

/** A search's outcome. Ties count against the probe's person: whoever scores the same stands before. */
export function outcomeOf({ person, mate, others }: GallerySearch): SearchOutcome {
  let bestOther = Number.NEGATIVE_INFINITY;
  let before = 0;
  for (let i = 0; i < others.length; i++) {
    const score = others[i]!;
    if (Number.isNaN(score))
      throw new FaceError("USAGE", { where: "search", expected: "scores", got: `NaN for person ${i}` });
    if (score > bestOther) bestOther = score;
    if (mate !== undefined && score >= mate) before++;
  }
  return { person, rank: mate === undefined ? undefined : before + 1, mate, bestOther };
}

/**
 * Share of the probes with a mate whose mate is among the first k. Closed set: other probes do not count. The interval is
 * that of other people's probes in this gallery.
 */
export function rankAccuracy(outcomes: readonly SearchOutcome[], k: number): RateInterval {
  return shareOf(
    outcomes.filter(({ rank }) => rank !== undefined),
    ({ rank }) => rank! <= k,
  );
}

/** Detection and identification at a false alarm rate, or why there is none. */
export type IdentificationRate =
  | {
      readonly kind: "measured";
      readonly farTarget: number;
      /** The lowest score at which somebody is named; Infinity when only silence stays within the target. */
      readonly threshold: number;
      /** Share of probes with a mate that are given it first, at or above the threshold. */
      readonly dir: RateInterval;
      /** Share of probes without a mate that are given somebody. */
      readonly far: RateInterval;
    }
  | {
      readonly kind: "not-enough-impostors";
      readonly farTarget: number;
      readonly needed: number;
      readonly probesWithoutMate: number;
    };

/**
 * Open set: the largest share of probes named rightly while at most `farTarget` of the strangers are named at all.
 *
 * Source    Phillips, Grother and Micheals, "Evaluation methods in face recognition", 2011: DIR and FAR
 */
export function identificationRate(
  outcomes: readonly SearchOutcome[],
  farTarget: number,
): IdentificationRate {
  const strangers = Float64Array.from(
    outcomes.flatMap(({ mate, bestOther }) => (mate === undefined ? [bestOther] : [])),
  ).sort();
  const needed = Math.max(20, Math.ceil(1 / farTarget - 1e-9));
  if (strangers.length < needed) {
    return { kind: "not-enough-impostors", farTarget, needed, probesWithoutMate: strangers.length };
  }
  const allowed = Math.floor(farTarget * strangers.length * (1 + 1e-12));
  // The threshold has to lie above the first stranger that may not pass.
  const barred = strangers[strangers.length - 1 - allowed] ?? Number.NEGATIVE_INFINITY;
  const mated = outcomes.filter(({ rank }) => rank !== undefined);
  const candidates = outcomes.map(({ mate, bestOther }) =>
    mate === undefined ? bestOther : Math.max(mate, bestOther),
  );
  let threshold = Number.POSITIVE_INFINITY;
  for (const score of candidates) if (score > barred && score < threshold) threshold = score;
  return {
    kind: "measured",
    farTarget,
    threshold,
    dir: shareOf(mated, ({ rank, mate }) => rank === 1 && mate! >= threshold),
    far: shareOf(
      outcomes.filter(({ mate }) => mate === undefined),
      ({ bestOther }) => bestOther >= threshold,
    ),
  };
}

/** The share of outcomes that something holds for, with its interval by person. */
function shareOf(
  outcomes: readonly SearchOutcome[],
  holds: (outcome: SearchOutcome) => boolean,
): RateInterval {
  const rows = new Map(
    [...new Set(outcomes.map(({ person }) => person))].map((person, row) => [person, row]),
  );
  const events = new Float64Array(rows.size);
  const trials = new Float64Array(rows.size);
  for (const outcome of outcomes) {
    const row = rows.get(outcome.person)!;
    trials[row]!++;
    if (holds(outcome)) events[row]!++;
  }
  return rateOfPeople(events, trials);
}
