import { expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

test("a caller has two seconds' worth at once, then as many as the rate says, whatever others do", () => {
  let now = 0;
  const limit = new RateLimit(2, () => now);
  for (let i = 0; i < 4; i++) limit.take("a");
  expect(() => limit.take("a")).toThrow("at most 2 requests a second");
  limit.take("b");
  now = 500;
  limit.take("a");
  expect(() => limit.take("a")).toThrow();
});
