import { elementCount, FaceError, internal } from "../core/index.ts";
import type { Operation } from "./operation.ts";
import { type Operand, Value } from "./value.ts";
import type { ValueType } from "./value-type.ts";

/** Distribution of a random input, which is drawn anew for every run. */
export type Distribution =
  /** 1 with chance `probability`, else 0. */
  | { readonly kind: "bernoulli"; readonly probability: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number };

/** The inputs that a tape is fed at each run. */
export interface TapeInput extends ValueType {
  readonly name: string;
  /** For inputs that are drawn and not given. */
  readonly drawn?: Distribution;
}

/** A tensor that outlives a run: a parameter, a running statistic, an optimiser's memory. */
export interface Slot {
  readonly name: string;
  readonly value: Value;
  /** Values before the first run. Row-major in the value's shape. */
  readonly initial: () => Float32Array;
  /** True if gradients change it. */
  readonly trainable: boolean;
  /** The kind of a parameter, for weight decay: by convention `weight`, `bias`, `scale`, `shift` or `slope`. */
  readonly role: string;
  /** The parameter whose optimiser's memory this is. */
  readonly of?: Value;
}

/** Differences of a parameter from the usual. */
export interface ParameterOptions {
  /** @default true */
  readonly trainable?: boolean;
  /** @default "weight", which weight decay acts on; it leaves `scale`, `shift` and `slope` alone */
  readonly role?: string;
}

/**
 * A record of operations, from which gradients, the float64 reference and ONNX graphs are derived.
 *
 * The same operation on the same values is recorded once. Sizes are fixed, the batch included.
 */
export class Tape {
  readonly #values: Value[] = [];
  readonly #inputs = new Map<string, TapeInput & { readonly value: Value }>();
  readonly #slots = new Map<string, Slot>();
  readonly #next = new Map<Value, Value>();
  readonly #known = new Map<string, Value>();

  /** Floats fed at every run. */
  input(name: string, shape: readonly number[]): Value {
    return this.#feed({ name, shape, type: "float" });
  }

  /** Whole numbers fed at every run: labels, where −1 means "none", or indices. */
  labels(name: string, count: number): Value {
    return this.#feed({ name, shape: [count], type: "int" });
  }

  /** Floats drawn at every run by whoever runs the graph, from its seed and the number of the run. */
  random(name: string, shape: readonly number[], drawn: Distribution): Value {
    return this.#feed({ name, shape, type: "float", drawn });
  }

  /** A tensor that training changes, under a name of its own. */
  parameter(
    name: string,
    shape: readonly number[],
    initial: () => Float32Array,
    options: ParameterOptions = {},
  ): Value {
    const { trainable = true, role = "weight" } = options;
    return this.#hold({ name, initial, trainable, role }, shape);
  }

  /**
   * A tensor that lives from run to run and that only {@link assign} changes: running statistics, an optimiser's memory.
   *
   * @param of the parameter it belongs to and whose shape it has, if any
   */
  state(name: string, shape: readonly number[], initial: () => Float32Array, of?: Value): Value {
    return this.#hold({ name, initial, trainable: false, role: "state", ...(of && { of }) }, shape);
  }

  /** Gives a parameter or state its value for the next run. Within a run everything sees the old one. */
  assign(slot: Value, next: Value): void {
    if (slot.operation !== LEAF || !this.slots.some(({ value }) => value === slot))
      throw internal("only parameters and states can be assigned to");
    if (slot.shape.join() !== next.shape.join())
      throw new FaceError("SHAPE", {
        where: "assign",
        expected: `[${slot.shape.join(", ")}]`,
        got: `[${next.shape.join(", ")}]`,
      });
    this.#next.set(slot, next);
  }

  /** A tensor that never changes. */
  constant(shape: readonly number[], values: Float32Array): Value {
    if (values.length !== elementCount(shape))
      throw new FaceError("SHAPE", {
        where: "constant",
        expected: `${elementCount(shape)} numbers`,
        got: values.length,
      });
    return this.#record(LEAF, [], { kind: "constant", values } satisfies Leaf, { shape, type: "float" });
  }

  /** A single number without axes. */
  scalar(value: number): Value {
    const key = `scalar ${value}`;
    const known = this.#known.get(key) ?? this.constant([], Float32Array.of(value));
    this.#known.set(key, known);
    return known;
  }

  /** The operand as a value of this tape. */
  valueOf(operand: Operand): Value {
    return typeof operand === "number" ? this.scalar(operand) : operand;
  }

  /** Records an operation, or finds it. For the functions in `ops/`. Throws FaceError SHAPE. @internal */
  apply<A>(operation: Operation<A>, inputs: readonly Value[], attributes: A): Value {
    const key = `${operation.name} ${inputs.map(({ id }) => id).join()} ${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (inputs.some((input) => input.tape !== this))
      throw internal(`${operation.name} takes values of two tapes`);
    const value = this.#record(operation, inputs, attributes, operation.result(inputs, attributes));
    this.#known.set(key, value);
    return value;
  }

  /** Every value, inputs before what is computed from them. */
  get values(): readonly Value[] {
    return this.#values;
  }

  get inputs(): readonly (TapeInput & { readonly value: Value })[] {
    return [...this.#inputs.values()];
  }

  get slots(): readonly Slot[] {
    return [...this.#slots.values()];
  }

  /** The values that parameters and states take after a run. */
  get assignments(): ReadonlyMap<Value, Value> {
    return this.#next;
  }

  #feed(input: TapeInput): Value {
    const known = this.#inputs.get(input.name);
    if (known)
      throw new FaceError("USAGE", {
        where: "tape",
        expected: "each input once",
        got: `a second ${input.name}`,
      });
    const value = this.#record(LEAF, [], { kind: "input", name: input.name } satisfies Leaf, input);
    this.#inputs.set(input.name, { ...input, value });
    return value;
  }

  #hold(slot: Omit<Slot, "value">, shape: readonly number[]): Value {
    if (this.#slots.has(slot.name))
      throw new FaceError("USAGE", {
        where: "tape",
        expected: "each parameter and state once",
        got: `a second ${slot.name}`,
      });
    const leaf: Leaf = { kind: "slot", name: slot.name };
    const value = this.#record(LEAF, [], leaf, { shape, type: "float" });
    this.#slots.set(slot.name, { ...slot, value });
    return value;
  }

  #record(
    operation: Operation<never> | Operation,
    inputs: readonly Value[],
    attributes: unknown,
    type: ValueType,
  ): Value {
    const { shape } = type;
    if (shape.some((size) => !Number.isInteger(size) || size < 1))
      throw new FaceError("SHAPE", {
        where: operation.name,
        expected: "sizes of at least 1",
        got: `[${shape.join(", ")}]`,
      });
    const value = new Value(this, this.#values.length, operation as Operation, inputs, attributes, type);
    this.#values.push(value);
    return value;
  }
}

/** The nature of a value that no operation computes. */
export type Leaf =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "slot"; readonly name: string }
  | { readonly kind: "constant"; readonly values: Float32Array };

/** Stands where the operation would be for values that are given. */
export const LEAF: Operation = {
  name: "leaf",
  result: () => {
    throw internal("a leaf is given, not inferred");
  },
  evaluate: () => {
    throw internal("a leaf is given, not computed");
  },
  plain: () => {
    throw internal("a leaf is given, not computed");
  },
};

/** The kind of leaf that a value is; undefined when an operation computes it. */
export function leafOf(value: Value): Leaf | undefined {
  return value.operation === LEAF ? (value.attributes as Leaf) : undefined;
}
