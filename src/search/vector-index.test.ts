import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosine, normalize, seeded, type UnitVector } from "../core/index.ts";
import { ExactIndex } from "./exact-index.ts";
import { ScalarIndex } from "./scalar-index.ts";
import type { VectorIndex } from "./vector-index.ts";

const unit = (...values: number[]) => normalize(Float32Array.from(values));

/** Vectors with components spread evenly around 0. */
function randomUnits(count: number, dimension: number, seed: number): UnitVector[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () =>
    normalize(Float32Array.from({ length: dimension }, () => random.next() - 0.5)),
  );
}

const indexes: [string, () => VectorIndex][] = [
  ["ScalarIndex", () => new ScalarIndex()],
  ["ExactIndex", () => new ExactIndex()],
  [
    "ExactIndex that fetches vectors",
    () => {
      const kept = new Map<number, UnitVector>();
      const index = new ExactIndex({ vectors: { read: (id) => kept.get(id) } });
      return {
        get size() {
          return index.size;
        },
        get dimension() {
          return index.dimension;
        },
        add: (id, vector, group) => {
          index.add(id, vector, group);
          kept.set(id, vector);
        },
        replace: (id, vector, group) => {
          index.replace(id, vector, group);
          kept.set(id, vector);
        },
        remove: (id) => kept.delete(id) && index.remove(id),
        has: (id) => index.has(id),
        groupOf: (id) => index.groupOf(id),
        search: (query, options) => index.search(query, options),
        searchGroups: (query, options) => index.searchGroups(query, options),
        searchBatch: (queries, options) => index.searchBatch(queries, options),
        memory: () => index.memory(),
      };
    },
  ],
];

