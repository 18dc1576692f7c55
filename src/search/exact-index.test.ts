import { expect, test } from "vitest";
import { cosine, normalize, seeded, type UnitVector } from "../core/index.ts";
import { ExactIndex } from "./exact-index.ts";
import { ScalarIndex } from "./scalar-index.ts";
import { SyntheticPeople } from "./synthetic-people.ts";

/** The content of both indexes; the twin says what is right. */
function twins(vectors: readonly UnitVector[], group: (id: number) => number | undefined) {
  const [fast, twin] = [new ExactIndex(), new ScalarIndex()];
  for (const [id, vector] of vectors.entries()) {
    fast.add(id, vector, group(id));
    twin.add(id, vector, group(id));
  }
  return { fast, twin };
}

async function expectAgreement(
  { fast, twin }: ReturnType<typeof twins>,
  queries: readonly UnitVector[],
  k: number,
): Promise<void> {
  const filter = fast.mask((id) => id % 3 !== 0);
  const wanted = queries.map((query) => twin.search(query, { k }));
  expect(queries.map((query) => fast.search(query, { k }))).toEqual(wanted);
  expect(await fast.searchBatch(queries, { k })).toEqual(wanted);
  for (const query of queries.slice(0, 8)) {
    expect(fast.searchGroups(query, { k })).toEqual(twin.searchGroups(query, { k }));
    expect(fast.search(query, { k, filter })).toEqual(twin.search(query, { k, filter }));
    expect(fast.searchGroups(query, { k, filter })).toEqual(twin.searchGroups(query, { k, filter }));
  }
}

const dimensions = [1, 2, 3, 31, 32, 33, 128, 192, 512, 513];

test.each(dimensions)(
  "5,000 vectors of dimension %i, several blocks: as the twin, to the last bit",
  async (dimension) => {
    const people = new SyntheticPeople({ dimension, seed: dimension });
    const vectors = Array.from({ length: 5000 }, (_, i) => people.vector(Math.floor(i / 5), i % 5));
    const known = Array.from({ length: 10 }, (_, i) => people.vector(i * 90, 7));
    const strangers = Array.from({ length: 10 }, (_, i) => people.vector(10_000 + i, 0));
    const both = twins(vectors, (id) => (id % 7 === 0 ? undefined : Math.floor(id / 5)));
    await expectAgreement(both, [...known, ...strangers, vectors[0]!], 10);
  },
);

test("vectors made to be confused: equal ones, opposite ones, ones a rounding apart, lone spikes, tiny components", async () => {
  const random = seeded(4);
  const dimension = 96;
  const make = (component: (i: number) => number): UnitVector =>
    normalize(Float32Array.from({ length: dimension }, (_, i) => component(i)));
  const base = make(() => random.next() - 0.5);
  const vectors: UnitVector[] = [];
  for (let i = 0; i < 700; i++) {
    vectors.push(
      base,
      make((j) => -base[j]!),
      make((j) => base[j]! * (1 + (random.next() - 0.5) * 2e-7)),
      make((j) => base[j]! + (random.next() - 0.5) * 1e-3),
      make((j) => (j === i % dimension ? 1 : 0)),
      make((j) => (j === i % dimension ? 1 : 1e-9)),
      make((j) => (j % 2 === 0 ? 1 : -1)),
      make(() => 1),
    );
  }
  const queries = [
    base,
    ...vectors.slice(1, 8),
    make((j) => (j === 5 ? -1 : 0)),
    make(() => random.next() - 0.5),
  ];
  for (const k of [1, 5, 64])
    await expectAgreement(
      twins(vectors, (id) => id % 50),
      queries,
      k,
    );
});

test("vectors as long and as short as the tolerance lets through are ranked by their clamped cosine", () => {
  const [fast, twin] = [new ExactIndex(), new ScalarIndex()];
  for (let id = 0; id < 100; id++) {
    const length = 1 + ((id % 9) - 4) * 1e-4;
    const vector = Float32Array.of(length, 0) as unknown as UnitVector;
    const opposite = Float32Array.of(-length, 0) as unknown as UnitVector;
    for (const index of [fast, twin]) {
      index.add(2 * id, vector);
      index.add(2 * id + 1, opposite);
    }
  }
  const query = Float32Array.of(1.0004, 0) as unknown as UnitVector;
  for (const k of [3, 150, 200]) expect(fast.search(query, { k })).toEqual(twin.search(query, { k }));
});

