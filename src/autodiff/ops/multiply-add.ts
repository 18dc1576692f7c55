import { elementCount } from "../../core/index.ts";
import { elementwise } from "../elementwise.ts";
import { expectThat } from "../shapes.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";
import { multiply, productTo } from "./multiply.ts";

const MULTIPLY_ADD = elementwise<null>({
  name: "multiply-add",
  compute: ([x = 0, factor = 0, y = 0]) => x * factor + y,
  gradient(value, dy) {
    const [x, factor, y] = value.inputs as [Value, Value, Value];
    return [sumTo(multiply(dy, factor), x.shape), productTo(dy, x, factor.shape), sumTo(dy, y.shape)];
  },
  plain(emit, [x = "", factor = "", y = ""], value) {
    const { shape } = value;
    const lanes = emit.block;
    const columns = elementCount(shape) / (lanes * ROW);
    if (lanes === 0 || !Number.isInteger(columns) || columns < MANY_ROWS)
      return emit.node("Add", [emit.node("Mul", [x, factor]), y]);
    // As one depthwise 1×1 convolution it is one pass over memory.
    const view = [1, lanes, columns, ROW];
    const factors = emit.node("Expand", [emit.reshape(factor, [1, 1, 1, 1]), emit.ints([lanes, 1, 1, 1])]);
    const inputs = [emit.reshape(x, view), factors, "", emit.reshape(y, view)];
    const sum = emit.blockedNode("Conv", inputs, { kernel_shape: [1, 1], group: lanes });
    return emit.reshape(sum, shape, view);
  },
});

/** Elements of a row of the view that large tensors are updated under, and the rows from which that pays. */
const ROW = 64;
const MANY_ROWS = 32;

/**
 * x · factor + y, of tensors of one shape and a single number.
 *
 * Shapes    x and y alike, factor of one element
 */
export function multiplyAdd(x: Value, factor: Operand, y: Value): Value {
  const by = x.tape.valueOf(factor);
  expectThat(elementCount(by.shape) === 1, "multiply-add", "a single number as factor", by);
  expectThat(x.shape.join() === y.shape.join(), "multiply-add", "two of one shape", x, y);
  return x.tape.apply(MULTIPLY_ADD, [x, by, y], null);
}
