import { elementCount, FaceError } from "../core/index.ts";
import type { Numbers } from "./operation.ts";
import { leafOf, type Tape } from "./tape.ts";
import type { Value } from "./value.ts";

/**
 * Computes values of a tape in double precision, operation by operation: the slow twin of the ONNX graphs.
 *
 * @param given inputs by name, and parameters and states where they differ from their initial values
 * Throws    FaceError USAGE when an input is missing, SHAPE when one has another number of elements
 */
export function evaluate(
  tape: Tape,
  wanted: readonly Value[],
  given: Readonly<Record<string, ArrayLike<number>>> = {},
): Numbers[] {
  const slots = new Map(tape.slots.map((slot) => [slot.name, slot]));
  const done = new Map<Value, Numbers>();
  const leaf = (value: Value): Numbers | undefined => {
    const of = leafOf(value);
    if (!of) return undefined;
    if (of.kind === "constant") return Float64Array.from(of.values);
    const numbers = given[of.name] ?? slots.get(of.name)?.initial();
    if (!numbers)
      throw new FaceError("USAGE", { where: "evaluate", expected: `the input ${of.name}`, got: "none" });
    if (numbers.length !== elementCount(value.shape))
      throw new FaceError("SHAPE", {
        where: of.name,
        expected: `${elementCount(value.shape)} numbers`,
        got: numbers.length,
      });
    return Float64Array.from(numbers);
  };
  const needed = ancestors(wanted);
  for (const value of tape.values) {
    if (!needed.has(value)) continue;
    const inputs = value.inputs.map((input) => done.get(input)!);
    done.set(value, leaf(value) ?? value.operation.evaluate(inputs, value, value.attributes));
  }
  return wanted.map((value) => done.get(value)!);
}

/** The values themselves and everything they are computed from. */
export function ancestors(values: readonly Value[]): ReadonlySet<Value> {
  const found = new Set<Value>();
  const open = [...values];
  for (let value = open.pop(); value; value = open.pop()) {
    if (found.has(value)) continue;
    found.add(value);
    open.push(...value.inputs);
  }
  return found;
}
