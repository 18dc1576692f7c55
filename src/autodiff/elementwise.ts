import type { Operation } from "./operation.ts";
import { broadcastIndices, broadcastShape, expectThat } from "./shapes.ts";
import type { Operand, Value } from "./value.ts";
import type { ElementType } from "./value-type.ts";

/** Differences of one elementwise operation from another. */
interface Elementwise<A> {
  readonly name: string;
  /** ONNX's name, for those that are one standard operation. */
  readonly onnx?: string;
  /** @default "float" */
  readonly gives?: ElementType;
  /** The types that each operand may have. @default floats */
  readonly takes?: readonly ElementType[];
  /** On single elements, in double precision. */
  compute(operands: readonly number[], attributes: A): number;
  gradient?(value: Value, dy: Value, attributes: A): readonly (Value | undefined)[];
  plain?: Operation<A>["plain"];
  readonly blocked?: Operation<A>["blocked"];
}

/** An operation on the elements of operands that broadcast. */
export function elementwise<A>(of: Elementwise<A>): Operation<A> {
  const { name, gives = "float" } = of;
  return {
    name,
    elementwise: true,
    result(inputs) {
      for (const [i, input] of inputs.entries()) {
        const wanted = of.takes?.[i] ?? "float";
        expectThat(input.type === wanted, name, `${wanted}s`, input);
      }
      const shapes = inputs.map(({ shape }) => shape);
      return { shape: broadcastShape(name, shapes), type: gives };
    },
    evaluate(inputs, value, attributes) {
      const places = value.inputs.map(({ shape }) => broadcastIndices(shape, value.shape));
      const length = places[0]!.length;
      return Float64Array.from({ length }, (_, at) => {
        const operands = inputs.map((numbers, i) => numbers[places[i]![at]!]!);
        return of.compute(operands, attributes);
      });
    },
    ...(of.gradient && { gradient: of.gradient }),
    ...(of.blocked && { blocked: of.blocked }),
    plain(emit, inputs, value, attributes) {
      if (of.plain) return of.plain(emit, inputs, value, attributes);
      return emit.node(of.onnx!, inputs);
    },
  };
}

/** Puts an operation of one operand on its tape. */
export function unary<A>(operation: Operation<A>, x: Value, attributes: A): Value {
  return x.tape.apply(operation, [x], attributes);
}

/** Puts an operation of two operands on the tape of whichever is a value. */
export function binary(operation: Operation<null>, a: Operand, b: Operand): Value {
  const { tape } = typeof a === "number" ? (b as Value) : a;
  return tape.apply(operation, [tape.valueOf(a), tape.valueOf(b)], null);
}
