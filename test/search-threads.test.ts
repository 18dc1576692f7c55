import { normalize } from "arcface-ts";
import { ExactIndex, SyntheticPeople } from "arcface-ts/search";
import { expect, test } from "vitest";

test("threads find what one finds, vectors and groups, filtered and not, before and after changes", async () => {
  const people = new SyntheticPeople({ dimension: 128, seed: 1 });
  const alone = new ExactIndex();
  await using helped = new ExactIndex({ threads: 3 });
  const add = (from: number, to: number): void => {
    for (let id = from; id < to; id++)
      for (const index of [alone, helped]) index.add(id, people.vector(id >> 2, id & 3), id >> 2);
  };
  const compare = (): void => {
    const even = helped.mask((id) => id % 2 === 0);
    for (let person = 0; person < 30; person++) {
      const query = people.vector(person * 211, 9);
      const filters = [undefined, even, (id: number) => id % 5 !== 0];
      for (const filter of filters) {
        expect(helped.search(query, { k: 7, filter })).toEqual(alone.search(query, { k: 7, filter }));
        expect(helped.searchGroups(query, { k: 7, filter })).toEqual(
          alone.searchGroups(query, { k: 7, filter }),
        );
      }
    }
  };
  add(0, 20_000);
  compare();
  for (let id = 0; id < 20_000; id += 3) for (const index of [alone, helped]) index.remove(id);
  add(20_000, 24_000);
  compare();
  await helped.close();
  await helped.close();
  compare();
});

test("threads follow rows that are kept along learned axes, wherever in the change they are asked", async () => {
  const people = new SyntheticPeople({ dimension: 32, seed: 2 });
  // They fill a quarter of their dimensions.
  const vector = (person: number, image: number) => {
    const along = people.vector(person, image);
    return normalize(Float32Array.from({ length: 128 }, (_, i) => along[i] ?? 0));
  };
  const alone = new ExactIndex({ learnFrom: Number.POSITIVE_INFINITY });
  await using helped = new ExactIndex({ threads: 3, learnFrom: 9000 });
  const compare = (): void => {
    for (let person = 0; person < 10; person++)
      expect(helped.search(vector(person * 211, 9), { k: 7 })).toEqual(
        alone.search(vector(person * 211, 9), { k: 7 }),
      );
  };
  for (let id = 0; id < 12_000; id++) {
    for (const index of [alone, helped]) index.add(id, vector(id >> 2, id & 3), id >> 2);
    if (id % 1500 === 0) compare();
  }
  await helped.settled();
  expect(helped.shape()?.axes).toBe(32);
  compare();
  expect(helped.memory().scanBytes).toBeLessThan(alone.memory().scanBytes);
});
