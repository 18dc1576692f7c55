import { describe, expect, test } from "vitest";
import { normalize, seeded, type UnitVector } from "../core/index.ts";
import { ExactIndex } from "./exact-index.ts";
import { measureShape, sampleSize } from "./learned-axes.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import { ScalarIndex } from "./scalar-index.ts";
import { ShapeChange } from "./shape-change.ts";
import { SyntheticPeople } from "./synthetic-people.ts";

const DIMENSION = 256;
const LEARN_FROM = 1500;

/**
 * Vectors that lie in a few of their dimensions, turned so that none of those is a component, but for `noise` in all: as
 * networks leave them.
 */
class FlatPeople {
  readonly #people: SyntheticPeople;
  readonly #basis: readonly UnitVector[];
  readonly #noise: number;
  readonly #random;

  constructor({ seed, axes = 24, noise = 0.002 }: { seed: number; axes?: number; noise?: number }) {
    this.#people = new SyntheticPeople({ dimension: axes, seed });
    const directions = new SyntheticPeople({ dimension: DIMENSION, seed: seed + 1 });
    const basis: number[][] = [];
    for (let i = 0; i < axes; i++) {
      const direction = [...directions.vector(i, 0)];
      for (const other of basis) {
        const along = other.reduce((sum, value, j) => sum + value * direction[j]!, 0);
        for (let j = 0; j < DIMENSION; j++) direction[j]! -= along * other[j]!;
      }
      basis.push([...normalize(direction)]);
    }
    this.#basis = basis.map((each) => normalize(each));
    this.#noise = noise;
    this.#random = seeded(seed);
  }

