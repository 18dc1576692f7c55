import { blockedSums } from "../emit/blocked-sums.ts";
import type { Operation } from "../operation.ts";
import { axesOf, float } from "../shapes.ts";
import type { Value } from "../value.ts";

const PLANE_SUM: Operation<null> = {
  name: "plane-sum",
  result([x]) {
    const [n = 0, c = 0] = axesOf("plane-sum", x!, 4);
    return float([n, c, 1, 1]);
  },
  evaluate([x], value) {
    const [, , height = 0, width = 0] = value.inputs[0]!.shape;
    const area = height * width;
    return Float64Array.from({ length: x!.length / area }, (_, plane) =>
      x!.subarray(plane * area, (plane + 1) * area).reduce((sum, v) => sum + v, 0),
    );
  },
  gradient: (_y, dy) => [dy],
  plain: (emit, [x = ""]) => emit.node("ReduceSum", [x, emit.ints([2, 3])], { keepdims: 1 }),
  blocked(emit, value) {
    const [x] = value.inputs;
    const [n = 0, c = 0, h = 0, w = 0] = x!.shape;
    if (!emit.blocks(c)) return undefined;
    return emit.inRows(emit.reshape(blockedSums(emit, emit.blocked(x!), [n, c, h, w]), value.shape));
  },
};

/** Each map's sum: [N, C, H, W] → [N, C, 1, 1]. */
export const planeSum = (x: Value): Value =>
  x.shape[2] === 1 && x.shape[3] === 1 ? x : x.tape.apply(PLANE_SUM, [x], null);
