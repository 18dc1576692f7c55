import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";
import { maxPoolGradient } from "./max-pool-gradient.ts";

/** A square window and how far it moves: it moves by its own size, or sees one pixel only. */
export interface Pool {
  readonly kernel: number;
  readonly stride: number;
}

const MAX_POOL: Operation<Pool> = {
  name: "max-pool",
  result([x], { kernel, stride }) {
    const [n = 0, c = 0, height = 0, width = 0] = axesOf("max-pool", x!, 4);
    const fits = (kernel === stride || kernel === 1) && Math.min(height, width) >= kernel;
    expectThat(fits, "max-pool", "windows side by side, or of one pixel", x!);
    const out = (size: number): number => Math.floor((size - kernel) / stride) + 1;
    return float([n, c, out(height), out(width)]);
  },
  evaluate([x], value, { kernel, stride }) {
    const [, , height = 0, width = 0] = value.inputs[0]!.shape;
    const [, , outHeight = 0, outWidth = 0] = value.shape;
    return Float64Array.from({ length: value.shape.reduce((a, b) => a * b) }, (_, at) => {
      const plane = Math.floor(at / (outHeight * outWidth)) * height * width;
      const top = (Math.floor(at / outWidth) % outHeight) * stride;
      const left = (at % outWidth) * stride;
      let most = Number.NEGATIVE_INFINITY;
      for (let row = top; row < top + kernel; row++)
        for (let column = left; column < left + kernel; column++)
          most = Math.max(most, x![plane + row * width + column]!);
      return most;
    });
  },
  gradient: (y, dy, pool) => [maxPoolGradient(y.inputs[0]!, y, dy, pool)],
  plain: (emit, inputs, _value, { kernel, stride }) =>
    emit.node("MaxPool", inputs, { kernel_shape: [kernel, kernel], strides: [stride, stride] }),
  blocked(emit, value, { kernel, stride }) {
    const [x] = value.inputs;
    if (!emit.blocks(x!.shape[1]!)) return undefined;
    return emit.channelBlocked(
      emit.blockedNode("MaxPool", [emit.blocked(x!)], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
      }),
    );
  },
};

/**
 * The largest of each window; a remainder at the edge is dropped.
 *
 * Shapes    [N, C, H, W] → [N, C, ⌊H / stride⌋, ⌊W / stride⌋], rounded up for a window of one pixel
 * Gradient  to the largest, in equal shares where several are
 */
export const maxPool = (x: Value, kernel: number, stride: number = kernel): Value =>
  kernel === 1 && stride === 1 ? x : x.tape.apply(MAX_POOL, [x], { kernel, stride });
