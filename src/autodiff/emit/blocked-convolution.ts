import { type ConvGeometry, isDepthwise, paddingBehind } from "../convolution.ts";
import type { Value } from "../value.ts";
import type { BlockedEmitter } from "./blocked.ts";
import { overBatch } from "./blocked-sums.ts";
import { blockedWinograd, suitsWinograd } from "./blocked-winograd.ts";
import { convolveByGradient } from "./convolve-by-gradient.ts";
import { intoBlocks, swappedChannels } from "./kernel-moves.ts";
import type { Layout, Placed } from "./layout.ts";
import { suitsPictures, weightGradientOverPictures } from "./weight-gradient-over-pictures.ts";

/** The layout a convolution wants its weight in; undefined when its channels do not divide into blocks. */
export function kernelLayout(g: ConvGeometry, block: number): Layout | undefined {
  if (isDepthwise(g)) return g.i % block === 0 ? "thin-kernels" : undefined;
  if (g.groups !== 1 || g.o % block !== 0) return undefined;
  if (g.i % block === 0) return "kernels";
  return g.i < block ? "thin-kernels" : undefined;
}

/** A convolution on blocked maps; its picture stays in rows when it has fewer channels than a block. */
export function blockedConv(
  emit: BlockedEmitter,
  x: Value,
  weight: Value,
  bias: Value | undefined,
  g: ConvGeometry,
): Placed | undefined {
  const layout = kernelLayout(g, emit.block);
  if (!layout) return undefined;
  if (layout === "kernels" && suitsWinograd(g)) {
    const { n, i: from, o: to, height, width } = g;
    const conv = { n, from, to, height, width, turned: false };
    const kernel = emit.in("kernels", weight);
    return emit.channelBlocked(
      blockedWinograd(emit, emit.blocked(x), kernel, conv, bias && emit.plain(bias)),
    );
  }
  const thin = layout === "thin-kernels" && !isDepthwise(g);
  const inputs = [thin ? emit.plain(x) : emit.blocked(x), emit.in(layout, weight)];
  if (bias) inputs.push(emit.plain(bias));
  return emit.channelBlocked(
    emit.blockedNode("Conv", inputs, {
      kernel_shape: [g.kernelHeight, g.kernelWidth],
      strides: [g.stride, g.stride],
      pads: new Array<number>(4).fill(g.padding),
      group: g.groups,
    }),
  );
}

/** The picture's gradient as convolutions on blocked maps; undefined for windows nothing here uses. */
export function blockedInputGradient(
  emit: BlockedEmitter,
  dy: Value,
  weight: Value,
  g: ConvGeometry,
): Placed | undefined {
  const layout = kernelLayout(g, emit.block);
  if (!layout || g.kernelHeight !== g.kernelWidth) return undefined;
  if (isDepthwise(g)) return depthwiseInputGradient(emit, dy, weight, g);
  if (layout !== "kernels") return undefined;
  const [k, taps] = [g.kernelHeight, g.kernelHeight * g.kernelWidth];
  const kernel = emit.in("kernels", weight);
  const swapped = swappedChannels(emit, kernel, [g.o, g.i, taps]);
  if (suitsWinograd(g)) {
    const { n, i: to, o: from, height, width } = g;
    const conv = { n, from, to, height, width, turned: true };
    return emit.channelBlocked(blockedWinograd(emit, emit.blocked(dy), swapped, conv));
  }
  if (g.stride === 1) {
    const turned = emit.reshape(k === 1 ? swapped : turnedRound(emit, swapped, taps, 2), [g.i, g.o, k, k]);
    return convolve(emit, emit.blocked(dy), turned, k, k - 1 - g.padding);
  }
  if (k === 1 && g.padding === 0) {
    const pointwise = convolve(emit, emit.blocked(dy), emit.reshape(swapped, [g.i, g.o, 1, 1]), 1, 0);
    return emit.channelBlocked(spaced(emit, pointwise.name, g.i, g, g.height, g.width));
  }
  const even = g.height === 2 * g.outHeight && g.width === 2 * g.outWidth;
  if (k === 3 && g.stride === 2 && g.padding === 1 && even)
    return fourPhases(emit, emit.blocked(dy), swapped, g);
  return undefined;
}

