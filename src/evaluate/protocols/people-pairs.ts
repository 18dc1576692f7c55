import { FaceError, type Random } from "../../core/index.ts";
import type { PeopleFolder } from "../../photographs/index.ts";
import { stratifiedFolds } from "../../statistics/index.ts";
import type { ListedPicture, PairList } from "./pair-list.ts";

/** Pictures of known people: a folder with a folder for each. */
export interface LabelledPeople {
  readonly pictures: readonly ListedPicture[];
  /** Number of each picture's person, rising; [pictures]. */
  readonly person: Uint32Array;
  readonly names: readonly string[];
}

/**
 * The people of a folder with their pictures, as pairs are drawn from them.
 *
 * Throws    FaceError USAGE for fewer than two people
 */
export function peopleOfFolder({ folder, people }: PeopleFolder): LabelledPeople {
  if (people.length < 2) {
    throw new FaceError("USAGE", {
      where: folder,
      expected: "a folder of pictures for each of at least 2 people",
      got: people.length,
    });
  }
  return {
    pictures: people.flatMap(({ paths }) => paths.map((path) => ({ name: path, source: path }))),
    person: Uint32Array.from(people.flatMap(({ paths }, person) => paths.map(() => person))),
    names: people.map(({ name }) => name),
  };
}

/** The number of pairs of each kind that a folder holds. */
export function countPairs({ person, pictures }: LabelledPeople): { genuine: number; impostor: number } {
  const sizes = new Map<number, number>();
  for (const own of person) sizes.set(own, (sizes.get(own) ?? 0) + 1);
  const genuine = [...sizes.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  return { genuine, impostor: (pictures.length * (pictures.length - 1)) / 2 - genuine };
}

/**
 * Pairs of a folder: all of them, or at most so many of each kind drawn by chance; in random order, in ten folds.
 *
 * @param most of each kind; Infinity for all
 * Throws    FaceError USAGE for a folder without a pair of one person
 */
export function pairsOfPeople(
  people: LabelledPeople,
  folder: string,
  most: { readonly genuine: number; readonly impostor: number },
  random: Random,
): PairList {
  const { person, pictures, names } = people;
  const counts = countPairs(people);
  if (counts.genuine === 0) {
    throw new FaceError("USAGE", {
      where: folder,
      expected: "two pictures of at least one person",
      got: "one each: there is no genuine pair",
    });
  }
  const genuine = drawGenuine(person, counts.genuine, most.genuine, random);
  const impostor = drawImpostors(person, counts.impostor, most.impostor, random);
  const count = genuine.length + impostor.length;
  const order = new Uint32Array(count).map((_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const n = pictures.length;
  const same = Uint8Array.from(order, (i) => Number(i < genuine.length));
  const code = (i: number): number => (i < genuine.length ? genuine[i]! : impostor[i - genuine.length]!);
  const all = genuine.length === counts.genuine && impostor.length === counts.impostor;
  const kinds = `${genuine.length.toLocaleString("en")} genuine and ${impostor.length.toLocaleString("en")} impostor pairs`;
  return {
    protocol: `${folder}, ${all ? `all ${kinds}` : `${kinds} drawn from ${counts.genuine.toLocaleString("en")} and ${counts.impostor.toLocaleString("en")}`}`,
    pictures,
    a: order.map((i) => Math.floor(code(i) / n)),
    b: order.map((i) => code(i) % n),
    same,
    person,
    people: names.length,
    fold: stratifiedFolds(same, Math.min(10, count), random),
  };
}

/** Pairs as a · pictures + b with a < b. */
function drawGenuine(person: Uint32Array, total: number, most: number, random: Random): Float64Array {
  const n = person.length;
  const codes: number[] = [];
  let seen = 0;
  for (let a = 0; a < n; a++) {
    for (let b = a + 1; b < n && person[b] === person[a]; b++) {
      // Reservoir: each pair is among the kept ones with the same chance.
      if (seen++ < most) codes.push(a * n + b);
      else {
        const place = random.below(seen);
        if (place < most) codes[place] = a * n + b;
      }
    }
  }
  return Float64Array.from(codes.slice(0, Math.min(total, most)));
}

function drawImpostors(person: Uint32Array, total: number, most: number, random: Random): Float64Array {
  const n = person.length;
  if (total <= most || most > total / 2) {
    const codes: number[] = [];
    for (let a = 0; a < n; a++)
      for (let b = a + 1; b < n; b++) if (person[a] !== person[b]) codes.push(a * n + b);
    if (total <= most) return Float64Array.from(codes);
    return Float64Array.from(random.shuffle(codes).slice(0, most));
  }
  const drawn = new Set<number>();
  while (drawn.size < most) {
    const [x, y] = [random.below(n), random.below(n)];
    if (person[x] !== person[y]) drawn.add(Math.min(x, y) * n + Math.max(x, y));
  }
  return Float64Array.from(drawn);
}
