import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { add } from "./add.ts";
import { batchVariance } from "./batch-variance.ts";
import { channelAffine } from "./channel-affine.ts";
import { channelDot } from "./channel-dot.ts";
import { channelSum } from "./channel-sum.ts";
import { divide } from "./divide.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";
import { reshape } from "./reshape.ts";
import { sqrt } from "./sqrt.ts";
import { subtract } from "./subtract.ts";

interface Epsilon {
  readonly eps: number;
}

/** x, scale, shift, and the statistics of this very x: its gradient goes through them. */
const BATCH_NORM: Operation<Epsilon> = {
  name: "batch-norm",
  result(inputs) {
    const [x, ...vectors] = inputs;
    const [, c = 0] = axesOf("batch-norm", x!, 4);
    expectThat(
      vectors.every(({ shape }) => sameShape(shape, [c])),
      "batch-norm",
      `[${c}] beside`,
      x!,
      ...vectors,
    );
    return float(x!.shape);
  },
  evaluate([x, scale, shift, mean, variance], value, { eps }) {
    const [, c = 0, height = 0, width = 0] = value.shape;
    return x!.map((v, i) => {
      const k = Math.floor(i / (height * width)) % c;
      return ((v - mean![k]!) / Math.sqrt(variance![k]! + eps)) * scale![k]! + shift![k]!;
    });
  },
  gradient(y, dy, { eps }) {
    const [x, scale, , mean, variance] = y.inputs as [Value, Value, Value, Value, Value];
    const [n = 0, , height = 0, width = 0] = x.shape;
    const count = n * height * width;
    const inverse = divide(1, sqrt(add(variance, eps)));
    const sum = channelSum(dy);
    // Σ dy·(x − mean)/σ, without writing what is summed to memory.
    const dScale = multiply(subtract(channelDot(dy, x), multiply(mean, sum)), inverse);
    const gain = multiply(scale, inverse);
    const slope = multiply(multiply(gain, inverse), multiply(dScale, -1 / count));
    const offset = subtract(multiply(multiply(gain, sum), -1 / count), multiply(slope, mean));
    const dx = channelAffine(dy, gain, { added: channelAffine(x, slope, { shift: offset }) });
    return [dx, dScale, sum, undefined, undefined];
  },
  plain: (emit, inputs, _value, { eps }) =>
    emit.node("BatchNormalization", inputs, { epsilon: { float: eps } }),
  blocked(emit, value, { eps }) {
    const [x, scale, shift, mean, variance] = value.inputs as [Value, Value, Value, Value, Value];
    const [, c = 0] = value.shape;
    if (!emit.blocks(c)) return undefined;
    // The same values as the gradient's: the emitter writes them once.
    const gain = multiply(scale, divide(1, sqrt(add(variance, eps))));
    const offset = add(shift, negate(multiply(mean, gain)));
    return emit.as(channelAffine(x, gain, { shift: offset }));
  },
};

/** A batch norm's result, and the statistics it was made with. */
export interface BatchNormResult {
  readonly y: Value;
  /** [C] */
  readonly mean: Value;
  /** [C], divided by the number of elements, not by one less. */
  readonly variance: Value;
}

/**
 * Each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted.
 *
 * Formula   (x − mean) / √(variance + eps) · scale + shift
 * Shapes    x [N, C, H, W] or [N, C]; scale, shift [C]
 * Gradient  of y goes through the statistics; none flows to x from `mean` and `variance` on their own
 * Source    Ioffe and Szegedy, arXiv:1502.03167
 */
export function batchNorm(x: Value, scale: Value, shift: Value, eps = 1e-5): BatchNormResult {
  const [n = 0, c = 0] = x.shape;
  if (x.shape.length === 2) {
    const inMaps = batchNorm(reshape(x, [n, c, 1, 1]), scale, shift, eps);
    return { ...inMaps, y: reshape(inMaps.y, [n, c]) };
  }
  const [, , height = 0, width = 0] = axesOf("batch-norm", x, 4);
  const mean = multiply(channelSum(x), 1 / (n * height * width));
  const variance = batchVariance(x, mean);
  const y = x.tape.apply(BATCH_NORM, [x, scale, shift, mean, variance], { eps });
  return { y, mean, variance };
}
