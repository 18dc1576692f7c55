import type { Value } from "../value.ts";
import type { BlockedEmitter } from "./blocked.ts";
import type { Placed } from "./layout.ts";

/**
 * Maps [N, C, H, W] with one number for each, [N, C, 1, 1], by which they are multiplied or to which they are added: as a
 * depthwise convolution over N · C channels it is one pass on all threads, six times as fast as the engine's broadcasting.
 *
 * Returns   undefined for operands of other shapes or maps that do not lie in blocks
 */
export function byPlane(emit: BlockedEmitter, value: Value, as: "factor" | "summand"): Placed | undefined {
  const [n = 0, c = 0, h = 0, w = 0] = value.shape;
  if (value.shape.length !== 4 || !emit.blocks(c) || h * w === 1) return undefined;
  const maps = value.inputs.find(({ shape }) => shape.join() === value.shape.join());
  const numbers = value.inputs.find(({ shape }) => shape.join() === `${n},${c},1,1`);
  if (!maps || !numbers || emit.as(maps).layout !== "channels") return undefined;
  const planes = n * c;
  const image = emit.reshape(emit.blocked(maps), [1, planes, h, w]);
  const own = emit.reshape(emit.plain(numbers), as === "factor" ? [planes, 1, 1, 1] : [planes]);
  const ones = (): string => emit.floats([planes, 1, 1, 1], new Float32Array(planes).fill(1));
  const operands = as === "factor" ? [image, own] : [image, ones(), own];
  const result = emit.blockedNode("Conv", operands, { kernel_shape: [1, 1], group: planes });
  return emit.channelBlocked(emit.reshape(result, value.shape));
}
