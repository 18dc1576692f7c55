import { expect, test } from "vitest";
import { counted } from "./counted.ts";

test("one is singular, everything else plural, thousands have their commas", () => {
  expect(counted(1, "face")).toBe("1 face");
  expect(counted(0, "face")).toBe("0 faces");
  expect(counted(1200, "person", "people")).toBe("1,200 people");
});
