import { expect, test } from "vitest";
import { expectShape } from "./shape.ts";

test("a letter means one size throughout, and the meaning is returned", () => {
  const dims = expectShape("cosine", [32, 512], ["N", "C"]);
  expect(dims).toEqual({ N: 32, C: 512 });
  expect(expectShape("labels", [32], ["N"], dims)).toEqual({ N: 32, C: 512 });
});

test("a misfit names the place, what was known and what came", () => {
  expect(() => expectShape("arcface.labels", [31], ["N"], { N: 32 })).toThrow(
    "arcface.labels: expected [N=32], got [31]",
  );
  expect(() => expectShape("crop", [112, 96], ["S", "S"])).toThrow("crop: expected [S, S], got [112, 96]");
  expect(() => expectShape("image", [3, 4], [3, 4, 5])).toThrow(expect.objectContaining({ code: "SHAPE" }));
});
