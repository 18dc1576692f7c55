import fc from "fast-check";
import { expect, test } from "vitest";
import { seeded } from "./random.ts";
import { asUnitVector, cosine, normalize, type ReadonlyFloat32 } from "./vector.ts";

test("a normalised vector has length 1 and the direction of what it was made from", () => {
  const unit = normalize(Float32Array.of(3, 4));
  expect([...unit]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
});

test("normalising copies: the source can change without changing the vector", () => {
  const source = Float32Array.of(3, 4);
  const unit = normalize(source);
  source[0] = 100;
  expect(unit[0]).toBeCloseTo(0.6, 6);
});

test.each([[[0, 0]], [[Number.NaN, 1]], [[Number.POSITIVE_INFINITY, 1]]])(
  "a vector without a direction, %j, is refused",
  (values) => {
    expect(() => normalize(Float32Array.from(values))).toThrow(
      expect.objectContaining({ code: "ZERO_VECTOR" }),
    );
  },
);

test("a cosine is that of the angle: 1 for the same direction, 0 for a right angle, −1 for the opposite", () => {
  const x = normalize(Float32Array.of(2, 0));
  expect(cosine(x, x)).toBe(1);
  expect(cosine(x, normalize(Float32Array.of(0, 5)))).toBe(0);
  expect(cosine(x, normalize(Float32Array.of(-1, 0)))).toBe(-1);
});

test("a cosine never leaves [−1, 1] and does not depend on the order", () => {
  const coordinate = fc.float({ min: -1000, max: 1000, noNaN: true });
  const vectors = fc
    .array(coordinate, { minLength: 16, maxLength: 16 })
    .filter((v) => v.some((x) => Math.abs(x) > 1e-3));
  fc.assert(
    fc.property(vectors, vectors, (a, b) => {
      const [u, v] = [normalize(Float32Array.from(a)), normalize(Float32Array.from(b))];
      const value = cosine(u, v);
      return value >= -1 && value <= 1 && value === cosine(v, u);
    }),
  );
});

test("a sum that rounding brings past 1 is 1, and past −1 is −1", () => {
  const random = seeded(3);
  const longest = Array.from({ length: 500 }, () =>
    normalize(Float32Array.from({ length: 64 }, () => random.next() - 0.5)),
  )
    .map((vector) => ({ vector, square: [...vector].reduce((sum, x) => sum + x * x, 0) }))
    .reduce((best, one) => (one.square > best.square ? one : best));
  expect(longest.square).toBeGreaterThan(1);
  expect(cosine(longest.vector, longest.vector)).toBe(1);
  expect(cosine(longest.vector, normalize([...longest.vector].map((x) => -x)))).toBe(-1);
});

test("vectors of two dimensions are not compared", () => {
  expect(() => cosine(normalize(Float32Array.of(1)), normalize(Float32Array.of(1, 0)))).toThrow(
    expect.objectContaining({ code: "SHAPE" }),
  );
});

test("values from a file count as a unit vector only when their length is 1", () => {
  expect([...asUnitVector([0.6, 0.8])]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect(() => asUnitVector([0.6, 0.9])).toThrow(expect.objectContaining({ code: "ZERO_VECTOR" }));
});

test("a raw array does not pass for a unit vector", () => {
  const raw: ReadonlyFloat32 = Float32Array.of(1, 0);
  // @ts-expect-error only normalize() and asUnitVector() make unit vectors
  cosine(raw, raw);
});
