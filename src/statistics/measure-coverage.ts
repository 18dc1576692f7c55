import { seeded } from "../core/index.ts";
import {
  acceptInterval,
  accuracyInterval,
  areaInterval,
  areaUnderCurve,
  curveThresholds,
  eachTwoPeople,
  equalErrorInterval,
  equalErrorRate,
  errorCountsAt,
  errorVersusReject,
  exactAccuracy,
  falseMatchRate,
  falseNonMatchRate,
  groupErrors,
  type IdentifiedScores,
  type Interval,
  jackknifeInterval,
  localLikelihoods,
  meanByPeople,
  operatingPoints,
  operatingPointsOf,
  outcomeOf,
  PairTally,
  type RateInterval,
  rankAccuracy,
  separations,
  stratifiedFolds,
  type TalliedScores,
  tallyScores,
  thresholdInterval,
  trueAcceptRate,
} from "./index.ts";
import { allPairs, type Crowd, drawCrowd, populationScores, sparsePairs } from "./made-people.ts";

/** The frequency with which an interval held the truth. */
export interface Held {
  readonly held: number;
  readonly of: number;
}

/** The frequency with which each kind of interval held what is true of the population that samples were drawn from. */
export class Coverage {
  readonly figures = new Map<string, Held>();

  add(what: string, interval: Interval | RateInterval, truth: number): void {
    const [low, high] = "low" in interval ? [interval.low, interval.high] : interval;
    this.count(what, low <= truth && truth <= high);
  }

  count(what: string, held: boolean): void {
    const before = this.figures.get(what) ?? { held: 0, of: 0 };
    this.figures.set(what, { held: before.held + Number(held), of: before.of + 1 });
  }

  /**
   * Those that held the truth less often than 95 % intervals do, by more than `deviations` of what so many samples vary by.
   */
  tooSeldom(deviations: number): string[] {
    return [...this.figures]
      .filter(([, { held, of }]) => held / of < 0.95 - deviations * Math.sqrt((0.95 * 0.05) / of))
      .map(([what, { held, of }]) => `${what}: ${held} of ${of}`);
  }
}

/** Samples of one kind: so many people with so many faces, and which pairs of faces. */
export interface Regime {
  readonly name: string;
  readonly people: number;
  readonly faces: (person: number) => number;
  readonly pairs: "all" | "some";
  /** True if every two people weigh the same, however many faces there are of them. */
  readonly byPeople?: boolean;
}

/** The kinds of samples that intervals are tried on. */
export const REGIMES: readonly Regime[] = [
  { name: "10 people with 4", people: 10, faces: () => 4, pairs: "all" },
  { name: "30 people with 4", people: 30, faces: () => 4, pairs: "all" },
  { name: "30 people with 2 to 10", people: 30, faces: (p) => 2 + ((7 * p) % 9), pairs: "all" },
  {
    name: "30 people with 2 to 10, weighing the same",
    people: 30,
    faces: (p) => 2 + ((7 * p) % 9),
    pairs: "all",
    byPeople: true,
  },
  { name: "100 people with 2", people: 100, faces: () => 2, pairs: "all" },
  { name: "300 people, few pairs each", people: 300, faces: () => 2, pairs: "some" },
];

const FARS = [0.1, 0.01, 0.001] as const;
/** Thresholds of a user's own, where errors are frequent, rare, and none at all in most samples. */
const FIXED = [0.1, 0.4, 0.65, 0.8, 0.9] as const;
/** Impostor pairs of a list with few of each person. */
const SOME = 225;

/** The truth about the population that samples are drawn from. */
interface Truth {
  readonly auc: number;
  readonly eer: number;
  readonly tar: readonly { readonly tar: number; readonly threshold: number }[];
  readonly at: (threshold: number) => { readonly fmr: number; readonly fnmr: number };
}

let known: Truth | undefined;

