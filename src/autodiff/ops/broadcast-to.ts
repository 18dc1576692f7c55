import type { Operation } from "../operation.ts";
import { broadcastIndices, broadcastShape, expectThat, sameShape } from "../shapes.ts";
import { sumTo } from "../sum-to.ts";
import type { Value } from "../value.ts";

const BROADCAST_TO: Operation<{ readonly shape: readonly number[] }> = {
  name: "broadcast-to",
  result([x], { shape }) {
    const fits = sameShape(broadcastShape("broadcast-to", [x!.shape, shape]), shape);
    expectThat(fits, "broadcast-to", `what repeats to [${shape.join(", ")}]`, x!);
    return { shape, type: x!.type };
  },
  evaluate([x], value) {
    const places = broadcastIndices(value.inputs[0]!.shape, value.shape);
    return Float64Array.from(places, (place) => x![place]!);
  },
  gradient: (y, dy) => [sumTo(dy, y.inputs[0]!.shape)],
  plain: (emit, [x = ""], { shape }) => emit.node("Expand", [x, emit.ints(shape)]),
  blocked(emit, value) {
    const [x] = value.inputs;
    const [n, c, h, w] = value.shape;
    const planes = sameShape(x!.shape, [n ?? 0, c ?? 0, 1, 1]);
    if (value.shape.length !== 4 || !planes || !emit.blocks(c!)) return undefined;
    const view = emit.reshape(emit.plain(x!), [(n! * c!) / emit.block, 1, emit.block]);
    const size = emit.ints([(n! * c!) / emit.block, h! * w!, emit.block]);
    return emit.channelBlocked(emit.reshape(emit.node("Expand", [view, size]), value.shape));
  },
};

/** x repeated along its axes of 1 and along new ones in front. Throws FaceError SHAPE. */
export function broadcastTo(x: Value, shape: readonly number[]): Value {
  return sameShape(x.shape, shape) ? x : x.tape.apply(BROADCAST_TO, [x], { shape });
}
