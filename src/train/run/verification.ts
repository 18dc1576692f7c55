/** How well vectors tell people apart that training has not seen. */
export interface Verification {
  readonly people: number;
  readonly faces: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** Chance that a pair of one person scores above a pair of two; 0.5 is guessing. */
  readonly auc: number;
  /**
   * Share of pairs decided rightly, pairs of one person and of two counting half each. The threshold for one half of
   * the people is chosen on the other.
   */
  readonly accuracy: number;
  /** Share of genuine pairs above the threshold that at most this share of impostor pairs passes. */
  readonly tarAtFar: readonly { readonly far: number; readonly tar: number }[];
  /** Mean angle between two pictures of one person, and of two people, in degrees. */
  readonly genuineDeg: number;
  readonly impostorDeg: number;
}

/** Rates of false matches that are reported, as far as there are pairs enough to measure them. */
const FARS = [1e-2, 1e-3, 1e-4];

/**
 * Scores all pairs of some people's faces.
 *
 * Shapes    vectors [faces · dimension], of length 1 each; labels [faces]
 * Returns   undefined when there are not both kinds of pairs
 */
export function verify(vectors: Float32Array, labels: Int32Array): Verification | undefined {
  const scores = scorePairs(vectors, labels, () => true);
  if (scores.genuine.length === 0 || scores.impostor.length === 0) return undefined;
  const { genuine, impostor } = scores;
  return {
    people: new Set(labels).size,
    faces: labels.length,
    genuinePairs: genuine.length,
    impostorPairs: impostor.length,
    auc: areaUnderCurve(genuine, impostor),
    accuracy: crossAccuracy(vectors, labels),
    tarAtFar: FARS.filter((far) => far * impostor.length >= 1).map((far) => ({
      far,
      tar: shareAbove(genuine, strictThreshold(impostor, far)),
    })),
    genuineDeg: meanDegrees(genuine),
    impostorDeg: meanDegrees(impostor),
  };
}

interface PairScores {
  /** Rising. */
  readonly genuine: Float32Array;
  readonly impostor: Float32Array;
}

function scorePairs(
  vectors: Float32Array,
  labels: Int32Array,
  chosen: (label: number) => boolean,
): PairScores {
  const faces = [...labels.keys()].filter((i) => chosen(labels[i]!));
  const dimension = vectors.length / labels.length;
  const genuine: number[] = [];
  const impostor = new Float32Array((faces.length * (faces.length - 1)) / 2);
  let different = 0;
  for (let a = 1; a < faces.length; a++) {
    const i = faces[a]!;
    for (let b = 0; b < a; b++) {
      const j = faces[b]!;
      let dot = 0;
      for (let k = 0; k < dimension; k++) dot += vectors[i * dimension + k]! * vectors[j * dimension + k]!;
      if (labels[i] === labels[j]) genuine.push(dot);
      else impostor[different++] = dot;
    }
  }
  return { genuine: Float32Array.from(genuine).sort(), impostor: impostor.slice(0, different).sort() };
}

function areaUnderCurve(genuine: Float32Array, impostor: Float32Array): number {
  let wins = 0;
  let below = 0;
  let notAbove = 0;
  for (const score of genuine) {
    while (below < impostor.length && impostor[below]! < score) below++;
    while (notAbove < impostor.length && impostor[notAbove]! <= score) notAbove++;
    wins += (below + notAbove) / 2;
  }
  return wins / (genuine.length * impostor.length);
}

/** People with even numbers choose the threshold for those with odd ones, and the other way round. */
function crossAccuracy(vectors: Float32Array, labels: Int32Array): number {
  const rank = new Map([...new Set(labels)].sort((a, b) => a - b).map((label, i) => [label, i]));
  const halves = [0, 1].map((half) => scorePairs(vectors, labels, (label) => rank.get(label)! % 2 === half));
  const whole = halves.every(({ genuine, impostor }) => genuine.length > 0 && impostor.length > 0);
  if (!whole) {
    const all = scorePairs(vectors, labels, () => true);
    return balancedAccuracy(all, bestThreshold(all));
  }
  const [even, odd] = halves as [PairScores, PairScores];
  return (balancedAccuracy(even, bestThreshold(odd)) + balancedAccuracy(odd, bestThreshold(even))) / 2;
}

function balancedAccuracy({ genuine, impostor }: PairScores, threshold: number): number {
  return (shareAbove(genuine, threshold) + 1 - shareAbove(impostor, threshold)) / 2;
}

/** The genuine score that separates best when everything from it on counts as one person. */
function bestThreshold(scores: PairScores): number {
  let best = 0;
  let threshold = 0;
  for (const score of scores.genuine) {
    const accuracy = balancedAccuracy(scores, score);
    if (accuracy > best) [best, threshold] = [accuracy, score];
  }
  return threshold;
}

/** The lowest threshold that at most a share `far` of impostor pairs reaches; ties count against it. */
function strictThreshold(impostor: Float32Array, far: number): number {
  const allowed = Math.floor(far * impostor.length);
  const highest = impostor[impostor.length - 1 - allowed]!;
  return highest + Number.EPSILON;
}

/** Share of rising scores that are at least the threshold. */
function shareAbove(rising: Float32Array, threshold: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! < threshold) low = middle + 1;
    else high = middle;
  }
  return (rising.length - low) / rising.length;
}

function meanDegrees(cosines: Float32Array): number {
  let sum = 0;
  for (const cosine of cosines) sum += Math.acos(Math.min(1, Math.max(-1, cosine)));
  return ((sum / cosines.length) * 180) / Math.PI;
}
