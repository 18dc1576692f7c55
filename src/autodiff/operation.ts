import type { BlockedEmitter } from "./emit/blocked.ts";
import type { Emitter } from "./emit/emitter.ts";
import type { Layout, Placed } from "./emit/layout.ts";
import type { Value } from "./value.ts";
import type { ValueType } from "./value-type.ts";

/** A value's elements for the slow reference: row-major; booleans are 0 and 1. */
export type Numbers = Float64Array;

/**
 * Everything there is to know about one kind of operation. One file of `ops/` defines one, next to the function that
 * puts it on a tape.
 */
export interface Operation<A = unknown> {
  /** Also the file's name. */
  readonly name: string;
  /** True when an element of the result depends on the operands' elements at its own place alone. */
  readonly elementwise?: boolean;
  /** Shape rule. Throws FaceError SHAPE. */
  result(inputs: readonly Value[], attributes: A): ValueType;
  /** The operation in double precision, written to be read: what both emitters are compared with. */
  evaluate(inputs: readonly Numbers[], value: Value, attributes: A): Numbers;
  /**
   * The gradient of each input when `dy` flows into the result; undefined where nothing does. A gradient may have
   * fewer rows than its input where it is the same along an axis: anything that broadcasts to the input's shape.
   * Absent for operations that are not differentiated.
   */
  gradient?(value: Value, dy: Value, attributes: A): readonly (Value | undefined)[];
  /** The operation in standard ONNX; returns the result's name. */
  plain(emit: Emitter, inputs: readonly string[], value: Value, attributes: A): string;
  /** The operation on channel-blocked maps; undefined where these shapes do not allow it. */
  blocked?(emit: BlockedEmitter, value: Value, attributes: A): Placed | undefined;
  /** The best layout of each input, so that nothing is moved; undefined where it does not matter. */
  wants?(inputs: readonly Value[], attributes: A, block: number): readonly (Layout | undefined)[];
}
