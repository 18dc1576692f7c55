import { describe, expect, test } from "vitest";
import { settlePlan } from "./plan.ts";

describe("a plan", () => {
  test("is softmax, the control and arcface over two epochs unless said otherwise", () => {
    const scales = settlePlan({ heads: ["arcface", "cosface", "combined"] }).heads.map((head) => [
      head.head,
      "scale" in head && head.scale,
    ]);
    expect(scales).toEqual([
      ["arcface", 8],
      ["cosface", 16],
      ["combined", 16],
    ]);
    const plan = settlePlan({});
    expect(plan.heads.map(({ head }) => head)).toEqual(["softmax", "normalised-softmax", "arcface"]);
    // Without the margin and nothing else: the control has ArcFace's scale.
    const [, control, arcface] = plan.heads as readonly { scale?: number }[];
    expect(control!.scale).toBe(arcface!.scale);
    expect(plan).toMatchObject({ epochs: 2, openSetEpochs: 1, embedding: 128, seed: 1, digits: 60_000 });
    expect(settlePlan({ embedding: 2 })).toMatchObject({ epochs: 4, openSetEpochs: 2 });
  });

  test.each([
    [{ heads: ["arkface"] }, /got "arkface"/],
    [{ heads: ["arcface", "arcface"] }, /each once/],
    [{ embedding: 1 }, /embedding: expected a whole number from 2/],
    [{ openSetEpochs: Number.NaN }, /open-set epochs/],
  ])("%j is refused", (plan, message) => {
    expect(() => settlePlan(plan)).toThrow(message);
  });
});
