import { elementCount } from "../core/index.ts";
import type { GraphBuilder } from "../onnx/index.ts";
import { BlockedEmitter } from "./emit/blocked.ts";
import { type Device, Emitter } from "./emit/emitter.ts";
import type { Layout, Placed } from "./emit/layout.ts";
import type { Value } from "./value.ts";
import type { ValueType } from "./value-type.ts";

/** One form of graph being written: how a value gets into it, and how one that is there is read. */
export interface Writer {
  readonly emit: Emitter;
  /** Writes what computes a value, its inputs before it. */
  write(value: Value): Placed;
  /** The tensor of a value in a layout, moved there when it lies in another. */
  read(value: Value, layout: Layout): string;
}

/** @param place where a value lies; writes it when it has not been written */
type Place = (value: Value) => Placed;

/** Standard ONNX for a device: everything lies in rows. */
export function plainWriter(
  graph: GraphBuilder,
  form: { readonly device: Device; readonly half?: boolean },
  place: Place,
): Writer {
  const emit = new Emitter(graph, form);
  return {
    emit,
    write(value) {
      const { operation, attributes, inputs } = value;
      const names = inputs.map((input) => place(input).name);
      return { name: operation.plain(emit, names, value, attributes), layout: "rows" };
    },
    read: (value) => place(value).name,
  };
}

/** onnxruntime's operations on channel-blocked maps, and standard ones where an operation has none. */
export function blockedWriter(
  graph: GraphBuilder,
  form: { readonly block: number; readonly threads?: number },
  place: Place,
): Writer {
  // An emitter is shown the tape's own values and nothing else.
  const emit = new BlockedEmitter(graph, form, (value: ValueType) => place(value as Value));
  return {
    emit,
    write(value) {
      const { operation, attributes, inputs } = value;
      const own = operation.blocked?.(emit, value, attributes);
      if (own) return own;
      if (operation.elementwise) return elementwiseBlocked(emit, value);
      const names = inputs.map((input) => emit.plain(input));
      return { name: operation.plain(emit, names, value, attributes), layout: "rows" };
    },
    read: (value, layout) => emit.in(layout, value),
  };
}

/** Elements may lie in any order as long as all operands' lie in the same. */
function elementwiseBlocked(emit: BlockedEmitter, value: Value): Placed {
  const { operation, inputs, shape, attributes } = value;
  const full = (input: Value): boolean => input.shape.join() === shape.join();
  const single = (input: Value): boolean => elementCount(input.shape) === 1;
  const layouts = inputs.map((input) => emit.as(input).layout);
  const layout = layouts.find((own, i) => own !== "rows" && full(inputs[i]!)) ?? "rows";
  const rest = inputs.filter((input) => !full(input) && !single(input));
  const write = (names: readonly string[]): string => operation.plain(emit, names, value, attributes);
  if (layout !== "rows" && rest.length === 0)
    return { name: write(inputs.map((i) => (full(i) ? emit.in(layout, i) : emit.plain(i)))), layout };
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  const b = emit.block;
  const batchOf = (input: Value): number => elementCount(input.shape) / c;
  const perChannel = rest.every((input) =>
    [`${n},${c},1,1`, `1,${c},1,1`, `${c},1,1`].includes(input.shape.join()),
  );
  if (layout !== "channels" || !perChannel)
    return { name: write(inputs.map((input) => emit.plain(input))), layout: "rows" };
  // A number per channel repeats over the map within each block.
  const names = inputs.map((input) => {
    if (single(input)) return emit.plain(input);
    if (full(input)) return emit.reshape(emit.in(layout, input), [n, c / b, h * w, b]);
    return emit.reshape(emit.plain(input), [batchOf(input), c / b, 1, b]);
  });
  return { name: emit.reshape(write(names), shape), layout };
}
