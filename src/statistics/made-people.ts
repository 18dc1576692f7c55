import { type Random, seeded } from "../core/index.ts";
import type { IdentifiedScores } from "./identified-scores.ts";
import { probit } from "./probit.ts";

/** People as random directions, some of them nearer to everybody, each with a spread of their own; now and then a bad picture. */
const DIMENSION = 12;

/** A made-up population, to draw samples of people from: what is true of it is known. */
export interface Crowd {
  readonly person: Uint32Array;
  readonly faces: readonly Float64Array[];
}

/** @param faces of each person */
export function drawCrowd(people: number, faces: (person: number) => number, random: Random): Crowd {
  const bell = (): number => probit(Math.max(1e-12, random.next()));
  const found: Float64Array[] = [];
  const person: number[] = [];
  for (let p = 0; p < people; p++) {
    const lean = Math.max(0, 0.6 + 0.5 * bell());
    const centre = Float64Array.from({ length: DIMENSION }, (_, d) => bell() + (d === 0 ? lean : 0));
    const spread = 0.45 * Math.exp(0.35 * bell());
    for (let f = faces(p); f > 0; f--) {
      const noise = random.next() < 0.05 ? 2.5 * spread : spread;
      const face = centre.map((x) => x + noise * bell());
      const length = Math.hypot(...face);
      found.push(face.map((x) => x / length));
      person.push(p);
    }
  }
  return { person: Uint32Array.from(person), faces: found };
}

/** Every pair of a crowd's faces. */
export function allPairs(crowd: Crowd): IdentifiedScores {
  const pairs: [number, number][] = [];
  for (let i = 0; i < crowd.faces.length; i++)
    for (let j = i + 1; j < crowd.faces.length; j++) pairs.push([i, j]);
  return scoresOf(crowd, pairs);
}

/** As LFW's list: the pairs of each person, and impostor pairs drawn here and there. */
export function sparsePairs(crowd: Crowd, impostors: number, random: Random): IdentifiedScores {
  const pairs: [number, number][] = [];
  const { person } = crowd;
  for (let i = 1; i < person.length; i++) if (person[i] === person[i - 1]) pairs.push([i - 1, i]);
  for (let drawn = 0; drawn < impostors; ) {
    const [i, j] = [random.below(person.length), random.below(person.length)];
    if (person[i] === person[j]) continue;
    pairs.push([i, j]);
    drawn++;
  }
  return scoresOf(crowd, pairs);
}

/** Scores of very many independent pairs: what the samples estimate. */
export function populationScores(genuine: number, impostors: number): [Float64Array, Float64Array] {
  const random = seeded(77);
  const crowd = drawCrowd(genuine, () => 2, random);
  const own = Float64Array.from({ length: genuine }, (_, p) =>
    dot(crowd.faces[2 * p]!, crowd.faces[2 * p + 1]!),
  );
  const others = Float64Array.from({ length: impostors }, () => {
    const a = random.below(genuine);
    const b = (a + 1 + random.below(genuine - 1)) % genuine;
    return dot(crowd.faces[2 * a + random.below(2)]!, crowd.faces[2 * b + random.below(2)]!);
  });
  return [own, others];
}

function scoresOf({ person, faces }: Crowd, pairs: readonly (readonly [number, number])[]): IdentifiedScores {
  return {
    scores: Float64Array.from(pairs, ([i, j]) => dot(faces[i]!, faces[j]!)),
    same: Uint8Array.from(pairs, ([i, j]) => Number(person[i] === person[j])),
    a: Uint32Array.from(pairs, ([i]) => person[i]!),
    b: Uint32Array.from(pairs, ([, j]) => person[j]!),
    people: person.at(-1)! + 1,
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < DIMENSION; d++) sum += a[d]! * b[d]!;
  return sum;
}
