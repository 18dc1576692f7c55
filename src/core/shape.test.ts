import { expect, test } from "vitest";
import { elementCount } from "./shape.ts";

test("a shape holds the product of its sizes: one number without axes, none where a size is 0", () => {
  expect(elementCount([2, 3, 4])).toBe(24);
  expect(elementCount([])).toBe(1);
  expect(elementCount([5, 0])).toBe(0);
});
