import fc from "fast-check";
import { expect, test } from "vitest";
import { cosine, normalize } from "../core/index.ts";
import { ExactIndex } from "./exact-index.ts";

const unit = (...values: number[]) => normalize(Float32Array.from(values));

test("neighbours come by falling cosine, equal ones by key whatever the order of adding", () => {
  for (const keys of [
    ["b", "a", "c"],
    ["c", "a", "b"],
  ]) {
    const index = new ExactIndex();
    for (const key of keys) index.add(key, key === "c" ? unit(1, 0.1) : unit(1, 1));
    expect(index.search(unit(1, 0), 3).map((hit) => hit.key)).toEqual(["c", "a", "b"]);
  }
});

test("a key with several vectors is as near as its nearest, and says which it was", () => {
  const index = new ExactIndex();
  index.add("group", unit(0, 1));
  index.add("group", unit(1, 0));
  index.add("alone", unit(1, 1));
  expect(index.search(unit(1, 0), 2)).toEqual([
    { key: "group", vector: 1, cosine: 1 },
    { key: "alone", vector: 0, cosine: expect.closeTo(Math.SQRT1_2, 6) },
  ]);
  expect(index.size).toBe(2);
});

test("the k best of a sorted brute-force list are found, for any vectors", () => {
  const vector = fc
    .array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 })
    .filter((v) => v.some((x) => x !== 0));
  fc.assert(
    fc.property(
      fc.array(vector, { minLength: 1, maxLength: 30 }),
      vector,
      fc.integer({ min: 1, max: 8 }),
      (rows, q, k) => {
        const index = new ExactIndex();
        rows.forEach((row, i) => {
          index.add(String(i).padStart(3, "0"), unit(...row));
        });
        const query = unit(...q);
        const wanted = rows
          .map((row, i) => ({
            key: String(i).padStart(3, "0"),
            vector: 0,
            cosine: cosine(query, unit(...row)),
          }))
          .sort((a, b) => b.cosine - a.cosine || (a.key < b.key ? -1 : 1))
          .slice(0, k);
        expect(index.search(query, k)).toEqual(wanted);
      },
    ),
  );
});

test("excluded keys, another dimension and a k of nothing", () => {
  const index = new ExactIndex();
  index.add("a", unit(1, 0));
  expect(index.search(unit(1, 0), 3, { exclude: (key) => key === "a" })).toEqual([]);
  expect(() => index.add("b", unit(1, 0, 0))).toThrow(expect.objectContaining({ code: "SHAPE" }));
  expect(() => index.search(unit(1, 0, 0), 1)).toThrow(expect.objectContaining({ code: "SHAPE" }));
  expect(() => index.search(unit(1, 0), 0)).toThrow(expect.objectContaining({ code: "USAGE" }));
});
