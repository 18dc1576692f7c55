import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { broadcastTo } from "./broadcast-to.ts";
import { channelAffine } from "./channel-affine.ts";
import { channelDot } from "./channel-dot.ts";
import { gate } from "./gate.ts";
import { negate } from "./negate.ts";
import { negativePart } from "./negative-part.ts";
import { reshape } from "./reshape.ts";
import { subtract } from "./subtract.ts";

/** x, one slope per channel, and how far x lies below zero, which both directions need. */
const PRELU: Operation<null> = {
  name: "prelu",
  result([x, slope]) {
    const [, c = 0] = axesOf("prelu", x!, 4);
    expectThat(sameShape(slope!.shape, [c]), "prelu", `[${c}] beside`, x!, slope!);
    return float(x!.shape);
  },
  evaluate([x, slope], value) {
    const [, c = 0, height = 0, width = 0] = value.shape;
    return x!.map((v, i) => (v < 0 ? v * slope![Math.floor(i / (height * width)) % c]! : v));
  },
  gradient(y, dy) {
    const [, slope, below] = y.inputs as [Value, Value, Value];
    const falling = gate(dy, below);
    const dx = channelAffine(falling, subtract(slope, 1), { added: dy });
    return [dx, negate(channelDot(below, dy)), undefined];
  },
  // onnxruntime's PRelu is several times slower than three elementwise operations.
  plain(emit, [x = "", slope = "", below = ""], value) {
    const [, c = 0] = value.shape;
    const rest = emit.reshape(emit.node("Sub", [emit.scalar(1), slope]), [c, 1, 1]);
    return emit.node("Add", [x, emit.node("Mul", [below, rest])]);
  },
  blocked(emit, value) {
    const [x, slope, below] = value.inputs as [Value, Value, Value];
    if (!emit.blocks(x.shape[1]!)) return undefined;
    return emit.as(channelAffine(below, subtract(1, slope), { added: x }));
  },
};

/**
 * x above zero, slope · x below.
 *
 * Shapes    x [N, C, H, W] or [N, C]; slope [C] or [1]
 * Gradient  1 at 0
 * Source    He et al., arXiv:1502.01852
 */
export function prelu(x: Value, slope: Value): Value {
  const [n = 0, c = 0] = x.shape;
  if (x.shape.length === 2) return reshape(prelu(reshape(x, [n, c, 1, 1]), slope), [n, c]);
  const perChannel = broadcastTo(slope, [c]);
  return x.tape.apply(PRELU, [x, perChannel, negativePart(x)], null);
}