function truth(): Truth {
  if (known) return known;
  const population = operatingPointsOf(...populationScores(20_000, 1_000_000));
  known = {
    auc: areaUnderCurve(population),
    eer: equalErrorRate(population).rate,
    tar: FARS.map((far) => {
      const rate = trueAcceptRate(population, far);
      return rate.kind === "measured" ? rate : undefined!;
    }),
    at: (threshold) => {
      const { falseMatches, falseNonMatches } = errorCountsAt(population, threshold);
      return {
        fmr: falseMatches / population.impostorPairs,
        fnmr: falseNonMatches / population.genuinePairs,
      };
    },
  };
  return known;
}

/** Intervals of verification: rates, thresholds, curves, accuracy. */
export function verificationCoverage(regime: Regime, samples: number, seed = 0): Coverage {
  const coverage = new Coverage();
  for (let sample = 0; sample < samples; sample++) {
    const crowd = drawCrowd(regime.people, regime.faces, seeded(9000 + 7 * sample + seed));
    const pairs = regime.pairs === "all" ? allPairs(crowd) : sparsePairs(crowd, SOME, seeded(sample));
    if (regime.byPeople) addRates(coverage, tallyByPeople(pairs), FIXED);
    else addAll(coverage, pairs, sample);
  }
  return coverage;
}

function addAll(coverage: Coverage, pairs: IdentifiedScores, sample: number): void {
  const points = operatingPoints(pairs);
  const eer = equalErrorRate(points);
  const rates = FARS.map((far) => trueAcceptRate(points, far));
  const tallied = tallyScores(pairs, [
    ...curveThresholds(points),
    ...FIXED,
    eer.threshold,
    ...rates.flatMap((rate) => (rate.kind === "measured" ? rate.threshold : [])),
  ]);
  addRates(coverage, tallied, FIXED);
  const fold = stratifiedFolds(pairs.same, 5, seeded(sample));
  const accuracy = exactAccuracy(pairs, fold);
  const genuine = points.genuinePairs / pairs.scores.length;
  const expected = accuracy.folds.reduce((sum, { threshold, pairs: count }) => {
    const { fmr, fnmr } = truth().at(threshold);
    return sum + (count / pairs.scores.length) * (1 - genuine * fnmr - (1 - genuine) * fmr);
  }, 0);
  coverage.add("accuracy", accuracyInterval(pairs, fold, accuracy), expected);
  coverage.add("AUC", areaInterval(pairs, points), truth().auc);
  coverage.add("EER", equalErrorInterval(tallied, eer, points), truth().eer);
  rates.forEach((rate, i) => {
    if (rate.kind !== "measured" || rate.threshold > 1) return;
    const { tar } = truth().tar[i]!;
    coverage.add(`TAR at FAR ${FARS[i]}`, acceptInterval(tallied, rate.threshold, FARS[i]!), tar);
    const own = truth().at(rate.threshold);
    coverage.add(`FMR at the threshold for ${FARS[i]}`, falseMatchRate(tallied, rate.threshold), own.fmr);
    coverage.add(
      `FNMR at the threshold for ${FARS[i]}`,
      falseNonMatchRate(tallied, rate.threshold),
      own.fnmr,
    );
  });
}

/** Rates at fixed thresholds, where thresholds lie, and whether "at most" holds. */
function addRates(coverage: Coverage, tallied: TalliedScores, fixed: readonly number[]): void {
  for (const threshold of fixed) {
    const { fmr, fnmr } = truth().at(threshold);
    coverage.add(`FMR of ${shown(fmr)}`, falseMatchRate(tallied, threshold), fmr);
    coverage.add(`FNMR of ${shown(fnmr)}`, falseNonMatchRate(tallied, threshold), fnmr);
  }
  for (const [i, far] of FARS.entries()) {
    if (tallied.impostor.pairs * far < 1) continue;
    const threshold = thresholdInterval(tallied, far);
    coverage.add(`threshold for ${far}`, threshold, truth().tar[i]!.threshold);
    coverage.count(`at most ${far}`, threshold[1] > 1 || truth().at(threshold[1]).fmr <= far);
  }
}

