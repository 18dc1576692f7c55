import type { BlockedEmitter } from "./blocked.ts";

/**
 * Elements that are added up one after another in float32 before partial sums are. More lose digits that batch norm's
 * differences of sums need.
 */
const RUN = 256;

/** Sizes of maps in blocks. */
export type MapShape = readonly [n: number, c: number, height: number, width: number];

/**
 * Each pair of maps' inner product [N, C], of two tensors in blocks: convolutions with kernels as large as a strip of
 * the map, so that the products are never written to memory.
 */
export function blockedDots(emit: BlockedEmitter, x: string, y: string, shape: MapShape): string {
  const [n, c, , width] = shape;
  const [strips, rows] = stripsOf(shape);
  const groups = n * c * strips;
  const image = emit.reshape(x, [1, groups, rows, width]);
  const kernel = emit.reshape(y, [groups, 1, rows, width]);
  const dots = emit.blockedNode("Conv", [image, kernel], { kernel_shape: [rows, width], group: groups });
  return overStrips(emit, dots, shape, strips);
}

/** Each map's sum [N, C], of a tensor in blocks. */
export function blockedSums(emit: BlockedEmitter, x: string, shape: MapShape): string {
  const [n, c, , width] = shape;
  const [strips, rows] = stripsOf(shape);
  const means = emit.blockedNode("GlobalAveragePool", [emit.reshape(x, [n, c * strips, rows, width])]);
  return emit.node("Mul", [overStrips(emit, means, shape, strips), emit.scalar(rows * width)]);
}

/** Each channel's sum [1, C] over the batch, of [N, C]: as a product, which costs a fraction of the engine's ReduceSum. */
export function overBatch(
  emit: BlockedEmitter,
  planes: string,
  [n, c]: readonly [n: number, c: number],
): string {
  const ones = emit.floats([1, n], new Float32Array(n).fill(1));
  return emit.node("MatMul", [ones, emit.reshape(planes, [n, c])]);
}

/** Maps are cut into strips of whole rows; in blocks a strip lies like a channel block of its own. */
function stripsOf([, , height, width]: MapShape): readonly [strips: number, rows: number] {
  let strips = 1;
  while (strips < height && (height % strips !== 0 || (height / strips) * width > RUN)) strips++;
  return [strips, height / strips];
}

function overStrips(emit: BlockedEmitter, sums: string, [n, c]: MapShape, strips: number): string {
  if (strips === 1) return emit.reshape(sums, [n, c]);
  const apart = emit.reshape(sums, [(n * c) / emit.block, strips, emit.block]);
  return emit.reshape(emit.node("ReduceSum", [apart, emit.ints([1])], { keepdims: 0 }), [n, c]);
}