describe.each(indexes)("%s", (_name, open) => {
  test("neighbours come by falling cosine, equal ones by id whatever the order of adding", () => {
    for (const ids of [
      [2, 1, 3],
      [3, 1, 2],
    ]) {
      const index = open();
      for (const id of ids) index.add(id, id === 3 ? unit(1, 0.1) : unit(1, 1));
      expect(index.search(unit(1, 0), { k: 3 }).map((hit) => hit.id)).toEqual([3, 1, 2]);
      expect(index.search(unit(1, 0), { k: 2 }).map((hit) => hit.id)).toEqual([3, 1]);
    }
  });

  test("the k best of a sorted brute-force list are found to the last bit, for any vectors and any changes", async () => {
    const vector = (dimension: number) =>
      fc
        .array(fc.integer({ min: -3, max: 3 }), { minLength: dimension, maxLength: dimension })
        .filter((v) => v.some((x) => x !== 0))
        .map((v) => unit(...v));
    const world = fc.integer({ min: 1, max: 5 }).chain((dimension) =>
      fc.record({
        rows: fc.array(
          fc.record({
            vector: vector(dimension),
            group: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        removed: fc.array(fc.nat(40), { maxLength: 10 }),
        replaced: fc.array(fc.record({ id: fc.nat(29), vector: vector(dimension) }), { maxLength: 5 }),
        queries: fc.array(vector(dimension), { minLength: 1, maxLength: 9 }),
        k: fc.integer({ min: 1, max: 8 }),
        rest: fc.integer({ min: 1, max: 3 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(world, async ({ rows, removed, replaced, queries, k, rest }) => {
        const index = open();
        const left = new Map(rows.map((row, id) => [id, row] as const));
        for (const [id, row] of left) index.add(id, row.vector, row.group);
        for (const { id, vector } of replaced) {
          if (!left.has(id)) continue;
          left.set(id, { vector, group: 7 });
          index.replace(id, vector, 7);
        }
        for (const id of removed) expect(index.remove(id)).toBe(left.delete(id));
        expect(index.size).toBe(left.size);
        const filter = (id: number) => id % rest === 0;
        const wanted = queries.map((query) =>
          [...left]
            .filter(([id]) => filter(id))
            .map(([id, row]) => ({ id, cosine: cosine(query, row.vector), group: row.group }))
            .sort((a, b) => b.cosine - a.cosine || a.id - b.id),
        );
        const neighbours = wanted.map((all) => all.slice(0, k).map(({ id, cosine }) => ({ id, cosine })));
        expect(queries.map((query) => index.search(query, { k, filter }))).toEqual(neighbours);
        expect(await index.searchBatch(queries, { k, filter })).toEqual(neighbours);
        // A floor that some reach, and one of them exactly.
        const floor = wanted[0]?.[1]?.cosine ?? 0.5;
        const above = neighbours.map((all) => all.filter(({ cosine }) => cosine >= floor));
        expect(queries.map((query) => index.search(query, { k, filter, floor }))).toEqual(above);
        expect(await index.searchBatch(queries, { k, filter, floor })).toEqual(above);
        const groups = wanted.map((all) =>
          all
            .filter(
              ({ group }, place) => group !== undefined && all.findIndex((o) => o.group === group) === place,
            )
            .slice(0, k),
        );
        expect(queries.map((query) => index.searchGroups(query, { k, filter }))).toEqual(groups);
        expect(queries.map((query) => index.searchGroups(query, { k, filter, floor }))).toEqual(
          groups.map((all) => all.filter(({ cosine }) => cosine >= floor)),
        );
      }),
    );
  });

  test("a group is as near as its nearest vector, and vectors without one are passed over", () => {
    const index = open();
    index.add(10, unit(0, 1), 5);
    index.add(11, unit(1, 0), 5);
    index.add(12, unit(1, 1), 6);
    index.add(13, unit(1, 0));
    expect(index.searchGroups(unit(1, 0), { k: 5 })).toEqual([
      { id: 11, group: 5, cosine: 1 },
      { id: 12, group: 6, cosine: cosine(unit(1, 0), unit(1, 1)) },
    ]);
    expect(index.groupOf(12)).toBe(6);
    expect(index.groupOf(13)).toBeUndefined();
  });

  test("what was changed or removed is no longer found as it was", () => {
    const index = open();
    const [a, b, c] = randomUnits(3, 512, 1) as [UnitVector, UnitVector, UnitVector];
    index.add(1, a, 1);
    index.add(2, b, 2);
    index.replace(1, c);
    expect(index.search(a, { k: 1 })[0]!.cosine).toBeLessThan(0.5);
    expect(index.search(c, { k: 1 })).toEqual([{ id: 1, cosine: cosine(c, c) }]);
    expect(index.groupOf(1)).toBeUndefined();
    expect(index.remove(1)).toBe(true);
    expect(index.remove(1)).toBe(false);
    expect(index.has(1)).toBe(false);
    expect(index.search(c, { k: 2 }).map(({ id }) => id)).toEqual([2]);
  });

  test("its memory is told by what it holds", () => {
    const index = open();
    for (const [id, vector] of randomUnits(3, 4, 1).entries()) index.add(id, vector);
    const { vectors, bytes, scanBytes, exactBytes, lookupBytes } = index.memory();
    expect(vectors).toBe(3);
    expect(bytes).toBe(scanBytes + exactBytes + lookupBytes);
  });

  test("an empty index finds nothing", async () => {
    expect(open().search(unit(1, 0), { k: 3 })).toEqual([]);
    expect(open().searchGroups(unit(1, 0), { k: 3 })).toEqual([]);
    expect(await open().searchBatch([unit(1, 0)], { k: 3 })).toEqual([[]]);
    expect(await open().searchBatch([], { k: 3 })).toEqual([]);
  });

  test("what cannot be answered is refused, with its reason", async () => {
    const index = open();
    index.add(1, unit(1, 0));
    const broken = Float32Array.of(Number.NaN, 1) as unknown as UnitVector;
    const long = Float32Array.of(3, 4) as unknown as UnitVector;
    const zero = Float32Array.of(0, 0) as unknown as UnitVector;
    for (const vector of [broken, long, zero]) {
      expect(() => index.add(2, vector)).toThrow(expect.objectContaining({ code: "ZERO_VECTOR" }));
      expect(() => index.search(vector, { k: 1 })).toThrow(expect.objectContaining({ code: "ZERO_VECTOR" }));
    }
    expect(() => index.add(2, unit(1, 0, 0))).toThrow(expect.objectContaining({ code: "SHAPE" }));
    expect(() => index.search(unit(1, 0, 0), { k: 1 })).toThrow(expect.objectContaining({ code: "SHAPE" }));
    await expect(index.searchBatch([unit(1, 0), unit(1)], { k: 1 })).rejects.toThrow(
      expect.objectContaining({ code: "SHAPE" }),
    );
    expect(() => index.add(1, unit(1, 0))).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => index.replace(2, unit(1, 0))).toThrow(expect.objectContaining({ code: "USAGE" }));
    for (const id of [-1, 0.5, 2 ** 53, Number.NaN])
      expect(() => index.add(id, unit(1, 0))).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => index.add(3, unit(1, 0), -1)).toThrow(expect.objectContaining({ code: "USAGE" }));
    for (const k of [0, 1.5, Number.NaN])
      expect(() => index.search(unit(1, 0), { k })).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => index.search(unit(1, 0), { k: 1, floor: Number.NaN })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
    expect(index.size).toBe(1);
    expect(index.search(unit(1, 0), { k: 9 })).toEqual([{ id: 1, cosine: 1 }]);
  });

  test("a cancelled batch stops", async () => {
    const index = open();
    index.add(1, unit(1, 0));
    await expect(index.searchBatch([unit(1, 0)], { k: 1, signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ code: "ABORTED" }),
    );
  });
});
