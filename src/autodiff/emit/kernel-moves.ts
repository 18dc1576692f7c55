import type { BlockedEmitter } from "./blocked.ts";

/*
 * Kernels from one order into another. The engine's Transpose is slow where it moves single numbers and copies whole
 * runs otherwise; ReorderInput, made for maps, moves an axis of one block behind everything else six times as fast.
 */

/** Kernels whose blocks are turned over, [… , b of I, b of O] → […, b of O, b of I]; `blocks` of them. */
function turnedBlocks(emit: BlockedEmitter, kernel: string, blocks: number): string {
  const { block: b } = emit;
  return emit.blockedNode("ReorderInput", [emit.reshape(kernel, [blocks, b, 1, b])]);
}

/** [O / b, I / b, taps, b of I, b of O] → [I / b, O / b, taps, b of O, b of I]: what the data gradient convolves with. */
export function swappedChannels(
  emit: BlockedEmitter,
  kernel: string,
  [o, i, taps]: readonly [o: number, i: number, taps: number],
): string {
  const { block: b } = emit;
  const turned = turnedBlocks(emit, kernel, (o / b) * (i / b) * taps);
  const runs = emit.reshape(turned, [o / b, i / b, taps * b * b]);
  return emit.reshape(emit.node("Transpose", [runs], { perm: [1, 0, 2] }), [i / b, o / b, taps, b, b]);
}

/** [O, taps, I] → [O / b, I / b, taps, b of I, b of O]: a weight's gradient into the order of the weight. */
export function intoBlocks(
  emit: BlockedEmitter,
  gradient: string,
  [o, i, taps]: readonly [o: number, i: number, taps: number],
): string {
  const { block: b } = emit;
  const last = emit.blockedNode("ReorderInput", [emit.reshape(gradient, [o / b, b, taps, i])]);
  if (taps === 1) return last;
  const runs = emit.reshape(last, [o / b, taps, i / b, b * b]);
  return emit.node("Transpose", [runs], { perm: [0, 2, 1, 3] });
}
