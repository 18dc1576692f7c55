import { blockedDots, overBatch } from "../emit/blocked-sums.ts";
import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";

const BATCH_VARIANCE: Operation<null> = {
  name: "batch-variance",
  result([x, mean]) {
    const [, c = 0] = axesOf("batch-variance", x!, 4);
    expectThat(sameShape(mean!.shape, [c]), "batch-variance", "a mean per channel", x!, mean!);
    return float([c]);
  },
  evaluate([x, mean], value) {
    const [n = 0, c = 0, height = 0, width = 0] = value.inputs[0]!.shape;
    const y = new Float64Array(c);
    for (const [i, v] of x!.entries()) {
      const channel = Math.floor(i / (height * width)) % c;
      y[channel] = y[channel]! + (v - mean![channel]!) ** 2 / (n * height * width);
    }
    return y;
  },
  // Batch norm's gradient covers what flows through its statistics.
  gradient: () => [undefined, undefined],
  plain(emit, [x = "", mean = ""], value) {
    const [c = 0] = value.shape;
    const centred = emit.node("Sub", [x, emit.reshape(mean, [c, 1, 1])]);
    const square = emit.node("Mul", [centred, centred]);
    return emit.node("ReduceMean", [square, emit.ints([0, 2, 3])], { keepdims: 0 });
  },
  // E[x²] − mean² in one pass without temporaries; it loses digits where the mean is far larger than the spread.
  blocked(emit, value) {
    const [x, mean] = value.inputs as [Value, Value];
    const [n = 0, c = 0, h = 0, w = 0] = x.shape;
    if (!emit.blocks(c) || h * w === 1) return undefined;
    const name = emit.blocked(x);
    const planes = blockedDots(emit, name, name, [n, c, h, w]);
    const total = emit.reshape(overBatch(emit, planes, [n, c]), [c]);
    const square = emit.node("Mul", [total, emit.scalar(1 / (n * h * w))]);
    const m = emit.plain(mean);
    const variance = emit.node("Sub", [square, emit.node("Mul", [m, m])]);
    return emit.inRows(emit.node("Max", [variance, emit.scalar(0)]));
  },
};

/**
 * Each channel's mean squared distance from its mean over batch and map. No gradient flows through it on its own.
 *
 * Shapes    x [N, C, H, W], mean [C] → [C]
 */
export const batchVariance = (x: Value, mean: Value): Value => x.tape.apply(BATCH_VARIANCE, [x, mean], null);
