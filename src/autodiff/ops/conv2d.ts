import { eachProduct, geometryOf, type Window } from "../convolution.ts";
import { blockedConv, kernelLayout } from "../emit/blocked-convolution.ts";
import { inHalf } from "../emit/half-precision.ts";
import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { channelSum } from "./channel-sum.ts";
import { conv2dInputGradient } from "./conv2d-input-gradient.ts";
import { conv2dWeightGradient } from "./conv2d-weight-gradient.ts";

const CONV2D: Operation<Window> = {
  name: "conv2d",
  result([x, weight, bias], window) {
    axesOf("conv2d", x!, 4);
    axesOf("conv2d", weight!, 4);
    const { n, o, outHeight, outWidth, groups, i } = geometryOf(x!.shape, weight!.shape, window);
    const divides = o % groups === 0 && weight!.shape[1]! * groups === i;
    expectThat(divides, "conv2d", `kernels over ${i / groups} channels`, x!, weight!);
    expectThat(!bias || sameShape(bias.shape, [o]), "conv2d", `a bias of [${o}]`, x!, weight!);
    expectThat(outHeight > 0 && outWidth > 0, "conv2d", "maps no smaller than the kernel", x!, weight!);
    return float([n, o, outHeight, outWidth]);
  },
  evaluate([x, weight, bias], value, window) {
    const [image, kernel] = value.inputs;
    const g = geometryOf(image!.shape, kernel!.shape, window);
    const y = new Float64Array(g.n * g.o * g.outHeight * g.outWidth);
    eachProduct(g, (xAt, wAt, yAt) => {
      y[yAt] = y[yAt]! + x![xAt]! * weight![wAt]!;
    });
    const area = g.outHeight * g.outWidth;
    return bias ? y.map((v, at) => v + bias[Math.floor(at / area) % g.o]!) : y;
  },
  gradient(y, dy, window) {
    const [x, weight, bias] = y.inputs as [Value, Value, Value?];
    const g = geometryOf(x.shape, weight.shape, window);
    const shares = [conv2dInputGradient(dy, weight, g), conv2dWeightGradient(x, dy, g)];
    if (bias) shares.push(channelSum(dy));
    return shares;
  },
  plain(emit, inputs, value, { stride, padding, groups }) {
    const [, , height = 0, width = 0] = value.inputs[1]!.shape;
    const write = (operands: readonly string[]): string =>
      emit.node("Conv", operands, {
        kernel_shape: [height, width],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        group: groups,
      });
    return emit.half && groups === 1 ? inHalf(emit, inputs, write) : write(inputs);
  },
  blocked(emit, value, window) {
    const [x, weight, bias] = value.inputs as [Value, Value, Value?];
    return blockedConv(emit, x, weight, bias, geometryOf(x.shape, weight.shape, window));
  },
  wants: ([x, weight], window, block) => [
    undefined,
    kernelLayout(geometryOf(x!.shape, weight!.shape, window), block),
  ],
};

/** Differences of a convolution from the usual. */
export interface Conv2dOptions {
  /** [O] */
  readonly bias?: Value;
  /** @default 1 */
  readonly stride?: number;
  /** Zeros added on every side. @default 0 */
  readonly padding?: number;
  /** @default 1; as many as channels for a depthwise convolution */
  readonly groups?: number;
}

/**
 * A convolution, as neural networks call the correlation.
 *
 * Shapes    x [N, I, H, W], weight [O, I / groups, kh, kw] → [N, O, H', W']
 */
export function conv2d(x: Value, weight: Value, options: Conv2dOptions = {}): Value {
  const { bias, stride = 1, padding = 0, groups = 1 } = options;
  return x.tape.apply(CONV2D, bias ? [x, weight, bias] : [x, weight], { stride, padding, groups });
}
