import { elementCount, FaceError } from "../core/index.ts";
import { ELEMENT_TYPE, GraphBuilder, type OnnxModel } from "../onnx/index.ts";
import { type Device, type Emitter, NCHWC_DOMAIN } from "./emit/emitter.ts";
import { type Layout, type Placed, relayout } from "./emit/layout.ts";
import { ancestors } from "./evaluate.ts";
import { writeInPlace } from "./in-place.ts";
import { leafOf, type Slot, type Tape, type TapeInput } from "./tape.ts";
import type { Value } from "./value.ts";
import { blockedWriter, plainWriter } from "./writer.ts";

/**
 * The operations that a graph is written in: standard ONNX for a device, or onnxruntime's blocked ones, whose block size
 * {@link import("./probe-block.ts").probeBlockSize} finds out.
 */
export type Form =
  | {
      readonly kind: "plain";
      readonly device: Device;
      /**
       * True if dense convolutions and their data gradients are computed in half precision; weights, their gradients,
       * everything between convolutions and the head stay in single. @default false
       */
      readonly half?: boolean;
    }
  | {
      readonly kind: "blocked";
      readonly block: number;
      /** Threads that it will run on: some operations are only shared among few. @default 2 */
      readonly threads?: number;
    };

/** A parameter or state of a compiled graph. */
export interface CompiledSlot extends Slot {
  /** The graph's input that takes it. */
  readonly input: string;
  /** The graph's output that is its next value; absent when nothing is assigned to it. */
  readonly output?: string;
  /** The output's shape: as many elements in the same order, perhaps under other axes. */
  readonly outputShape?: readonly number[];
  /** True if the output may be written over the input. */
  readonly inPlace?: boolean;
  /** From row-major order to the order in memory that the graph wants, and back. Both may return their argument. */
  toGraph(values: Float32Array): Float32Array;
  fromGraph(values: Float32Array): Float32Array;
}

/** A tape as one ONNX graph: what is fed and read, and how state goes round. */
export interface CompiledGraph {
  readonly model: OnnxModel;
  /** Inputs that something wanted depends on. */
  readonly inputs: readonly TapeInput[];
  readonly slots: readonly CompiledSlot[];
  /** Names of the outputs besides the slots'. */
  readonly outputs: readonly string[];
}

const OPSET = 18;
/** Elements from which a second copy is worth sparing. */
const LARGE = 1 << 14;
const TYPE = { float: ELEMENT_TYPE.float32, int: ELEMENT_TYPE.int32, bool: ELEMENT_TYPE.bool } as const;

/**
 * Writes what is needed for some values, and for the next values of parameters and states, as an ONNX graph.
 *
 * @param outputs values to be read after a run, by name
 * Throws    FaceError USAGE when an output is named as an input, parameter or state is
 */
export function compile(
  tape: Tape,
  outputs: Readonly<Record<string, Value>>,
  form: Form = { kind: "plain", device: "cpu" },
): CompiledGraph {
  const graph = new GraphBuilder();
  const wanted = [...Object.values(outputs), ...tape.assignments.values()];
  const needed = ancestors(wanted);
  const layouts = form.kind === "blocked" ? slotLayouts(tape, needed, form.block) : new Map<Value, Layout>();
  const layoutOf = (slot: Slot): Layout => layouts.get(slot.of ?? slot.value) ?? "rows";
  const slots = new Map(tape.slots.map((slot) => [slot.value, slot]));
  const placed = new Map<Value, Placed>();

  const leaf = (value: Value): Placed | undefined => {
    const of = leafOf(value);
    if (!of) return undefined;
    if (of.kind === "constant") return { name: graph.float(value.shape, of.values), layout: "rows" };
    const name = graph.input(of.name, value.shape, TYPE[value.type]);
    const slot = slots.get(value);
    return { name, layout: slot ? layoutOf(slot) : "rows" };
  };
  // Values recorded while emitting, by operations that spell themselves in others, find their inputs already placed.
  const place = (value: Value): Placed => {
    const known = placed.get(value);
    if (known) return known;
    const made = leaf(value) ?? writer.write(value);
    placed.set(value, made);
    return made;
  };
  const writer =
    form.kind === "blocked" ? blockedWriter(graph, form, place) : plainWriter(graph, form, place);
  for (const value of [...tape.values]) if (needed.has(value)) place(value);

  const taken = new Set([...tape.inputs, ...tape.slots].map(({ name }) => name));
  for (const [name, value] of Object.entries(outputs)) {
    if (taken.has(name))
      throw new FaceError("USAGE", {
        where: `output ${name}`,
        expected: "a name of its own",
        got: "an input's or a parameter's",
      });
    graph.node("Identity", [writer.read(value, "rows")], {}, name);
    graph.output(name, value.shape, TYPE[value.type]);
  }
  const compiledSlots = tape.slots
    .filter(({ value }) => needed.has(value) || tape.assignments.has(value))
    .map((slot): CompiledSlot => {
      const layout = layoutOf(slot);
      const next = tape.assignments.get(slot.value);
      const { shape } = slot.value;
      const move = (values: Float32Array, direction: "into" | "back"): Float32Array => {
        const count = elementCount(shape);
        if (values.length !== count)
          throw new FaceError("SHAPE", {
            where: slot.name,
            expected: `${count} numbers`,
            got: values.length,
          });
        return form.kind === "blocked" ? relayout(values, shape, layout, form.block, direction) : values;
      };
      const common = {
        ...slot,
        input: slot.name,
        toGraph: (values: Float32Array) => move(values, "into"),
        fromGraph: (values: Float32Array) => move(values, "back"),
      };
      if (!next) return common;
      const output = `next ${slot.name}`;
      const outputShape = asOutput(graph, writer.emit, writer.read(next, layout), shape, output);
      return { ...common, output, outputShape };
    });
  const inPlace = writeInPlace(
    graph,
    compiledSlots.flatMap(({ input, output, value }) =>
      output !== undefined && elementCount(value.shape) >= LARGE ? [{ input, output }] : [],
    ),
  );
  return {
    model: graph.finish({
      producer: "arcface",
      opset: OPSET,
      ...(form.kind === "blocked" && { domains: { [NCHWC_DOMAIN]: 1 } }),
    }),
    inputs: tape.inputs.filter(({ value }) => needed.has(value)),
    slots: compiledSlots.map((slot) => ({ ...slot, inPlace: inPlace.has(slot.output ?? "") })),
    outputs: Object.keys(outputs),
  };
}

/**
 * Makes a tensor an output: under its new name, because a copy to that name costs a pass over memory at every step. A
 * tensor that is only another's view is given in the other's shape.
 */
function asOutput(
  graph: GraphBuilder,
  emit: Emitter,
  name: string,
  shape: readonly number[],
  output: string,
): readonly number[] {
  const under = emit.shapedAs(name);
  if (under && graph.rename(under.name, output)) {
    graph.output(output, under.shape);
    return under.shape;
  }
  if (!graph.rename(name, output)) graph.node("Identity", [name], {}, output);
  graph.output(output, shape);
  return shape;
}

/** Parameters live in the layout that an operation wants them in, as convolutions their weights, so that no step moves them. */
function slotLayouts(tape: Tape, needed: ReadonlySet<Value>, block: number): Map<Value, Layout> {
  const layouts = new Map<Value, Layout>();
  for (const { operation, inputs, attributes } of tape.values) {
    for (const [i, layout] of (operation.wants?.(inputs, attributes, block) ?? []).entries()) {
      const input = inputs[i]!;
      if (layout && needed.has(input) && leafOf(input)?.kind === "slot") layouts.set(input, layout);
    }
  }
  return layouts;
}