  vector(person: number, image: number): UnitVector {
    const along = this.#people.vector(person, image);
    const values = new Float32Array(DIMENSION);
    for (const [i, axis] of this.#basis.entries())
      for (let j = 0; j < DIMENSION; j++) values[j]! += along[i]! * axis[j]!;
    for (let j = 0; j < DIMENSION; j++) values[j]! += (this.#random.next() - 0.5) * this.#noise;
    return normalize(values);
  }
}

function twins(learnFrom = LEARN_FROM) {
  const kept = new Map<number, UnitVector>();
  return {
    own: new ExactIndex({ dimension: DIMENSION, learnFrom }),
    sourced: new ExactIndex({ dimension: DIMENSION, learnFrom, vectors: { read: (id) => kept.get(id) } }),
    twin: new ScalarIndex({ dimension: DIMENSION }),
    kept,
  };
}

type Twins = ReturnType<typeof twins>;

function add({ own, sourced, twin, kept }: Twins, id: number, vector: UnitVector, group?: number): void {
  for (const index of [own, sourced, twin]) index.add(id, vector, group);
  kept.set(id, vector);
}

async function settle({ own, sourced }: Twins): Promise<void> {
  await Promise.all([own.settled(), sourced.settled()]);
}

async function expectAgreement(
  { own, sourced, twin }: Twins,
  queries: readonly UnitVector[],
  k = 10,
): Promise<void> {
  const wanted = queries.map((query) => twin.search(query, { k }));
  for (const index of [own, sourced]) {
    const filter = index.mask((id) => id % 3 !== 0);
    expect(queries.map((query) => index.search(query, { k }))).toEqual(wanted);
    expect(await index.searchBatch(queries, { k })).toEqual(wanted);
    for (const query of queries.slice(0, 4)) {
      const floor = twin.search(query, { k: 3 }).at(-1)!.cosine;
      expect(index.searchGroups(query, { k, filter, floor })).toEqual(
        twin.searchGroups(query, { k, filter, floor }),
      );
      expect(index.search(query, { k, filter })).toEqual(twin.search(query, { k, filter }));
      expect(index.search(query, { k: 2 * k, floor })).toEqual(twin.search(query, { k: 2 * k, floor }));
    }
  }
}

function axesOf({ own, sourced }: Twins): (number | undefined)[] {
  return [own, sourced].map((index) => index.shape()?.axes);
}

describe("vectors that fill a part of their dimensions", () => {
  test("are searched along fewer axes: as the twin to the last bit, 10⁶ comparisons, in less memory", async () => {
    const people = new FlatPeople({ seed: 1 });
    const all = twins();
    for (let id = 0; id < 5000; id++)
      add(all, id, people.vector(Math.floor(id / 5), id % 5), Math.floor(id / 5));
    await settle(all);
    expect(axesOf(all)).toEqual([32, 32]);
    const shape = all.own.shape()!;
    expect(shape.energy).toBeGreaterThan(0.999);
    expect(shape.cost).toBeLessThan(0.8);
    expect(shape.effectiveDimension).toBeGreaterThan(12);
    expect(shape.effectiveDimension).toBeLessThan(26);
    const queries = Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? people.vector(i * 4, 7) : people.vector(20_000 + i, 0),
    );
    await expectAgreement(all, queries);
    const before = all.own.work();
    all.own.search(queries[0]!, { k: 10 });
    const { searches, surveyed, judged, compared } = all.own.work();
    expect([searches - before.searches, surveyed - before.surveyed]).toEqual([1, 5000]);
    expect(judged - before.judged).toBeGreaterThanOrEqual(compared - before.compared);
    expect(judged - before.judged).toBeLessThan(1000);
    expect(compared - before.compared).toBeGreaterThanOrEqual(10);
    // Nothing below a floor is looked for: searches for strangers look at fewer rows.
    const judgedOf = (floor?: number): number => {
      const start = all.own.work().judged;
      for (let i = 1; i < 60; i += 2) all.own.search(queries[i]!, { k: 10, floor });
      return all.own.work().judged - start;
    };
    expect(judgedOf(0.8)).toBeLessThan(judgedOf() / 2);
    const whole = new ExactIndex({ vectors: { read: () => undefined }, learnFrom: Number.POSITIVE_INFINITY });
    for (let id = 0; id < 5000; id++) whole.add(id, people.vector(id, 0));
    expect(whole.shape()).toBeUndefined();
    expect(all.sourced.memory().bytes).toBeLessThan(0.75 * whole.memory().bytes);
  });

  test("are answered the same at every moment of the change, whatever is changed meanwhile", async () => {
    const random = seeded(5);
    const people = new FlatPeople({ seed: 2 });
    const all = twins();
    const present: number[] = [];
    let [learning, image] = [0, 0];
    for (let step = 0; step < 6000; step++) {
      const what = random.next();
      const vector = people.vector(random.below(400), image++);
      const place = random.below(Math.max(1, present.length));
      if (what < 0.6 || present.length < 10) {
        present.push(step);
        add(all, step, vector, step % 40);
      } else if (what < 0.8) {
        const id = present[place]!;
        for (const index of [all.own, all.sourced, all.twin]) index.replace(id, vector, 3);
        all.kept.set(id, vector);
      } else {
        const [id] = present.splice(place, 1, present.at(-1)!);
        present.pop();
        for (const index of [all.own, all.sourced, all.twin]) expect(index.remove(id!)).toBe(true);
        all.kept.delete(id!);
      }
      if (step % 100 !== 0) continue;
      // Lets both go on with their change for a moment.
      await new Promise((resolve) => setImmediate(resolve));
      if (all.sourced.size > LEARN_FROM && all.sourced.shape() === undefined) learning++;
      await expectAgreement(all, [people.vector(random.below(400), -1), vector]);
    }
    await settle(all);
    expect(learning).toBeGreaterThan(0);
    expect(axesOf(all)).toEqual([32, 32]);
    await expectAgreement(
      all,
      [1, 2, 3, 4, 5].map((person) => people.vector(person, -2)),
      20,
    );
    for (const id of present)
      for (const index of [all.own, all.sourced]) {
        expect(index.groupOf(id)).toBe(all.twin.groupOf(id));
        expect(index.remove(id)).toBe(true);
      }
    expect(all.own.search(people.vector(0, 0), { k: 3 })).toEqual([]);
  });

  test("that change their shape afterwards are found all the same, and the shape is learned anew", async () => {
    const [before, after] = [new FlatPeople({ seed: 3 }), new FlatPeople({ seed: 4 })];
    const all = twins();
    for (let id = 0; id < 2500; id++) add(all, id, before.vector(Math.floor(id / 5), id % 5));
    await settle(all);
    expect(axesOf(all)).toEqual([32, 32]);
    for (let id = 2500; id < 3400; id++) add(all, id, after.vector(id, 0));
    const queries = [
      before.vector(3, 9),
      after.vector(2600, 1),
      after.vector(90_000, 0),
      before.vector(90_000, 0),
    ];
    const memory = all.own.memory().scanBytes;
    // Too few strays to learn anew: many rows whose axes say nothing of them.
    await expectAgreement(all, queries);
    expect(axesOf(all)).toEqual([32, 32]);
    for (let id = 3400; id < 4600; id++) add(all, id, after.vector(id, 0));
    await settle(all);
    // Both shapes together fill 48 dimensions.
    expect(axesOf(all)).toEqual([64, 64]);
    expect(all.own.memory().scanBytes).toBeGreaterThan(memory);
    await expectAgreement(all, queries);
  });
});

describe("vectors made to be confused, after their axes were learned", () => {
  const random = seeded(6);
  const make = (component: (i: number) => number): UnitVector =>
    normalize(Float32Array.from({ length: DIMENSION }, (_, i) => component(i)));
  const people = new FlatPeople({ seed: 7 });
  const base = people.vector(0, 0);
  const across = make((j) => (j % 2 === 0 ? base[j + 1]! : -base[j - 1]!));

  test.each<[string, (id: number) => UnitVector]>([
    ["equal ones", () => base],
    ["one direction and its opposite", (id) => make((j) => (id % 2 === 0 ? base[j]! : -base[j]!))],
    ["ones that differ by 1e-7", () => make((j) => base[j]! * (1 + (random.next() - 0.5) * 2e-7))],
    [
      "near ties outside of the axes",
      (id) =>
        id % 4 === 0 ? make((j) => base[j]! + across[j]! * 1e-3 * random.next()) : people.vector(id, 0),
    ],
    ["one component only", () => make((j) => (j === 5 ? 1 : 0))],
    ["a tiny part in all other components", (id) => make((j) => (j === 5 ? 1 : id * 1e-12))],
  ])(
    "%s",
    async (_, vector) => {
      const all = twins(1100);
      for (let id = 0; id < 2200; id++) add(all, id, vector(id), id % 50);
      await settle(all);
      // Comes after the axes were learned, at right angles to all that was there.
      add(all, 9000, across);
      const queries = [
        base,
        across,
        vector(3),
        make((j) => -base[j]!),
        make((j) => (j === 5 ? -1 : 0)),
        people.vector(9, 9),
      ];
      expect(all.own.shape()!.axes).toBeLessThanOrEqual(DIMENSION);
      for (const k of [1, 30]) await expectAgreement(all, queries, k);
    },
    30_000,
  );
});

test("the bound holds for 10⁶ pairs, of vectors along the axes, beside them and at right angles to them", () => {
  const people = new FlatPeople({ seed: 8 });
  const strangers = new SyntheticPeople({ dimension: DIMENSION, seed: 9 });
  const sample = Array.from({ length: sampleSize(4000, DIMENSION) }, (_, i) =>
    Float32Array.from(people.vector(i, 0)),
  );
  const work = measureShape(sample, 4000, undefined);
  let step = work.next();
  while (!step.done) step = work.next();
  const { axes } = step.value;
  expect(axes?.count).toBe(32);
  expect(axes!.error).toBeLessThan(1e-4);
  const mixture = (i: number): UnitVector => {
    if (i % 3 === 0) return people.vector(i, 1);
    if (i % 3 === 1) return strangers.vector(i, 1);
    const [a, b] = [people.vector(i, 2), strangers.vector(i, 2)];
    return normalize(Float32Array.from(a, (value, j) => value + b[j]! * (i % 7) * 0.1));
  };
  const rows = new QuantisedRows(DIMENSION, { axes });
  const vectors = Array.from({ length: 2000 }, (_, i) => mixture(i));
  for (const [i, vector] of vectors.entries()) rows.push(i, vector, undefined);
  const { numbers, cosines, radii, highest } = rows.found(0);
  let [pairs, widest] = [0, 0];
  for (let i = 0; i < 500; i++) {
    const query = mixture(100_000 + i);
    rows.ask(query);
    const { slack } = rows.asked();
    const { kernel, planeBytes, queryAt } = rows;
    const [at, notes] = [rows.blockAt(0), rows.notedAt(0)];
    const noted = kernel.survey(at, planeBytes, 0, 2000, 0, queryAt, -4, 0, 0, notes);
    expect(noted).toBe(2000);
    const found = kernel.weigh(at, planeBytes, 0, 0, noted, queryAt, -4, notes, rows.foundAt(0));
    expect(found).toBe(2000);
    for (let at = 0; at < found; at++) {
      const vector = vectors[numbers[at]!]!;
      let exact = 0;
      for (let j = 0; j < DIMENSION; j++) exact += query[j]! * vector[j]!;
      if (Math.abs(exact - cosines[at]!) > radii[at]!)
        throw new Error(`${exact}: ${cosines[at]} ± ${radii[at]}`);
      // The survey alone has told so much already.
      if (exact > highest[at]! + slack) throw new Error(`${exact}: above ${highest[at]}`);
      if (numbers[at]! % 3 === 0 && i % 3 === 0) widest = Math.max(widest, radii[at]!);
      pairs++;
    }
  }
  expect(pairs).toBe(1_000_000);
  // Along the axes it is also of use: a sixteenth of what four bits leave open, and a little for what is beside them.
  expect(widest).toBeLessThan(0.02);
});

test("vectors that fill all their dimensions keep them", async () => {
  const people = new SyntheticPeople({ dimension: DIMENSION, seed: 10 });
  const all = twins(1100);
  for (let id = 0; id < 1500; id++) add(all, id, people.vector(id, 0));
  const before = all.own.memory().scanBytes;
  await settle(all);
  expect(all.own.shape()).toMatchObject({ dimension: DIMENSION, axes: DIMENSION, energy: 1, cost: 1 });
  expect(all.own.memory().scanBytes).toBe(before);
});

test("a source that has lost a vector, or cannot be read, leaves the index as it is", async () => {
  const people = new FlatPeople({ seed: 11 });
  for (const broken of [
    () => undefined,
    () => {
      throw new Error("the disk is gone");
    },
  ]) {
    const kept = new Map<number, UnitVector>();
    let lost = -1;
    const index = new ExactIndex({
      learnFrom: 1100,
      vectors: { read: (id) => (id === lost ? broken() : kept.get(id)) },
    });
    const fill = (from: number, to: number): void => {
      for (let id = from; id < to; id++) {
        kept.set(id, people.vector(id, 0));
        index.add(id, kept.get(id)!);
      }
    };
    lost = 1200;
    fill(0, 1300);
    await index.settled();
    expect(index.shape()).toBeUndefined();
    expect(index.search(kept.get(7)!, { k: 1 })[0]!.id).toBe(7);
    lost = -1;
    fill(1300, 1700);
    await index.settled();
    expect(index.shape()!.axes).toBe(32);
    expect(index.search(kept.get(7)!, { k: 1 })[0]!.id).toBe(7);
  }
});

test("learning goes on between other work by itself, and ends when the index is closed", async () => {
  const people = new FlatPeople({ seed: 12 });
  const index = new ExactIndex({ learnFrom: 2000 });
  for (let id = 0; id < 2001; id++) index.add(id, people.vector(id, 0));
  while (!index.shape()) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(index.shape()!.axes).toBe(32);
  const closed = new ExactIndex({ learnFrom: 2000 });
  for (let id = 0; id < 2001; id++) closed.add(id, people.vector(id, 0));
  await closed.close();
  await closed.settled();
  expect(closed.shape()).toBeUndefined();
  expect(closed.search(people.vector(5, 0), { k: 1 })[0]!.id).toBe(5);
});

test("no step of learning takes long: a search waits for one at most", () => {
  const people = new SyntheticPeople({ dimension: 256, seed: 13 });
  const rows = new QuantisedRows(256);
  const vectors = Array.from({ length: 3000 }, (_, i) => people.vector(i, 0));
  for (const [i, vector] of vectors.entries()) rows.push(i, vector, undefined);
  const change = new ShapeChange(rows, (row) => vectors[row]);
  let steps = 0;
  for (; !change.advance(0); steps++);
  // Some hundred million operations in all.
  expect(steps).toBeGreaterThan(2000);
});
