import { describe, expect, test } from "vitest";
import { encodeOnnx, GraphBuilder, type OnnxModel } from "../onnx/index.ts";
import { type Pass, runPasses } from "./passes.ts";

/** y = x · factor, for two numbers. */
function times(factor: number): OnnxModel {
  const builder = new GraphBuilder();
  const x = builder.input("x", [2]);
  builder.node("Mul", [x, builder.float([1], Float32Array.of(factor))], {}, "y");
  builder.output("y", [2]);
  return builder.finish({ producer: "test", opset: 17 });
}

/** y = (x + 1e7) − 1e7 + x · small: little but rounding is left of it. */
function cancelling(): OnnxModel {
  const builder = new GraphBuilder();
  const x = builder.input("x", [2]);
  const wide = builder.node("Mul", [x, builder.float([1], Float32Array.of(1e7))]);
  const again = builder.node("Mul", [x, builder.float([1], Float32Array.of(1e7 + 1))]);
  builder.node("Sub", [again, wide], {}, "y");
  builder.output("y", [2]);
  return builder.finish({ producer: "test", opset: 17 });
}

const feeds = { x: { dims: [2], data: Float32Array.of(1.1, -2.3) } };

const pass = (name: string, result: OnnxModel | undefined, more: Partial<Pass> = {}): Pass => ({
  name,
  apply: () => result,
  tolerance: 1e-4,
  onDisagreement: "refuse",
  ...more,
});

describe("runPasses", () => {
  const start = times(2);
  const run = (passes: Pass[], from = start) => runPasses(from, encodeOnnx(from), passes, { feeds });

  test("keeps what agrees, in order, and says how far the result is from the original", async () => {
    const near = times(2 * (1 + 1e-5));
    const { model, passes, distance, rounding } = await run([pass("near", near), pass("nothing", undefined)]);
    expect(model).toBe(near);
    expect(passes.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["near", "kept"],
      ["nothing", "unneeded"],
    ]);
    expect(distance).toBeCloseTo(1e-5, 6);
    expect(rounding).toBeNull();
  });

  test("leaves aside what differs where the pass says so, and goes on from what there was", async () => {
    const seen: OnnxModel[] = [];
    const look = pass("look", undefined, { apply: (model) => void seen.push(model) });
    const { model, passes } = await run([pass("far", times(3), { onDisagreement: "drop" }), look]);
    expect([model, seen]).toEqual([start, [start]]);
    expect(passes[0]).toEqual({ name: "far", outcome: "dropped", distance: expect.closeTo(0.5, 5) });
  });

  test("refuses what differs otherwise, by the pass's name", async () => {
    await expect(run([pass("far", times(3))])).rejects.toThrow(
      /^far: expected the network to agree within 0\.0001, got 0\.5/,
    );
    await expect(run([pass("none", times(Number.NaN))])).rejects.toThrow(/^none: expected .* got Infinity/);
  });

  test("does not blame a pass for a network whose own rounding moves its output as far", async () => {
    const unsure = cancelling();
    const { model, passes, rounding } = await run([pass("far", times(3))], unsure);
    expect(model).toBe(unsure);
    expect(passes[0]!.outcome).toBe("dropped");
    expect(rounding).toBeGreaterThan(0.1);
  });

  test("what agrees and is not worth it is declined; what has a distance of its own is judged by it", async () => {
    const near = times(2);
    const { passes } = await run([
      pass("slow", near, { worth: async () => false }),
      pass("own", times(3), { distance: async () => 0 }),
    ]);
    expect(passes.map(({ outcome }) => outcome)).toEqual(["declined", "kept"]);
  });
});
