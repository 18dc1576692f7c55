import type { ConvGeometry } from "../convolution.ts";
import type { BlockedEmitter } from "./blocked.ts";

/** The share of four neighbouring pixels in each of four frequencies. */
const INPUT = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
] as const;

/** The share of three taps in each of four frequencies; the output transform's minus for the last is taken in here. */
const KERNEL = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, -1],
] as const;

/** Channels from which the saved multiplications outweigh the transforms; `docs/decisions/training-graphs.md`. */
const MIN_CHANNELS = 128;

/** Tells whether {@link blockedWinograd} computes this convolution, and its data gradient, faster than one plain convolution. */
export function suitsWinograd(g: ConvGeometry): boolean {
  const square = g.kernelHeight === 3 && g.kernelWidth === 3;
  return square && g.stride === 1 && g.padding === 1 && Math.min(g.i, g.o) >= MIN_CHANNELS;
}

/** A 3×3 convolution of blocked maps with stride 1 and padding 1. */
export interface SquareConvolution {
  readonly n: number;
  /** Channels of the maps that come in and that go out. */
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly width: number;
  /** True if the kernel's taps are taken in the opposite order, as the data gradient does. */
  readonly turned: boolean;
}

/**
 * The convolution in 16 multiplications for 2×2 pixels in the place of 36: depthwise convolutions for the input
 * transform, sixteen 1×1 convolutions, sums. An odd row or column at the end is computed with one beyond it.
 *
 * @param x maps [n, from, height, width] in blocks
 * @param kernel [to / b, from / b, 9, b of from, b of to]
 * @param bias [to]
 *
 * Formula   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, F(2×2, 3×3)
 * Source    Lavin and Gray, arXiv:1509.09308
 */
export function blockedWinograd(
  emit: BlockedEmitter,
  x: string,
  kernel: string,
  conv: SquareConvolution,
  bias?: string,
): string {
  const { block: b } = emit;
  const { n, from, to, height, width } = conv;
  const [tall, wide] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const seen = INPUT.map((down) => {
    const rows = frequency(emit, x, from, down, "rows", height % 2);
    return INPUT.map((across) => frequency(emit, rows, from, across, "columns", width % 2));
  });
  const weights = frequencies(emit, kernel, conv);
  const product = (i: number, j: number, added?: string): string => {
    const inputs = [seen[i]![j]!, weights[4 * i + j]!];
    // The one frequency that enters every pixel once, with a plus.
    const shift = i === 1 && j === 1 ? bias : undefined;
    if (shift !== undefined || added !== undefined) inputs.push(shift ?? "");
    if (added !== undefined) inputs.push(added);
    return emit.blockedNode("Conv", inputs, { kernel_shape: [1, 1] });
  };
  const columns = INPUT.map((_, j) => {
    const [b1, b2] = [product(1, j), product(2, j)];
    return [product(0, j, emit.node("Add", [b1, b2])), product(3, j, emit.node("Sub", [b1, b2]))];
  });
  const planes = (n * to) / b;
  const rows = [0, 1].map((side) => {
    const [m0, m1, m2, m3] = columns.map((column) => column[side]!) as [string, string, string, string];
    const even = emit.node("Sum", [m0, m1, m2]);
    const odd = emit.node("Add", [emit.node("Sub", [m1, m2]), m3]);
    const pixels = [even, odd].map((half) => emit.reshape(half, [planes * tall * wide, 1, b]));
    return emit.reshape(emit.node("Concat", pixels, { axis: 1 }), [planes * tall, 1, 2 * wide * b]);
  });
  const maps = emit.reshape(emit.node("Concat", rows, { axis: 1 }), [planes, 2 * tall, 2 * wide, b]);
  const odd = height % 2 === 1 || width % 2 === 1;
  const cut = odd
    ? emit.node("Slice", [maps, emit.ints([0, 0]), emit.ints([height, width]), emit.ints([1, 2])])
    : maps;
  return emit.reshape(cut, [n, to, height, width]);
}

/** One frequency of every four neighbours along one axis, two pixels apart, the first beginning one before the map. */
function frequency(
  emit: BlockedEmitter,
  x: string,
  channels: number,
  taps: readonly number[],
  axis: "rows" | "columns",
  odd: number,
): string {
  const kernel = Float32Array.from(
    { length: channels * 4 },
    (_, at) => taps[Math.floor(at / emit.block) % 4]!,
  );
  const down = axis === "rows";
  const size = down ? [4, 1] : [1, 4];
  return emit.blockedNode("Conv", [x, emit.floats([channels, 1, ...size], kernel)], {
    kernel_shape: size,
    strides: down ? [2, 1] : [1, 2],
    pads: down ? [1, 0, 1 + odd, 0] : [0, 1, 0, 1 + odd],
    group: channels,
  });
}

/**
 * The kernel's sixteen frequencies, each [to, from, 1, 1] in blocks: depthwise convolutions over its nine taps, which lie
 * like the rows of a map. One matrix product makes all, but has them copied apart on one thread.
 */
function frequencies(
  emit: BlockedEmitter,
  kernel: string,
  { from, to, turned }: SquareConvolution,
): string[] {
  const { block: b } = emit;
  const taps = emit.reshape(kernel, [(from * to) / (b * b), b, 9, b]);
  return Array.from({ length: 16 }, (_, of) => {
    const [down, across] = [KERNEL[of >> 2]!, KERNEL[of & 3]!];
    const shares = Array.from({ length: 9 }, (_, tap) => {
      const seen = turned ? 8 - tap : tap;
      return down[Math.floor(seen / 3)]! * across[seen % 3]!;
    });
    const { step, before, seen } = withoutZeros(shares);
    const lanes = Float32Array.from({ length: seen.length * b }, (_, at) => seen[Math.floor(at / b)]!);
    const own = emit.blockedNode("Conv", [taps, emit.floats([b, 1, seen.length, 1], lanes)], {
      kernel_shape: [seen.length, 1],
      dilations: [step, 1],
      pads: [before, 0, 0, 0],
      // One window is all that is wanted.
      strides: [9, 1],
      group: b,
    });
    return emit.reshape(own, [to, from, 1, 1]);
  });
}

/** Nine shares as fewer, `step` taps apart, of which the first begins `before` taps early: most frequencies see few taps. */
function withoutZeros(shares: readonly number[]): {
  readonly step: number;
  readonly before: number;
  readonly seen: readonly number[];
} {
  const places = shares.flatMap((share, tap) => (share === 0 ? [] : [tap]));
  const [first = 0, second = first] = places;
  const step = Math.max(second - first, 1);
  const even = places.every((tap, i) => tap === first + i * step);
  const [early, gap] = places.length === 1 && first > 0 ? [0, first] : [first > 0 ? first - step : 0, step];
  if (!even || early > 0) return { step: 1, before: 0, seen: shares };
  const last = places.at(-1)!;
  const count = (last - early) / gap + 1;
  return {
    step: gap,
    before: -early,
    seen: Array.from({ length: count }, (_, i) => shares[early + i * gap] ?? 0),
  };
}