const shown = (rate: number): string => `${Number((100 * rate).toPrecision(2))} %`;

/** Steps of a unit of the cosine, as calibrations have them. */
const STEPS = 200;

function tallyByPeople(pairs: IdentifiedScores): TalliedScores {
  const grid = Float64Array.from({ length: 2 * STEPS + 1 }, (_, i) => (i - STEPS) / STEPS);
  const [genuine, impostor] = [new PairTally(grid, pairs.people), new PairTally(grid, pairs.people)];
  eachTwoPeople(pairs, (a, b, own) => (a === b ? genuine : impostor).add(a, b, own, 1 / own.length));
  return { genuine: genuine.rates(), impostor: impostor.rates() };
}

/** Intervals of groups, of searches, and of what is left when the worst pictures are set aside. */
export function shareCoverage(samples: number, seed = 0): Coverage {
  const coverage = new Coverage();
  const threshold = 0.65;
  const { fmr: trueFmr, fnmr: trueFnmr } = truth().at(threshold);
  // One gallery for all samples: the intervals are of other people's probes in it.
  const gallery = drawCrowd(20, () => 1, seeded(5)).faces;
  const score = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  const bestOf = (face: Float64Array): number =>
    Math.max(...gallery.map((enrolled) => score(face, enrolled)));
  const many = drawCrowd(4000, () => 1, seeded(6)).faces.filter((face) => bestOf(face) >= 0.75).length / 4000;
  for (let sample = 0; sample < samples; sample++) {
    const crowd = drawCrowd(60, (p) => 1 + (p % 4), seeded(31 * sample + seed));
    const pairs = allPairs(crowd);
    const groups = {
      names: ["even", "odd"],
      a: Uint16Array.from(pairs.a, (person) => person % 2),
      b: Uint16Array.from(pairs.b, (person) => person % 2),
    };
    for (const { group, fmr, fnmr, genuinePairs } of groupErrors(pairs, groups, threshold)) {
      coverage.add(`FMR of ${group}`, fmr, trueFmr);
      if (genuinePairs > 0) coverage.add(`FNMR of ${group}`, fnmr, trueFnmr);
    }
    const genuine = [...pairs.same.keys()].filter((i) => pairs.same[i] === 1);
    const random = seeded(sample);
    const reject = errorVersusReject(
      Float64Array.from(genuine, (i) => pairs.scores[i]!),
      Float64Array.from(genuine, () => random.next()),
      genuine.map((i) => pairs.a[i]!),
      threshold,
      3,
    );
    for (const [step, { fnmr }] of reject.entries())
      coverage.add(`FNMR left after ${step} thirds`, fnmr, trueFnmr);
    const alarms = crowd.faces.map((face, i) =>
      outcomeOf({ person: crowd.person[i]!, mate: bestOf(face), others: [0.75] }),
    );
    coverage.add("searches", rankAccuracy(alarms, 1), many);
  }
  return coverage;
}

/** Intervals of a calibration's likelihood ratio, or its bound where one kind has no such pair. */
export function likelihoodCoverage(samples: number, seed = 0): Coverage {
  const coverage = new Coverage();
  const grid = Float64Array.from({ length: 401 }, (_, i) => (i - 200) / 200);
  // Higher, the population itself has too few impostor pairs to know the truth by.
  const cosines = [0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9];
  const ratios = cosines.map((cosine) => {
    const [low, high] = [truth().at(cosine - 0.01), truth().at(cosine + 0.01)];
    return Math.log10((high.fnmr - low.fnmr) / (low.fmr - high.fmr));
  });
  for (let sample = 0; sample < samples; sample++) {
    const pairs = allPairs(drawCrowd(60, () => 3, seeded(77 * sample + seed)));
    const all = localLikelihoods(tallyScores(pairs, [...grid]), [...grid.subarray(120, 400)]);
    for (const [i, cosine] of cosines.entries()) {
      const { low, high } = all.find((each) => Math.abs(each.cosine - cosine) < 1e-9)!;
      coverage.add(
        `likelihood ratio at ${cosine}`,
        [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY],
        ratios[i]!,
      );
    }
  }
  return coverage;
}