/**
 * The gradient of a 3×3 convolution with stride 2: even and odd rows and columns of the picture see different taps, one
 * or two each way, so that each of the four kinds of pixels is a small convolution, and interleaving puts them in place.
 */
function fourPhases(emit: BlockedEmitter, dy: string, swapped: string, g: ConvGeometry): Placed {
  const { block: b } = emit;
  const planes = (g.n * g.i) / b;
  // An even place sees tap 1 of its own; an odd one tap 2 of its own and tap 0 of the next.
  const seen = [[1], [2, 0]];
  const rows = seen.map((down) => {
    const phases = seen.map((across) => {
      const taps = down.flatMap((row) => across.map((column) => 3 * row + column));
      const picked = emit.node("Gather", [swapped, emit.ints(taps)], { axis: 2 });
      const size = [down.length, across.length];
      const phase = emit.blockedNode("Conv", [dy, emit.reshape(picked, [g.i, g.o, ...size])], {
        kernel_shape: size,
        pads: [0, 0, down.length - 1, across.length - 1],
      });
      return emit.reshape(phase, [planes * g.outHeight * g.outWidth, 1, b]);
    });
    const row = emit.node("Concat", phases, { axis: 1 });
    return emit.reshape(row, [planes * g.outHeight, 1, g.width * b]);
  });
  const together = emit.node("Concat", rows, { axis: 1 });
  return emit.channelBlocked(emit.reshape(together, [g.n, g.i, g.height, g.width]));
}

function depthwiseInputGradient(emit: BlockedEmitter, dy: Value, weight: Value, g: ConvGeometry): Placed {
  const { block: b } = emit;
  const [k, taps] = [g.kernelHeight, g.kernelHeight * g.kernelWidth];
  const kernel = emit.reshape(emit.in("thin-kernels", weight), [g.i / b, taps, b]);
  const turned = emit.reshape(k === 1 ? kernel : turnedRound(emit, kernel, taps, 1), [g.i, 1, k, k]);
  const [tall, wide] = [(g.outHeight - 1) * g.stride + 1, (g.outWidth - 1) * g.stride + 1];
  const apart = g.stride === 1 ? emit.blocked(dy) : spaced(emit, emit.blocked(dy), g.i, g, tall, wide);
  const before = k - 1 - g.padding;
  const pads = [before, before, g.height - tall - before + k - 1, g.width - wide - before + k - 1];
  return emit.channelBlocked(
    emit.blockedNode("Conv", [apart, turned], { kernel_shape: [k, k], pads, group: g.i }),
  );
}

/** dy with `stride − 1` zeros between its pixels, cut or padded to `height` × `width`; still in blocks. */
function spaced(
  emit: BlockedEmitter,
  dy: string,
  channels: number,
  g: ConvGeometry,
  height: number,
  width: number,
): string {
  const [planes, gap] = [(g.n * channels) / emit.block, g.stride - 1];
  const cells = emit.reshape(dy, [planes, g.outHeight, 1, g.outWidth, 1, emit.block]);
  const apart = emit.node("Pad", [cells, emit.ints([0, 0, 0, 0, 0, 0, 0, 0, gap, 0, gap, 0])]);
  const [tall, wide] = [g.outHeight * g.stride, g.outWidth * g.stride];
  const maps = emit.reshape(apart, [planes, tall, wide, emit.block]);
  const cut =
    tall > height || wide > width
      ? emit.node("Slice", [
          maps,
          emit.ints([0, 0]),
          emit.ints([Math.min(tall, height), Math.min(wide, width)]),
          emit.ints([1, 2]),
        ])
      : maps;
  const [below, beside] = [Math.max(height - tall, 0), Math.max(width - wide, 0)];
  const fitted =
    below + beside > 0 ? emit.node("Pad", [cut, emit.ints([0, 0, 0, 0, 0, below, beside, 0])]) : cut;
  return emit.reshape(fitted, [g.n, channels, height, width]);
}

