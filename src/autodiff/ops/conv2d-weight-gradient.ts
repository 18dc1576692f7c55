import { type ConvGeometry, eachProduct, isDepthwise, paddingBehind } from "../convolution.ts";
import { blockedWeightGradient } from "../emit/blocked-convolution.ts";
import { convolveByGradient } from "../emit/convolve-by-gradient.ts";
import type { Emitter } from "../emit/emitter.ts";
import type { Operation } from "../operation.ts";
import { expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { conv2d } from "./conv2d.ts";
import { conv2dInputGradient } from "./conv2d-input-gradient.ts";

const CONV2D_WEIGHT_GRADIENT: Operation<ConvGeometry> = {
  name: "conv2d-weight-gradient",
  result([x, dy], g) {
    const fits = sameShape(dy!.shape, [g.n, g.o, g.outHeight, g.outWidth]);
    expectThat(fits, "conv2d-weight-gradient", "a convolution's own", x!, dy!);
    return float(weightShape(g));
  },
  evaluate([x, dy], value, g) {
    const dw = new Float64Array(value.shape.reduce((a, b) => a * b));
    eachProduct(g, (xAt, w, y) => {
      dw[w] = dw[w]! + dy![y]! * x![xAt]!;
    });
    return dw;
  },
  gradient(value, ddw, g) {
    const [x, dy] = value.inputs as [Value, Value];
    return [conv2dInputGradient(dy, ddw, g), conv2d(x, ddw, g)];
  },
  plain(emit, [x = "", dy = ""], _value, g) {
    if (emit.device === "webgpu" && g.groups === 1) return byProducts(emit, x, dy, g);
    if (emit.device === "webgpu" && isDepthwise(g)) return depthwiseBySums(emit, x, dy, g);
    if (g.groups === 1) return denseByConvolution(emit, x, dy, g);
    return groupedByConvolution(emit, x, dy, g);
  },
  blocked: (emit, value, g) => blockedWeightGradient(emit, value.inputs[0]!, value.inputs[1]!, g),
};

function weightShape(g: ConvGeometry): readonly number[] {
  return [g.o, g.i / g.groups, g.kernelHeight, g.kernelWidth];
}

/**
 * The gradient as one convolution whose kernel is dy: its "batch" is what the channels were, its channels the batch.
 * Rows of [H, W·I] make the taps along a row and the channels one long axis, so that few, long products are left.
 */
function denseByConvolution(emit: Emitter, x: string, dy: string, g: ConvGeometry): string {
  const channelsLast = emit.node("Transpose", [x], { perm: [0, 2, 3, 1] });
  const kernel = emit.node("Transpose", [dy], { perm: [1, 0, 2, 3] });
  const dw = convolveByGradient(emit, channelsLast, kernel, g);
  const { o, i, kernelHeight, kernelWidth } = g;
  return emit.node("Transpose", [emit.reshape(dw, [o, kernelHeight, kernelWidth, i])], {
    perm: [0, 3, 1, 2],
  });
}

/** The same for convolutions in groups: channels of a group become the batch, groups stay groups. */
function groupedByConvolution(emit: Emitter, x: string, dy: string, g: ConvGeometry): string {
  const [inGroup, taps] = [g.i / g.groups, [g.kernelHeight, g.kernelWidth]];
  const [behind, beside] = paddingBehind(g);
  const grouped = emit.reshape(x, [g.n, g.groups, inGroup, g.height, g.width]);
  const perm = { perm: [2, 1, 0, 3, 4] };
  const byChannel = emit.node("Transpose", [grouped], perm);
  const whole = emit.reshape(byChannel, [inGroup, g.groups * g.n, g.height, g.width]);
  const ends = [g.height + Math.min(behind, 0), g.width + Math.min(beside, 0)];
  const used =
    behind < 0 || beside < 0
      ? emit.node("Slice", [whole, emit.ints([0, 0]), emit.ints(ends), emit.ints([2, 3])])
      : whole;
  const kernel = emit.node("Transpose", [dy], { perm: [1, 0, 2, 3] });
  const dw = emit.node("Conv", [used, kernel], {
    kernel_shape: [g.outHeight, g.outWidth],
    dilations: [g.stride, g.stride],
    pads: [g.padding, g.padding, Math.max(behind, 0), Math.max(beside, 0)],
    group: g.groups,
  });
  // [I / groups, O, kh, kw]
  return emit.reshape(emit.node("Transpose", [dw], { perm: [1, 0, 2, 3] }), [g.o, inGroup, ...taps]);
}

/** One matrix product for each place in the kernel: what GPUs do best. */
function byProducts(emit: Emitter, x: string, dy: string, g: ConvGeometry): string {
  const columns = g.n * g.outHeight * g.outWidth;
  const rows = emit.reshape(emit.node("Transpose", [dy], { perm: [1, 0, 2, 3] }), [g.o, columns]);
  const taps = eachTap(emit, x, g).map((seen) => {
    const last = emit.node("Transpose", [seen], { perm: [0, 2, 3, 1] });
    return emit.reshape(emit.node("MatMul", [rows, emit.reshape(last, [columns, g.i])]), [g.o, g.i, 1]);
  });
  return emit.reshape(emit.node("Concat", taps, { axis: 2 }), weightShape(g));
}

function depthwiseBySums(emit: Emitter, x: string, dy: string, g: ConvGeometry): string {
  const taps = eachTap(emit, x, g).map((seen) => {
    const sum = emit.node("ReduceSum", [emit.node("Mul", [seen, dy]), emit.ints([0, 2, 3])], {
      keepdims: 0,
    });
    return emit.reshape(sum, [g.o, 1, 1]);
  });
  return emit.reshape(emit.node("Concat", taps, { axis: 2 }), weightShape(g));
}

/** The part of the picture under each place of the kernel: [N, I, H', W'] each. */
function eachTap(emit: Emitter, x: string, g: ConvGeometry): string[] {
  const [behind, beside] = paddingBehind(g).map((size) => Math.max(size, 0)) as [number, number];
  const pads = [0, 0, g.padding, g.padding, 0, 0, behind, beside];
  const padded = emit.node("Pad", [x, emit.ints(pads)]);
  const out: string[] = [];
  for (let row = 0; row < g.kernelHeight; row++)
    for (let column = 0; column < g.kernelWidth; column++) {
      const ends = [row + (g.outHeight - 1) * g.stride + 1, column + (g.outWidth - 1) * g.stride + 1];
      out.push(
        emit.node("Slice", [
          padded,
          emit.ints([row, column]),
          emit.ints(ends),
          emit.ints([2, 3]),
          emit.ints([g.stride, g.stride]),
        ]),
      );
    }
  return out;
}

/** The gradient of a convolution's weight: x [N, I, H, W], dy → [O, I / groups, kh, kw]. */
export const conv2dWeightGradient = (x: Value, dy: Value, geometry: ConvGeometry): Value =>
  x.tape.apply(CONV2D_WEIGHT_GRADIENT, [x, dy], geometry);
