import { cosine, FaceError, normalize, type UnitVector } from "../core/index.ts";
import type { LabelledPhotograph } from "../photographs/index.ts";
import type { StudyFace } from "./collect-faces.ts";

/** Two people who look alike to the network, and the photographs of theirs to study. */
export interface ChosenPair {
  readonly people: readonly [string, string];
  /** Cosine of the mean directions of all their faces. */
  readonly cosine: number;
  readonly photographs: readonly LabelledPhotograph[];
}

/**
 * The pairs of different people who look most alike to the network, one-to-one: by falling cosine of their mean
 * directions, each person at most once. Of every person the first photographs by name are taken, so that the pairs
 * are chosen by who looks alike and their photographs by nothing.
 *
 * @param faces every face there is, one a photograph
 * @param perPerson photographs of each person; people with fewer faces are passed over
 * Throws    FaceError USAGE when there are too few people for so many pairs
 */
export function chooseLookAlikes(
  faces: readonly StudyFace[],
  pairs: number,
  perPerson: number,
): ChosenPair[] {
  const byPerson = new Map<string, StudyFace[]>();
  for (const face of faces) {
    const known = byPerson.get(face.person);
    if (known) known.push(face);
    else byPerson.set(face.person, [face]);
  }
  const people = [...byPerson]
    .filter(([, own]) => own.length >= perPerson)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (people.length < 2 * pairs) {
    throw new FaceError("USAGE", {
      where: "look-alikes",
      expected: `at least ${2 * pairs} people with ${perPerson} faces for ${pairs} pairs`,
      got: people.length,
    });
  }
  const middles = people.map(([, own]) => meanDirection(own.map((face) => face.embedding)));
  const scored: { a: number; b: number; cosine: number }[] = [];
  for (let b = 1; b < people.length; b++) {
    for (let a = 0; a < b; a++) scored.push({ a, b, cosine: cosine(middles[a]!, middles[b]!) });
  }
  scored.sort((x, y) => y.cosine - x.cosine || x.a - y.a || x.b - y.b);
  const taken = new Set<number>();
  const chosen: ChosenPair[] = [];
  for (const { a, b, cosine } of scored) {
    if (chosen.length === pairs) break;
    if (taken.has(a) || taken.has(b)) continue;
    taken.add(a).add(b);
    const photographs = [people[a]!, people[b]!].flatMap(([, own]) => firstByName(own, perPerson));
    chosen.push({ people: [people[a]![0], people[b]![0]], cosine, photographs });
  }
  return chosen;
}

function firstByName(faces: readonly StudyFace[], count: number): LabelledPhotograph[] {
  return [...faces]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ path, name, person }) => ({ path, name, person }));
}

function meanDirection(vectors: readonly UnitVector[]): UnitVector {
  const sum = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
  return normalize(sum);
}
