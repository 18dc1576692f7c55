import { type ConvGeometry, eachProduct, isDepthwise } from "../convolution.ts";
import { blockedInputGradient } from "../emit/blocked-convolution.ts";
import type { Emitter } from "../emit/emitter.ts";
import { gradientInHalf } from "../emit/half-precision.ts";
import type { Operation } from "../operation.ts";
import { expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { conv2d } from "./conv2d.ts";
import { conv2dWeightGradient } from "./conv2d-weight-gradient.ts";

const CONV2D_INPUT_GRADIENT: Operation<ConvGeometry> = {
  name: "conv2d-input-gradient",
  result([dy, weight], g) {
    const fits = sameShape(dy!.shape, [g.n, g.o, g.outHeight, g.outWidth]);
    expectThat(fits, "conv2d-input-gradient", "a convolution's own", dy!, weight!);
    return float([g.n, g.i, g.height, g.width]);
  },
  evaluate([dy, weight], _value, g) {
    const dx = new Float64Array(g.n * g.i * g.height * g.width);
    eachProduct(g, (x, w, y) => {
      dx[x] = dx[x]! + dy![y]! * weight![w]!;
    });
    return dx;
  },
  gradient(value, ddx, g) {
    const [dy, weight] = value.inputs as [Value, Value];
    return [conv2d(ddx, weight, g), conv2dWeightGradient(ddx, dy, g)];
  },
  plain(emit, [dy = "", weight = ""], _value, g) {
    if (emit.half && g.groups === 1)
      return gradientInHalf(emit, dy, weight, (halfDy, half) => transposedConv(emit, halfDy, half, g));
    return transposedConv(emit, dy, weight, g);
  },
  blocked: (emit, value, g) => blockedInputGradient(emit, value.inputs[0]!, value.inputs[1]!, g),
};

function transposedConv(emit: Emitter, dy: string, weight: string, g: ConvGeometry): string {
  const squareKernel = g.kernelHeight === g.kernelWidth;
  if (g.stride === 1 && squareKernel && (g.groups === 1 || isDepthwise(g)))
    return flippedConv(emit, dy, weight, g);
  const left = (size: number, kernel: number, out: number): number =>
    size - ((out - 1) * g.stride + kernel - 2 * g.padding);
  return emit.node("ConvTranspose", [dy, weight], {
    kernel_shape: [g.kernelHeight, g.kernelWidth],
    strides: [g.stride, g.stride],
    pads: [g.padding, g.padding, g.padding, g.padding],
    output_padding: [left(g.height, g.kernelHeight, g.outHeight), left(g.width, g.kernelWidth, g.outWidth)],
    group: g.groups,
  });
}

/** With stride 1 the gradient is a convolution with the kernel turned round and channels swapped. */
function flippedConv(emit: Emitter, dy: string, weight: string, g: ConvGeometry): string {
  const k = g.kernelHeight;
  const swapped = g.groups === 1 ? emit.node("Transpose", [weight], { perm: [1, 0, 2, 3] }) : weight;
  const turned =
    k === 1
      ? swapped
      : emit.node("Slice", [
          swapped,
          emit.ints([k - 1, k - 1]),
          emit.ints([-k - 1, -k - 1]),
          emit.ints([2, 3]),
          emit.ints([-1, -1]),
        ]);
  const padding = k - 1 - g.padding;
  return emit.node("Conv", [dy, turned], {
    kernel_shape: [k, k],
    pads: [padding, padding, padding, padding],
    group: g.groups,
  });
}

/** The gradient of a convolution's picture: dy [N, O, H', W'], weight → [N, I, H, W]. */
export const conv2dInputGradient = (dy: Value, weight: Value, geometry: ConvGeometry): Value =>
  dy.tape.apply(CONV2D_INPUT_GRADIENT, [dy, weight], geometry);
