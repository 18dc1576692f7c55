import type { ConvGeometry } from "../convolution.ts";
import type { BlockedEmitter } from "./blocked.ts";

/*
 * A weight's gradient sums over pictures as a convolution sums over channels: with pictures in the blocks, the engine's
 * blocked convolution computes it, with dy as the kernel, at the speed of the forward pass.
 */

/** The share of four neighbouring pixels in each of four frequencies, two pixels apart. */
const IMAGE = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
] as const;

/** The share of two neighbouring pixels of dy in each of four frequencies. */
const DY = [
  [1, 0],
  [1, 1],
  [1, -1],
  [0, 1],
] as const;

/** The share of four frequencies in each of three taps. */
const TAPS = [
  [1, 0.5, 0.5, 0],
  [0, 0.5, -0.5, 0],
  [0, 0.5, 0.5, -1],
] as const;

/** Pixels in a row from which kernels of one row leave the first cache. */
const MAX_ROW = 64;

/**
 * The work of a product over that of its transforms, i·o / (i + o) in blocks, from which frequencies along rows and along
 * both axes are faster; `docs/decisions/training-graphs.md`.
 */
const ALONG_ROWS = 2.5;
const ALONG_BOTH = 8;

/** Blocks of the result that the engine computes together, and gives to one thread. */
const BLOCKS_AT_ONCE = 4;

/** Tells whether {@link weightGradientOverPictures} computes the gradient of this convolution's weight faster. */
export function suitsPictures(emit: BlockedEmitter, g: ConvGeometry): boolean {
  const { block: b, threads } = emit;
  const square = g.kernelHeight === 3 && g.kernelWidth === 3 && g.padding === 1 && g.groups === 1;
  const fills = [g.n, g.i, g.o].every((size) => size % b === 0);
  const shared = g.o >= threads * BLOCKS_AT_ONCE * b;
  return square && g.stride === 1 && fills && shared && g.width <= MAX_ROW && workOf(g, b) >= ALONG_ROWS;
}

function workOf({ i, o }: ConvGeometry, block: number): number {
  return (i * o) / (i + o) / block;
}

/**
 * The gradient of a 3×3 kernel, in the layout of kernels; of two maps in blocks.
 *
 * Formula   dg = Gᵀ[(A dY Aᵀ) ⊙ (Bᵀ d B)]G, F(2×2, 3×3) backwards, where channels are many; along rows alone where they
 *           are fewer
 * Source    Lavin and Gray, arXiv:1509.09308
 */
export function weightGradientOverPictures(
  emit: BlockedEmitter,
  x: string,
  dy: string,
  g: ConvGeometry,
): string {
  const { block: b } = emit;
  const { n, i, o, height, width } = g;
  const last = emit.blockedNode("ReorderOutput", [x], { channels: i, channels_last: 1 });
  const apart = emit.reshape(dy, [n / b, b, o / b, height * width, b]);
  const pictures: Pictures = {
    image: emit.blockedNode("ReorderInput", [emit.reshape(last, [1, n, height, width * i])]),
    kernel: emit.node("Transpose", [apart], { perm: [2, 0, 3, 1, 4] }),
  };
  return workOf(g, b) < ALONG_BOTH ? alongRows(emit, pictures, g) : alongBoth(emit, pictures, g);
}

/** A convolution's operands with pictures in the blocks. */
interface Pictures {
  /** [N / b, H, W, I, b of N] */
  readonly image: string;
  /** [O / b, N / b, H, W, b of N, b of O] */
  readonly kernel: string;
}

function alongRows(emit: BlockedEmitter, { image, kernel }: Pictures, g: ConvGeometry): string {
  const { block: b } = emit;
  const { n, i, o, height, width } = g;
  const planes = (n * o) / b;
  const tall = Math.ceil(height / 2);
  const products = IMAGE.map((taps, f) => {
    const rows = frequency(emit, image, [n, height, width * i], taps, i);
    const dyRows = frequency(emit, kernel, [planes, height, width * b], DY[f]!);
    const operands = [
      emit.reshape(rows, [1, n * tall, 1, (width + 2) * i]),
      emit.reshape(dyRows, [o, n * tall, 1, width]),
    ];
    // [1, O, 1, 3 · I]
    return emit.blockedNode("Conv", operands, { kernel_shape: [1, width], dilations: [1, i] });
  });
  const matrix = emit.floats([3, 4], Float32Array.from(TAPS.flat()));
  const all = emit.reshape(emit.node("Concat", products, { axis: 0 }), [4, 3 * o * i]);
  const taps = emit.node("MatMul", [matrix, all]);
  const runs = emit.reshape(taps, [3, o / b, 3, i / b, b * b]);
  return emit.reshape(emit.node("Transpose", [runs], { perm: [1, 3, 0, 2, 4] }), [o, i, 3, 3]);
}

function alongBoth(emit: BlockedEmitter, { image, kernel }: Pictures, g: ConvGeometry): string {
  const { block: b } = emit;
  const { n, i, o, height, width } = g;
  const planes = (n * o) / b;
  const [tall, wide] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const products = IMAGE.flatMap((down, f) => {
    const rows = frequency(emit, image, [n, height, width * i], down);
    const dyRows = frequency(emit, kernel, [planes, height, width * b], DY[f]!);
    return IMAGE.map((across, h) => {
      const seen = frequency(emit, rows, [n * tall, width, i], across);
      const dySeen = frequency(emit, dyRows, [planes * tall, width, b], DY[h]!);
      const kernels = emit.reshape(dySeen, [o, n * tall, wide, 1]);
      // [1, O, 1, I]
      return emit.blockedNode("Conv", [seen, kernels], { kernel_shape: [wide, 1] });
    });
  });
  const matrix = Float32Array.from({ length: 9 * 16 }, (_, at) => {
    const [tap, of] = [Math.floor(at / 16), at % 16];
    return TAPS[Math.floor(tap / 3)]![of >> 2]! * TAPS[tap % 3]![of & 3]!;
  });
  const all = emit.reshape(emit.node("Concat", products, { axis: 0 }), [16, o * i]);
  const taps = emit.node("MatMul", [emit.floats([9, 16], matrix), all]);
  const runs = emit.reshape(taps, [9, (o * i) / (b * b), b * b]);
  return emit.reshape(emit.node("Transpose", [runs], { perm: [1, 0, 2] }), [o, i, 3, 3]);
}

/**
 * One frequency along an axis of `size`, of blocks that lie as [channels / b, size, depth, b]. Four taps begin one before
 * the first, two at the first.
 *
 * @param beside zeros on either side along `depth`
 */
function frequency(
  emit: BlockedEmitter,
  x: string,
  [channels, size, depth]: readonly [channels: number, size: number, depth: number],
  taps: readonly number[],
  beside = 0,
): string {
  const count = taps.length;
  const kernel = Float32Array.from(
    { length: channels * count },
    (_, at) => taps[Math.floor(at / emit.block) % count]!,
  );
  const before = count === 4 ? 1 : 0;
  return emit.blockedNode(
    "Conv",
    [emit.reshape(x, [1, channels, size, depth]), emit.floats([channels, 1, count, 1], kernel)],
    {
      kernel_shape: [count, 1],
      strides: [2, 1],
      pads: [before, beside, before + (size % 2), beside],
      group: channels,
    },
  );
}