/** Numbers of a face that a worse network sees. */
const SEEN = 8;

/** Intervals of a probe: d′ of two ways to feed a network, and how far one is behind the other. */
export function probeCoverage(samples: number, seed = 0): Coverage {
  const coverage = new Coverage();
  const dPrimes = (crowd: Crowd, people: number) =>
    [12, SEEN].map((dimensions) =>
      separations({
        people,
        person: [...crowd.person],
        vectors: crowd.faces.map((face) => unit(face.subarray(0, dimensions))),
      }),
    );
  const whole = drawCrowd(700, () => 2, seeded(3));
  const [a, b] = [12, SEEN].map((dimensions) => populationSeparation(whole, dimensions));
  for (let sample = 0; sample < samples; sample++) {
    const [one, other] = dPrimes(
      drawCrowd(25, () => 3, seeded(53 * sample + seed)),
      25,
    );
    const without = (of: typeof one): number[] => of!.without.map(({ dPrime }) => dPrime);
    coverage.add("d′", jackknifeInterval(one!.all.dPrime, without(one)), a!);
    coverage.add("d′ of a worse one", jackknifeInterval(other!.all.dPrime, without(other)), b!);
    const behind = without(one).map((dPrime, i) => dPrime - without(other)[i]!);
    coverage.add("d′ behind", jackknifeInterval(one!.all.dPrime - other!.all.dPrime, behind), a! - b!);
  }
  return coverage;
}

/** d′ of all pairs of very many people, from the pairs of each person and of each with the next. */
function populationSeparation(crowd: Crowd, dimensions: number): number {
  const vectors = crowd.faces.map((face) => unit(face.subarray(0, dimensions)));
  const moments = [0, 1].map(() => ({ count: 0, sum: 0, squares: 0 }));
  for (let i = 0; i < vectors.length; i++) {
    for (let j = i + 1; j < vectors.length; j++) {
      const own = moments[Number(crowd.person[i] === crowd.person[j])]!;
      const score = vectors[i]!.reduce((sum, x, d) => sum + x * vectors[j]![d]!, 0);
      own.count++;
      own.sum += score;
      own.squares += score * score;
    }
  }
  const [impostor, genuine] = moments.map(({ count, sum, squares }) => ({
    mean: sum / count,
    variance: squares / count - (sum / count) ** 2,
  }));
  return (genuine!.mean - impostor!.mean) / Math.sqrt((genuine!.variance + impostor!.variance) / 2);
}

function unit(vector: Float64Array): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (x) => x / length);
}

/** Intervals of means: of each person's faces, of pairs of one person, and of pairs that a few people share. */
export function meanCoverage(samples: number, seed = 0): Coverage {
  const coverage = new Coverage();
  for (let sample = 0; sample < samples; sample++) {
    const random = seeded(19 * sample + seed);
    const people = 20;
    // A change moves a person's cosines by a skewed amount: such changes harm some faces most.
    const effect = Float64Array.from({ length: people }, () => -Math.log(Math.max(1e-9, random.next())));
    const noise = (): number => 2 * random.next() - 1;
    const faces = [...effect.keys()].flatMap((a) =>
      Array.from({ length: 1 + (a % 4) }, () => ({ value: effect[a]! + noise(), a, b: a })),
    );
    coverage.add("mean of faces", meanByPeople(faces).interval!, 1);
    const pairs = [];
    for (let a = 0; a < people; a++)
      for (let b = a + 1; b < people; b++)
        pairs.push({ value: (effect[a]! + effect[b]!) / 2 + noise(), a, b });
    coverage.add("mean of all pairs", meanByPeople(pairs).interval!, 1);
    coverage.add("mean of some pairs", meanByPeople(random.shuffle(pairs).slice(0, 40)).interval!, 1);
  }
  return coverage;
}
