import type { BlockedEmitter } from "../emit/blocked.ts";
import type { Emitter } from "../emit/emitter.ts";
import type { Operation } from "../operation.ts";
import { float } from "../shapes.ts";
import type { Value } from "../value.ts";
import type { Pool } from "./max-pool.ts";

const MAX_POOL_GRADIENT: Operation<Pool> = {
  name: "max-pool-gradient",
  result: ([x]) => float(x!.shape),
  evaluate([x, y, dy], value, { kernel, stride }) {
    const [, , height = 0, width = 0] = value.shape;
    const [, , outHeight = 0, outWidth = 0] = value.inputs[1]!.shape;
    const dx = new Float64Array(x!.length);
    for (const [at, most] of y!.entries()) {
      const plane = Math.floor(at / (outHeight * outWidth)) * height * width;
      const top = (Math.floor(at / outWidth) % outHeight) * stride;
      const left = (at % outWidth) * stride;
      const places: number[] = [];
      for (let row = top; row < top + kernel; row++)
        for (let column = left; column < left + kernel; column++) places.push(plane + row * width + column);
      const largest = places.filter((place) => x![place] === most);
      for (const place of largest) dx[place] = dx[place]! + dy![at]! / largest.length;
    }
    return dx;
  },
  plain(emit, [x = "", y = "", dy = ""], value, pool) {
    const [n = 0, c = 0, height = 0, width = 0] = value.shape;
    const [, , outHeight = 0, outWidth = 0] = value.inputs[1]!.shape;
    const maps = { planes: n * c, height, width, outHeight, outWidth, depth: 1 };
    return emit.reshape(spread(emit, x, y, dy, maps, pool), value.shape);
  },
  blocked(emit, value, pool) {
    const [x, y, dy] = value.inputs as [Value, Value, Value];
    const [n = 0, c = 0, height = 0, width = 0] = value.shape;
    const [, , outHeight = 0, outWidth = 0] = y.shape;
    if (!emit.blocks(c)) return undefined;
    if (pool.kernel > 1) return emit.channelBlocked(spreadInBlocks(emit, value, pool.kernel));
    const depth = emit.block;
    const maps = { planes: (n * c) / depth, height, width, outHeight, outWidth, depth };
    const dx = spread(emit, emit.blocked(x), emit.blocked(y), emit.blocked(dy), maps, pool);
    return emit.channelBlocked(emit.reshape(dx, value.shape));
  },
};

/** Maps as [planes, height, width, depth]: depth is 1, or the channels of a block. */
interface Maps {
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly depth: number;
}

function spread(emit: Emitter, x: string, y: string, dy: string, maps: Maps, pool: Pool): string {
  const { planes, height, width, outHeight, outWidth, depth } = maps;
  const { kernel, stride } = pool;
  const cells = [planes, outHeight, 1, outWidth, 1, depth];
  if (kernel === 1) {
    // Every stride-th pixel was kept: zeros go in between and behind.
    const between = emit.ints([0, 0, 0, 0, 0, 0, 0, 0, stride - 1, 0, stride - 1, 0]);
    const apart = emit.node("Pad", [emit.reshape(dy, cells), between]);
    return fitted(emit, apart, [planes, outHeight * stride, outWidth * stride, depth], height, width);
  }
  const [tall, wide] = [outHeight * kernel, outWidth * kernel];
  const windows = [planes, outHeight, kernel, outWidth, kernel, depth];
  const whole = emit.reshape(x, [planes, height, width, depth]);
  const used =
    tall === height && wide === width
      ? whole
      : emit.node("Slice", [whole, emit.ints([0, 0]), emit.ints([tall, wide]), emit.ints([1, 2])]);
  const largest = emit.node("Equal", [emit.reshape(used, windows), emit.reshape(y, cells)]);
  const marks = emit.node("Cast", [largest], { to: 1 });
  const count = emit.node("ReduceSum", [marks, emit.ints([2, 4])], { keepdims: 1 });
  const share = emit.node("Div", [emit.reshape(dy, cells), count]);
  const dx = emit.node("Mul", [marks, share]);
  return fitted(emit, dx, [planes, tall, wide, depth], height, width);
}

/** Makes any difference between a number and a larger one more than 1. A power of two, so that equals stay equal. */
const STEEP = 2 ** 64;

/**
 * By the engine's own blocked operations, which take all threads where Equal and Cast take one: a convolution with Clip
 * behind it is 1 where the number is its window's largest, and 0 elsewhere.
 */
function spreadInBlocks(emit: BlockedEmitter, value: Value, kernel: number): string {
  const [x, y, dy] = value.inputs as [Value, Value, Value];
  const [, c = 0, height = 0, width = 0] = value.shape;
  const [, , outHeight = 0, outWidth = 0] = y.shape;
  const [below, beside] = [height - outHeight * kernel, width - outWidth * kernel];
  const times = (factor: number): string => emit.floats([c, 1, 1, 1], new Float32Array(c).fill(factor));
  const repeated = (small: string): string => {
    const large = emit.blockedNode("Upsample", [small], { scales: [1, 1, kernel, kernel], mode: "nearest" });
    if (below === 0 && beside === 0) return large;
    // Pixels that no window sees have no share.
    return emit.blockedNode("Conv", [large, times(1)], {
      kernel_shape: [1, 1],
      pads: [0, 0, below, beside],
      group: c,
    });
  };
  const most = emit.node("Mul", [emit.blocked(y), emit.scalar(-STEEP)]);
  const one = emit.floats([c], new Float32Array(c).fill(1));
  const marks = emit.blockedNode("Conv", [emit.blocked(x), times(STEEP), one, repeated(most)], {
    kernel_shape: [1, 1],
    group: c,
    activation: "Clip",
    activation_params: { floats: [0, 1] },
  });
  const size = { kernel_shape: [kernel, kernel], strides: [kernel, kernel] };
  const mean = emit.blockedNode("AveragePool", [marks], size);
  const count = emit.node("Mul", [mean, emit.scalar(kernel * kernel)]);
  return emit.node("Mul", [marks, repeated(emit.node("Div", [emit.blocked(dy), count]))]);
}

/** Cuts or pads maps [planes, rows, columns, depth] to `height` × `width`. */
function fitted(emit: Emitter, x: string, from: readonly number[], height: number, width: number): string {
  const [, rows = 0, columns = 0] = from;
  const maps = emit.reshape(x, from);
  if (rows === height && columns === width) return maps;
  const cut =
    rows > height || columns > width
      ? emit.node("Slice", [maps, emit.ints([0, 0]), emit.ints([height, width]), emit.ints([1, 2])])
      : maps;
  const [below, beside] = [Math.max(height - rows, 0), Math.max(width - columns, 0)];
  return below + beside === 0 ? cut : emit.node("Pad", [cut, emit.ints([0, 0, 0, 0, 0, below, beside, 0])]);
}

/** The gradient of a max pool with input `x` and result `y`. Not differentiated again. */
export const maxPoolGradient = (x: Value, y: Value, dy: Value, pool: Pool): Value =>
  x.tape.apply(MAX_POOL_GRADIENT, [x, y, dy], pool);