/** The weight's gradient, in the layout the convolution wants it in. */
export function blockedWeightGradient(
  emit: BlockedEmitter,
  x: Value,
  dy: Value,
  g: ConvGeometry,
): Placed | undefined {
  const layout = kernelLayout(g, emit.block);
  if (!layout) return undefined;
  const { block: b } = emit;
  const [kh, kw] = [g.kernelHeight, g.kernelWidth];
  if (isDepthwise(g)) return depthwiseWeightGradient(emit, x, dy, g);
  const thin = layout === "thin-kernels";
  if (!thin && kh === 1 && kw === 1 && g.stride === 1 && g.padding === 0)
    return { name: pointwiseWeightGradient(emit, x, dy, g), layout };
  if (!thin && suitsPictures(emit, g))
    return { name: weightGradientOverPictures(emit, emit.blocked(x), emit.blocked(dy), g), layout };
  const channelsLast = thin
    ? emit.node("Transpose", [emit.plain(x)], { perm: [0, 2, 3, 1] })
    : emit.blockedNode("ReorderOutput", [emit.blocked(x)], { channels: g.i, channels_last: 1 });
  const rows = emit.blockedNode("ReorderOutput", [emit.blocked(dy)], { channels: g.o });
  const kernel = emit.node("Transpose", [rows], { perm: [1, 0, 2, 3] });
  const dw = convolveByGradient(emit, channelsLast, kernel, g);
  const placed = thin
    ? emit.node("Transpose", [emit.reshape(dw, [g.o / b, b, kh, kw, g.i])], { perm: [0, 4, 2, 3, 1] })
    : intoBlocks(emit, dw, [g.o, g.i, kh * kw]);
  return { name: emit.reshape(placed, [g.o, g.i, kh, kw]), layout };
}

/** Without a window the gradient is a matrix product for each picture, summed over the batch. */
function pointwiseWeightGradient(emit: BlockedEmitter, x: Value, dy: Value, g: ConvGeometry): string {
  const { n, o, i } = g;
  const pixels = g.height * g.width;
  const rows = emit.blockedNode("ReorderOutput", [emit.blocked(dy)], { channels: o });
  const last = emit.blockedNode("ReorderOutput", [emit.blocked(x)], { channels: i, channels_last: 1 });
  const each = emit.node("MatMul", [emit.reshape(rows, [n, o, pixels]), emit.reshape(last, [n, pixels, i])]);
  return emit.reshape(intoBlocks(emit, overBatch(emit, each, [n, o * i]), [o, i, 1]), [o, i, 1, 1]);
}

/** Every picture's every channel is a group of its own; the pictures are summed up afterwards. */
function depthwiseWeightGradient(
  emit: BlockedEmitter,
  x: Value,
  dy: Value,
  g: ConvGeometry,
): Placed | undefined {
  const [behind, beside] = paddingBehind(g);
  if (behind < 0 || beside < 0) return undefined;
  const planes = g.n * g.i;
  const image = emit.reshape(emit.blocked(x), [1, planes, g.height, g.width]);
  const kernel = emit.reshape(emit.blocked(dy), [planes, 1, g.outHeight, g.outWidth]);
  const each = emit.blockedNode("Conv", [image, kernel], {
    kernel_shape: [g.outHeight, g.outWidth],
    dilations: [g.stride, g.stride],
    pads: [g.padding, g.padding, behind, beside],
    group: planes,
  });
  const [kh, kw] = [g.kernelHeight, g.kernelWidth];
  const sum = emit.node("ReduceSum", [emit.reshape(each, [g.n, g.i * kh * kw]), emit.ints([0])], {
    keepdims: 0,
  });
  return { name: emit.reshape(sum, [g.i, 1, kh, kw]), layout: "thin-kernels" };
}

/** Taps in the opposite order. */
function turnedRound(emit: BlockedEmitter, kernel: string, taps: number, axis: number): string {
  return emit.node("Slice", [
    kernel,
    emit.ints([taps - 1]),
    emit.ints([-taps - 1]),
    emit.ints([axis]),
    emit.ints([-1]),
  ]);
}

function convolve(emit: BlockedEmitter, x: string, kernel: string, k: number, padding: number): Placed {
  return emit.channelBlocked(
    emit.blockedNode("Conv", [x, kernel], {
      kernel_shape: [k, k],
      pads: new Array<number>(4).fill(padding),
    }),
  );
}
