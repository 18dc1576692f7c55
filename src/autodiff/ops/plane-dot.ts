import { blockedDots } from "../emit/blocked-sums.ts";
import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";

const PLANE_DOT: Operation<null> = {
  name: "plane-dot",
  result([x, y]) {
    const [n = 0, c = 0] = axesOf("plane-dot", x!, 4);
    expectThat(sameShape(x!.shape, y!.shape), "plane-dot", "two of one shape", x!, y!);
    return float([n, c, 1, 1]);
  },
  evaluate([x, y], value) {
    const [, , height = 0, width = 0] = value.inputs[0]!.shape;
    const area = height * width;
    const out = new Float64Array(x!.length / area);
    for (const [i, v] of x!.entries()) {
      const plane = Math.floor(i / area);
      out[plane] = out[plane]! + v * y![i]!;
    }
    return out;
  },
  gradient(value, dy) {
    const [x, y] = value.inputs as [Value, Value];
    return [multiply(dy, y), multiply(dy, x)];
  },
  plain: (emit, inputs) =>
    emit.node("ReduceSum", [emit.node("Mul", inputs), emit.ints([2, 3])], { keepdims: 1 }),
  blocked(emit, value) {
    const [x, y] = value.inputs as [Value, Value];
    const [n = 0, c = 0, h = 0, w = 0] = x.shape;
    if (!emit.blocks(c)) return undefined;
    const dots = blockedDots(emit, emit.blocked(x), emit.blocked(y), [n, c, h, w]);
    return emit.inRows(emit.reshape(dots, value.shape));
  },
};

/** Each pair of maps' inner product: two [N, C, H, W] → [N, C, 1, 1]. */
export const planeDot = (x: Value, y: Value): Value =>
  x.shape[2] === 1 && x.shape[3] === 1 ? multiply(x, y) : x.tape.apply(PLANE_DOT, [x, y], null);
