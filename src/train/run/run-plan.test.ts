import { expect, test } from "vitest";
import type { Examples } from "../data/index.ts";
import { parseTrainConfig } from "./config.ts";
import { planRun } from "./run-plan.ts";
import { settleConfig } from "./settle.ts";

/** A set of so many pictures of two people, of which nothing is read. */
function pictures(count: number): Examples {
  return {
    set: undefined as unknown as Examples["set"],
    indices: Uint32Array.from({ length: count }, (_, i) => i),
    labels: Int32Array.from({ length: count }, (_, i) => i % 2),
    classes: ["a", "b"],
  };
}

test.each([
  [{ batch: 8, epochs: 3 }, 100, 38, 13],
  [{ batch: 8 }, 100, 125, 13],
  [{ batch: 8, steps: 5 }, 100, 5, 13],
  // Less than a step is one.
  [{ batch: 64, epochs: 0.001 }, 100, 1, 2],
  [{ batch: 64, epochs: 1 }, 10, 1, 1],
])("%j over %d pictures is %d steps, of which %d make an epoch", (settings, count, steps, stepsPerEpoch) => {
  const config = settleConfig(parseTrainConfig({ data: "people", ...settings }));
  expect(planRun(config, pictures(count))).toMatchObject({ steps, stepsPerEpoch });
});