test("after thousands of changes the answers are those of the twin, and no row is lost", () => {
  const random = seeded(9);
  const people = new SyntheticPeople({ dimension: 64, seed: 2 });
  const [fast, twin] = [new ExactIndex({ dimension: 64 }), new ScalarIndex({ dimension: 64 })];
  const present: number[] = [];
  for (let step = 0; step < 12_000; step++) {
    const what = random.next();
    const vector = people.vector(random.below(500), step);
    if (present.length === 0 || what < 0.6) {
      // Ids far apart and beyond 32 bits.
      const id = step * 1_048_583 * 997;
      present.push(id);
      for (const index of [fast, twin]) index.add(id, vector, step % 40);
    } else {
      const place = random.below(present.length);
      const id = present[place]!;
      if (what < 0.75) for (const index of [fast, twin]) index.replace(id, vector);
      else {
        present[place] = present[present.length - 1]!;
        present.pop();
        for (const index of [fast, twin]) expect(index.remove(id)).toBe(true);
      }
    }
  }
  expect(fast.size).toBe(present.length);
  for (const id of present) expect(fast.groupOf(id)).toBe(twin.groupOf(id));
  for (let i = 0; i < 20; i++) {
    const query = people.vector(i * 30, -2);
    expect(fast.search(query, { k: 20 })).toEqual(twin.search(query, { k: 20 }));
    expect(fast.searchGroups(query, { k: 20 })).toEqual(twin.searchGroups(query, { k: 20 }));
  }
  for (const id of present) expect(fast.remove(id)).toBe(true);
  expect(fast.search(people.vector(0, 0), { k: 3 })).toEqual([]);
});

test("a mask is asked once per vector until the index changes", () => {
  const index = new ExactIndex();
  for (let id = 0; id < 10; id++) index.add(id, normalize(Float32Array.of(id + 1, 1)));
  let asked = 0;
  const even = index.mask((id) => {
    asked++;
    return id % 2 === 0;
  });
  const query = normalize(Float32Array.of(1, 0));
  const ids = (): number[] => index.search(query, { k: 2, filter: even }).map(({ id }) => id);
  expect([ids(), ids(), asked]).toEqual([[8, 6], [8, 6], 10]);
  index.remove(8);
  expect([ids(), asked]).toEqual([[6, 4], 19]);
});

test("vectors that are gone from their source leave their places to others", async () => {
  const people = new SyntheticPeople({ dimension: 64, seed: 3 });
  const kept = new Map(Array.from({ length: 300 }, (_, id) => [id, people.vector(0, id)] as const));
  const index = new ExactIndex({ vectors: { read: (id) => kept.get(id) } });
  for (const [id, vector] of kept) index.add(id, vector);
  const query = people.vector(0, 1000);
  const before = index.search(query, { k: 300 });
  for (const { id } of before.slice(0, 40)) kept.delete(id);
  const wanted = before.slice(40, 45);
  expect(index.search(query, { k: 5 })).toEqual(wanted);
  expect(await index.searchBatch([query, query, query, query], { k: 5 })).toEqual([
    wanted,
    wanted,
    wanted,
    wanted,
  ]);
});

test("an index changed while a batch is under way answers as it is then", async () => {
  const people = new SyntheticPeople({ dimension: 64, seed: 5 });
  const index = new ExactIndex();
  for (let id = 0; id < 5000; id++) index.add(id, people.vector(id, 0));
  const queries = [1, 2, 3, 4].map((person) => people.vector(person, 0));
  const answer = index.searchBatch(queries, { k: 1 });
  for (let id = 0; id < 4000; id++) index.remove(id);
  const found = await answer;
  expect(found).toEqual(queries.map((query) => index.search(query, { k: 1 })));
});

test("memory stays below 700 bytes a vector of 512 dimensions when vectors come from a source", () => {
  const people = new SyntheticPeople({ seed: 6 });
  const index = new ExactIndex({ vectors: { read: () => undefined } });
  for (let id = 0; id < 20_000; id++) index.add(id, people.vector(id >> 3, id & 7), id >> 3);
  const memory = index.memory();
  expect(memory.bytes).toBe(memory.scanBytes + memory.lookupBytes);
  expect(memory.bytes / memory.vectors).toBeLessThan(700);
});

test("dimensions and threads out of range are refused", () => {
  for (const dimension of [0, 1.5, 4097, Number.NaN])
    expect(() => new ExactIndex({ dimension })).toThrow(expect.objectContaining({ code: "USAGE" }));
  for (const threads of [0, 17, 1.5])
    expect(() => new ExactIndex({ threads })).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test("made-up people have the cosines of faces: 0.60 within, 0 ± 0.052 between", () => {
  const people = new SyntheticPeople({ seed: 8 });
  const within: number[] = [];
  const between: number[] = [];
  for (let i = 0; i < 1500; i++) {
    within.push(cosine(people.vector(i, 0), people.vector(i, 1)));
    between.push(cosine(people.vector(i, 0), people.vector(i + 1500, 0)));
  }
  const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
  expect(mean(within)).toBeCloseTo(0.6, 2);
  expect(mean(between)).toBeCloseTo(0, 2);
  expect(Math.sqrt(mean(between.map((x) => x * x)))).toBeCloseTo(0.052, 2);
  expect([...people.vector(3, 4)]).toEqual([...new SyntheticPeople({ seed: 8 }).vector(3, 4)]);
});
