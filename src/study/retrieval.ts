import type { PairScores } from "./pair-scores.ts";

/** The success with which asking with a face finds the other faces of the same person. */
export interface RetrievalFigures {
  /** Faces that were asked with: those whose person has another. */
  readonly queries: number;
  /** Share of queries with a face of the same person first, or among the first three; null without queries. */
  readonly top1: number | null;
  readonly top3: number | null;
  /** Mean over queries of the mean precision at each face of the same person, 0…1. */
  readonly mAP: number | null;
}

/** One person's retrieval figures and angles. */
export interface PersonFigures extends RetrievalFigures {
  readonly person: string;
  readonly faces: number;
  /** Mean angle between two faces of this person, in degrees; null with fewer than two. */
  readonly intraDeg: number | null;
  /** Mean angle between a face of this person and another's; null with nobody else. */
  readonly interDeg: number | null;
  /** The other person of whom some face is nearest to some face of this one. */
  readonly nearest: { readonly person: string; readonly cosine: number } | null;
}

/** A neighbour of a face. */
export interface NearFace {
  readonly face: number;
  readonly cosine: number;
}

/** The result of asking with every face. */
export interface RetrievalResult {
  readonly all: RetrievalFigures;
  readonly perPerson: readonly PersonFigures[];
  /** The k nearest of every face, by falling cosine, ties by index. */
  readonly neighbours: readonly (readonly NearFace[])[];
}

/** Asks with every face in turn for all others. */
export function retrieve(scores: PairScores, k: number): RetrievalResult {
  const neighbours: NearFace[][] = [];
  const hits: (QueryHits | undefined)[] = [];
  const row = new Float32Array(scores.faces);
  for (let query = 0; query < scores.faces; query++) {
    for (let face = 0; face < scores.faces; face++) row[face] = scores.of(query, face);
    neighbours.push(nearest(row, query, k));
    hits.push(hitsOf(row, query, scores));
  }
  const figures = (faces: Iterable<number>): RetrievalFigures => {
    const asked = [...faces].flatMap((face) => hits[face] ?? []);
    const mean = (of: (hit: QueryHits) => number): number | null =>
      asked.length === 0 ? null : asked.reduce((sum, hit) => sum + of(hit), 0) / asked.length;
    return {
      queries: asked.length,
      top1: mean((hit) => hit.top1),
      top3: mean((hit) => hit.top3),
      mAP: mean((hit) => hit.precision),
    };
  };
  return {
    all: figures(scores.person.keys()),
    perPerson: scores.people.map((person, i) => ({
      person,
      faces: scores.facesOf[i]!.length,
      ...figures(scores.facesOf[i]!),
      ...anglesOf(scores, i),
    })),
    neighbours,
  };
}

interface QueryHits {
  readonly top1: number;
  readonly top3: number;
  readonly precision: number;
}

/** Tells whether face a comes before face b among the neighbours: by cosine, ties by index. */
function isBefore(row: Float32Array, a: number, b: number): boolean {
  return row[a]! > row[b]! || (row[a] === row[b] && a < b);
}

function nearest(row: Float32Array, query: number, k: number): NearFace[] {
  const best: number[] = [];
  for (let face = 0; face < row.length; face++) {
    if (face === query || (best.length === k && !isBefore(row, face, best[k - 1]!))) continue;
    let place = best.length;
    while (place > 0 && isBefore(row, face, best[place - 1]!)) place--;
    best.splice(place, 0, face);
    if (best.length > k) best.pop();
  }
  return best.map((face) => ({ face, cosine: row[face]! }));
}

/** Ranks of the query's own people's faces among all, without sorting all: others are counted between them. */
function hitsOf(row: Float32Array, query: number, scores: PairScores): QueryHits | undefined {
  const own = scores.facesOf[scores.person[query]!]!.filter((face) => face !== query);
  if (own.length === 0) return undefined;
  own.sort((a, b) => (isBefore(row, a, b) ? -1 : 1));
  const between = new Uint32Array(own.length + 1);
  for (let face = 0; face < row.length; face++) {
    if (scores.isGenuine(query, face)) continue;
    let low = 0;
    let high = own.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(row, face, own[middle]!)) high = middle;
      else low = middle + 1;
    }
    between[low]!++;
  }
  let strangers = 0;
  let precision = 0;
  let first = 0;
  own.forEach((_, i) => {
    strangers += between[i]!;
    if (i === 0) first = strangers;
    precision += (i + 1) / (strangers + i + 1);
  });
  return { top1: first < 1 ? 1 : 0, top3: first < 3 ? 1 : 0, precision: precision / own.length };
}

function anglesOf(
  scores: PairScores,
  person: number,
): Pick<PersonFigures, "intraDeg" | "interDeg" | "nearest"> {
  const own = { sum: 0, count: 0 };
  const other = { sum: 0, count: 0 };
  let nearest: { person: string; cosine: number } | null = null;
  for (const a of scores.facesOf[person]!) {
    for (let b = 0; b < scores.faces; b++) {
      if (a === b) continue;
      const cosine = scores.of(a, b);
      const into = scores.isGenuine(a, b) ? own : other;
      into.sum += degrees(cosine);
      into.count++;
      if (into === other && cosine > (nearest?.cosine ?? Number.NEGATIVE_INFINITY))
        nearest = { person: scores.people[scores.person[b]!]!, cosine };
    }
  }
  const mean = ({ sum, count }: { sum: number; count: number }): number | null =>
    count === 0 ? null : sum / count;
  return { intraDeg: mean(own), interDeg: mean(other), nearest };
}

/** The angle of a cosine, in degrees. */
export function degrees(cosine: number): number {
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
