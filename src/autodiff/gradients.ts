import { FaceError, internal } from "../core/index.ts";
import { add } from "./ops/add.ts";
import { broadcastTo } from "./ops/broadcast-to.ts";
import { sameShape } from "./shapes.ts";
import type { Value } from "./value.ts";

/**
 * Records how a number depends on values it was computed from.
 *
 * Shapes    `of` [] or one element; each gradient has the shape of its value
 * Returns   one gradient per value; undefined where the number does not depend on it
 * Throws    FaceError USAGE when an operation on the way is not differentiated
 */
export function gradients(of: Value, to: readonly Value[]): (Value | undefined)[] {
  const { tape } = of;
  if (of.shape.some((size) => size !== 1))
    throw new FaceError("SHAPE", {
      where: "gradients",
      expected: "a single number",
      got: `[${of.shape.join(", ")}]`,
    });
  // Values in between: only along them do gradients need to flow.
  const towards = new Set<Value>(to);
  const order = tape.values.slice(0, of.id + 1);
  for (const value of order) if (value.inputs.some((input) => towards.has(input))) towards.add(value);
  const flowing = new Map<Value, Value>([[of, broadcastTo(tape.scalar(1), of.shape)]]);
  for (const value of order.reverse()) {
    const partial = flowing.get(value);
    if (!partial || value.inputs.length === 0 || !towards.has(value)) continue;
    const dy = broadcastTo(partial, value.shape);
    flowing.set(value, dy);
    const { gradient, name } = value.operation;
    if (!gradient)
      throw new FaceError("USAGE", { where: "gradients", expected: "operations with one", got: name });
    const shares = gradient.call(value.operation, value, dy, value.attributes);
    for (const [i, input] of value.inputs.entries()) {
      const share = shares[i];
      if (!share || !towards.has(input)) continue;
      if (input.type !== "float") throw internal(`${name} gives a gradient to ${input.type}s`);
      const already = flowing.get(input);
      flowing.set(input, already ? add(already, share) : share);
    }
  }
  return to.map((value) => {
    const found = flowing.get(value);
    if (!found) return undefined;
    const whole = broadcastTo(found, value.shape);
    if (!sameShape(whole.shape, value.shape)) throw internal(`gradient of another shape than its value`);
    return whole;
  });
}
