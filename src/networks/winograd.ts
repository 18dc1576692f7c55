import type { GraphBuilder } from "../onnx/index.ts";
import type { Conv } from "./layer.ts";

/** Input transform Bᵀ: what of four neighbouring pixels each of four frequencies sees. */
const INPUT = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
] as const;

/** Weight transform G; the sign that the output transform gives the last frequency is taken in here. */
const WEIGHT = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, -1],
] as const;

/** Channels from which the saved multiplications outweigh the transforms. */
const MIN_CHANNELS = 64;

/** Tells whether a convolution to this map can be written as {@link winogradConv}, and is worth it. */
export function suitsWinograd(layer: Conv, shape: readonly number[]): boolean {
  const [, height = 0, width = 0] = shape;
  const { kernel, kernelWidth, stride, padding, groups, inChannels, outChannels } = layer;
  const fits = kernel === 3 && kernelWidth === 3 && stride === 1 && padding === 1 && groups === 1;
  return fits && height % 2 === 0 && width % 2 === 0 && Math.min(inChannels, outChannels) >= MIN_CHANNELS;
}

/**
 * A 3×3 convolution in 16 multiplications for 2×2 pixels in the place of 36, spelt in operations that onnxruntime's CPU
 * provider runs in its blocked layout: depthwise convolutions for the input transform, sixteen 1×1 convolutions, sums.
 *
 * Shapes    x [N, I, H, W], weight [O, I, 3, 3], bias [O] → [N, O, H, W]; H and W even
 * Formula   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, F(2×2, 3×3)
 * Source    Lavin and Gray, arXiv:1509.09308
 */
export function winogradConv(
  builder: GraphBuilder,
  x: string,
  name: string,
  layer: Conv,
  weight: Float32Array,
  bias: Float32Array<ArrayBuffer> | undefined,
): string {
  const { inChannels, outChannels } = layer;
  const products = INPUT.map((rowTaps, i) => {
    const rows = depthwise(builder, x, inChannels, rowTaps, "rows");
    return INPUT.map((columnTaps, j) => {
      const seen = depthwise(builder, rows, inChannels, columnTaps, "columns");
      const stem = `${name}.winograd_${i}${j}`;
      const taken = [
        seen,
        builder.float([outChannels, inChannels, 1, 1], transformed(weight, i, j), `${stem}.weight`),
      ];
      // The one frequency that enters every pixel once, with a plus.
      if (bias && i === 1 && j === 1) taken.push(builder.float([outChannels], bias, `${stem}.bias`));
      return builder.node("Conv", taken, { kernel_shape: [1, 1] });
    });
  });
  const minus = builder.float([outChannels, 1, 1, 1], new Float32Array(outChannels).fill(-1));
  const even = (a: string, b: string, c: string): string => builder.node("Sum", [a, b, c]);
  const odd = (b: string, c: string, d: string): string => {
    const negated = builder.node("Conv", [c, minus], { kernel_shape: [1, 1], group: outChannels });
    return builder.node("Add", [negated, builder.node("Add", [b, d])]);
  };
  const [top, bottom] = [0, 1].map((side) =>
    [0, 1, 2, 3].map((j) => {
      const [a, b, c, d] = products.map((row) => row[j]!) as [string, string, string, string];
      return side === 0 ? even(a, b, c) : odd(b, c, d);
    }),
  );
  const pixels = [top!, bottom!].flatMap((row) => {
    const [a, b, c, d] = row as [string, string, string, string];
    return [even(a, b, c), odd(b, c, d)];
  });
  return builder.node("DepthToSpace", [builder.node("Concat", pixels, { axis: 1 })], { blocksize: 2 });
}

/** One frequency of every four neighbours along one axis, two pixels apart. */
function depthwise(
  builder: GraphBuilder,
  x: string,
  channels: number,
  taps: readonly number[],
  axis: "rows" | "columns",
): string {
  const kernel = new Float32Array(channels * 4);
  for (let channel = 0; channel < channels; channel++) kernel.set(taps, channel * 4);
  const along = (on: number, off: number): number[] => (axis === "rows" ? [on, off] : [off, on]);
  return builder.node("Conv", [x, builder.float([channels, 1, ...along(4, 1)], kernel)], {
    kernel_shape: along(4, 1),
    strides: along(2, 1),
    pads: [...along(1, 0), ...along(1, 0)],
    group: channels,
  });
}

/** One frequency of every 3×3 filter. */
function transformed(weight: Float32Array, i: number, j: number): Float32Array<ArrayBuffer> {
  const taps = WEIGHT[i]!.flatMap((row) => WEIGHT[j]!.map((column) => row * column));
  const out = new Float32Array(weight.length / 9);
  for (let filter = 0; filter < out.length; filter++) {
    let sum = 0;
    for (let tap = 0; tap < 9; tap++) sum += taps[tap]! * weight[9 * filter + tap]!;
    out[filter] = sum;
  }
  return out;
}
