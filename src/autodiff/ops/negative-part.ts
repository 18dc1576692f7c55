import type { Operation } from "../operation.ts";
import { float } from "../shapes.ts";
import type { Value } from "../value.ts";
import { gate } from "./gate.ts";
import { negate } from "./negate.ts";

const NEGATIVE_PART: Operation<null> = {
  name: "negative-part",
  elementwise: true,
  result: ([x]) => float(x!.shape),
  evaluate: ([x]) => x!.map((v) => Math.max(-v, 0)),
  gradient: (y, dy) => [gate(negate(dy), y)],
  plain: (emit, [x = ""]) => emit.node("Relu", [emit.node("Neg", [x])]),
  // One pass on all threads, where the engine's Min, Neg and Relu take one thread.
  blocked(emit, { inputs: [x] }) {
    const [, c = 0] = x!.shape;
    if (x!.shape.length !== 4 || !emit.blocks(c) || emit.as(x!).layout !== "channels") return undefined;
    const turned = emit.floats([c, 1, 1, 1], new Float32Array(c).fill(-1));
    return emit.channelBlocked(
      emit.blockedNode("Conv", [emit.blocked(x!), turned], {
        kernel_shape: [1, 1],
        group: c,
        activation: "Relu",
      }),
    );
  },
};

/**
 * max(−x, 0): how far x lies below zero.
 *
 * Gradient   0 at 0
 */
export const negativePart = (x: Value): Value => x.tape.apply(NEGATIVE_PART, [x], null);
