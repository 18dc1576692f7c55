import type { Operation } from "./operation.ts";
import type { Tape } from "./tape.ts";
import type { ElementType, ValueType } from "./value-type.ts";

/** One result of one operation on a tape. Made by the functions of `ops/`, never by hand. */
export class Value implements ValueType {
  readonly tape: Tape;
  /** Place on the tape; inputs have lower numbers. */
  readonly id: number;
  /** @internal */
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  /** @internal */
  readonly attributes: unknown;
  readonly shape: readonly number[];
  readonly type: ElementType;

  /** @internal */
  constructor(
    tape: Tape,
    id: number,
    operation: Operation,
    inputs: readonly Value[],
    attributes: unknown,
    of: ValueType,
  ) {
    this.tape = tape;
    this.id = id;
    this.operation = operation;
    this.inputs = inputs;
    this.attributes = attributes;
    this.shape = of.shape;
    this.type = of.type;
  }
}

/** An operand of elementwise operations: a number stands for itself at every element. */
export type Operand = Value | number;
