import type { Operation } from "../operation.ts";
import { expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";

/** Turns the smallest number above zero that the engine keeps into more than 1. */
const STEEP = 3e38;

const GATE: Operation<null> = {
  name: "gate",
  elementwise: true,
  result([x, by]) {
    expectThat(sameShape(x!.shape, by!.shape), "gate", "two of one shape", x!, by!);
    return float(x!.shape);
  },
  evaluate: ([x, by]) => x!.map((v, i) => (by![i]! > 0 ? v : 0)),
  gradient(y, dy) {
    const [, by] = y.inputs as [Value, Value];
    return [gate(dy, by), undefined];
  },
  plain: (emit, [x = "", by = ""]) =>
    emit.node("Where", [emit.node("Greater", [by, emit.scalar(0)]), x, emit.scalar(0)]),
  // 0 and 1 as floats: a convolution and a product take all threads, the engine's comparison and choice take one.
  blocked(emit, { inputs: [x, by] }) {
    const [, c = 0] = x!.shape;
    const maps = x!.shape.length === 4 && emit.blocks(c) && emit.as(by!).layout === "channels";
    if (!maps || emit.as(x!).layout !== "channels") return undefined;
    const steep = emit.floats([c, 1, 1, 1], new Float32Array(c).fill(STEEP));
    const open = emit.blockedNode("Conv", [emit.blocked(by!), steep], {
      kernel_shape: [1, 1],
      group: c,
      activation: "Clip",
      activation_params: { floats: [0, 1] },
    });
    return emit.channelBlocked(emit.node("Mul", [emit.blocked(x!), open]));
  },
};

/**
 * x where the other is above zero, else 0.
 *
 * Shapes    both alike
 * Gradient  flows to x alone
 */
export const gate = (x: Value, by: Value): Value => x.tape.apply(GATE, [x, by], null);
