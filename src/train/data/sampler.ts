import { FaceError, seeded, seedOf } from "../../core/index.ts";
import type { Examples } from "./examples.ts";

/**
 * The examples that a step trains on: a function of the step's number alone, so that a run can be resumed at any step
 * and any number of threads can prepare batches side by side.
 *
 * Shapes    result [batch], positions in the examples
 */
export type Sampler = (step: number) => Uint32Array;

/** The purpose of a sampler's draws, so that other draws with the seed are others. */
const ORDER = 2;
const PEOPLE = 3;
const PICTURES = 4;

/**
 * Every example once an epoch, in another order each time. A batch at an epoch's end goes on in the next epoch, so
 * that none is dropped and all batches have one size.
 */
export function shuffledSampler(count: number, batch: number, seed: number): Sampler {
  expectSome("examples", count, batch);
  const stream = shuffledStream(count, (epoch) => seedOf(seed, ORDER, epoch));
  return (step) => Uint32Array.from({ length: batch }, (_, i) => stream(step * batch + i));
}

/**
 * P people with K pictures each in every batch: each person once before anybody comes a second time, and of each
 * person's pictures K that differ, as far as there are so many.
 *
 * Throws    FaceError USAGE when there are fewer than P people
 */
export function identitySampler(
  { labels, classes }: Examples,
  people: number,
  pictures: number,
  seed: number,
): Sampler {
  if (people < 2 || pictures < 1 || people > classes.length) {
    throw new FaceError("USAGE", {
      where: "sampler",
      expected: `from 2 to ${classes.length} people in a batch with pictures each`,
      got: `${people} × ${pictures}`,
    });
  }
  const byPerson = classes.map((): number[] => []);
  for (const [position, label] of labels.entries()) byPerson[label]!.push(position);
  const stream = shuffledStream(classes.length, (epoch) => seedOf(seed, PEOPLE, epoch));
  return (step) => {
    const chosen = new Uint32Array(people * pictures);
    const used = new Set<number>();
    for (let p = 0; p < people; p++) {
      // Where two orders meet in one batch a person could come twice: the next in the order steps in.
      let person = stream(step * people + p);
      while (used.has(person)) person = (person + 1) % classes.length;
      used.add(person);
      const own = seeded(seedOf(seed, PICTURES, step, p)).shuffle(byPerson[person]!);
      for (let k = 0; k < pictures; k++) chosen[p * pictures + k] = own[k % own.length]!;
    }
    return chosen;
  };
}

/** Numbers 0…count−1 in an endless row, each once in every `count`; any place can be asked for. */
function shuffledStream(count: number, seedOfEpoch: (epoch: number) => number): (place: number) => number {
  const orders = new Map<number, Uint32Array>();
  const orderOf = (epoch: number): Uint32Array => {
    const kept = orders.get(epoch);
    if (kept) return kept;
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    const random = seeded(seedOfEpoch(epoch));
    for (let i = count - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    // A batch touches the end of one epoch and the beginning of the next.
    for (const old of orders.keys()) if (Math.abs(old - epoch) > 1) orders.delete(old);
    orders.set(epoch, order);
    return order;
  };
  return (place) => orderOf(Math.floor(place / count))[place % count]!;
}

function expectSome(what: string, count: number, batch: number): void {
  if (count < 1 || batch < 1)
    throw new FaceError("USAGE", {
      where: "sampler",
      expected: `${what} and a batch of at least one`,
      got: `${count} and ${batch}`,
    });
}
