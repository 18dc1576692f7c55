import { type ConvGeometry, paddingBehind } from "../convolution.ts";
import type { Emitter } from "./emitter.ts";

/**
 * [O, kh, kw, I] as [1, O, kh, kw·I] from the picture with channels last and dy with O first.
 *
 * A window that leaves rows out, as 1×1 with stride 2 does, leaves them out of the picture first.
 */
export function convolveByGradient(
  emit: Emitter,
  channelsLast: string,
  dyByChannel: string,
  g: ConvGeometry,
): string {
  const skips = g.kernelHeight === 1 && g.kernelWidth === 1 && g.padding === 0 && g.stride > 1;
  const [behind, beside] = skips ? [0, 0] : paddingBehind(g);
  let [image, height, width, stride] = [channelsLast, g.height, g.width, g.stride];
  if (skips || behind < 0 || beside < 0) {
    const step = skips ? g.stride : 1;
    const ends = [g.height + Math.min(behind, 0), g.width + Math.min(beside, 0)];
    image = emit.node("Slice", [
      channelsLast,
      emit.ints([0, 0]),
      emit.ints(ends),
      emit.ints([1, 2]),
      emit.ints([step, step]),
    ]);
    [height, width] = skips ? [g.outHeight, g.outWidth] : [ends[0]!, ends[1]!];
    if (skips) stride = 1;
  }
  return emit.node("Conv", [emit.reshape(image, [1, g.n, height, width * g.i]), dyByChannel], {
    kernel_shape: [g.outHeight, g.outWidth],
    dilations: [stride, stride * g.i],
    pads: [g.padding, g.padding * g.i, Math.max(behind, 0), Math.max(beside, 0) * g.i],
  });
}
