import { ELEMENT_TYPE } from "../../onnx/index.ts";
import type { Emitter } from "./emitter.ts";

/** Stands for the largest element of a gradient that is zero everywhere. */
const SMALLEST = 1e-30;

/** Writes an operation on half-precision copies of its operands; the result is in single precision again. */
export function inHalf(
  emit: Emitter,
  operands: readonly string[],
  write: (halves: readonly string[]) => string,
): string {
  const cast = (name: string, to: number): string => emit.node("Cast", [name], { to });
  const result = write(operands.map((name) => cast(name, ELEMENT_TYPE.float16)));
  return cast(result, ELEMENT_TYPE.float32);
}

/**
 * The same for an operation that is linear in `dy`, which is brought to a largest element of 1 first: gradients are
 * smaller than half precision knows, and so no loss scale is to be chosen and no step is lost to one chosen badly.
 */
export function gradientInHalf(
  emit: Emitter,
  dy: string,
  weight: string,
  write: (dy: string, weight: string) => string,
): string {
  const largest = emit.node("ReduceMax", [emit.node("Abs", [dy])], { keepdims: 0 });
  const size = emit.node("Max", [largest, emit.scalar(SMALLEST)]);
  const result = inHalf(emit, [emit.node("Div", [dy, size]), weight], ([d = "", w = ""]) => write(d, w));
  return emit.node("Mul", [result, size]);
}
