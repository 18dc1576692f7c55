import type { GraphBuilder } from "../../onnx/index.ts";
import type { ValueType } from "../value-type.ts";
import { Emitter } from "./emitter.ts";
import { blocking, type Layout, type Placed } from "./layout.ts";

/**
 * Writes nodes for x86 processors, whose fastest convolutions want channels in blocks.
 *
 * It knows a value as what its elements are and where they lie, not what computes it.
 */
export class BlockedEmitter extends Emitter {
  readonly #place: (value: ValueType) => Placed;
  readonly #moved = new Map<string, string>();
  /** Threads that the graph will run on. */
  readonly threads: number;

  /** @param place where a value lies, which is asked for the tape's own values only */
  constructor(
    graph: GraphBuilder,
    { block, threads = 2 }: { readonly block: number; readonly threads?: number },
    place: (value: ValueType) => Placed,
  ) {
    super(graph, { device: "cpu", block });
    this.threads = threads;
    this.#place = place;
  }

  /** Tells whether that many channels divide into blocks. An operation on others would read beyond its memory. */
  blocks(channels: number): boolean {
    return channels > 0 && channels % this.block === 0;
  }

  /** Layout in which a value has been written. */
  as(value: ValueType): Placed {
    return this.#place(value);
  }

  /** The value's tensor in row-major order. */
  plain(value: ValueType): string {
    return this.in("rows", value);
  }

  /** The value's tensor, maps [N, C, H, W], in blocks of channels. */
  blocked(value: ValueType): string {
    return this.in("channels", value);
  }

  /** The value's tensor in a layout, moved there when it lies in another. */
  in(layout: Layout, value: ValueType): string {
    const placed = this.#place(value);
    if (placed.layout === layout || this.#coincide(placed.layout, layout, value.shape)) return placed.name;
    if (placed.layout !== "rows" && layout !== "rows") {
      throw new RangeError(`internal: no way from ${placed.layout} to ${layout}`);
    }
    const key = `${placed.name} ${layout}`;
    const known = this.#moved.get(key);
    if (known !== undefined) return known;
    const name = this.#move(placed, layout, value);
    this.#moved.set(key, name);
    return name;
  }

  channelBlocked(name: string): Placed {
    return { name, layout: "channels" };
  }

  inRows(name: string): Placed {
    return { name, layout: "rows" };
  }

  /** Maps of one pixel lie the same way with and without blocks. */
  #coincide(a: Layout, b: Layout, shape: readonly number[]): boolean {
    const kinds = new Set([a, b]);
    return kinds.has("rows") && kinds.has("channels") && shape[2] === 1 && shape[3] === 1;
  }

  #move({ name, layout }: Placed, to: Layout, { shape, type }: ValueType): string {
    // The engine's own reordering knows floats only.
    if (layout === "channels" && type === "float")
      return this.blockedNode("ReorderOutput", [name], { channels: shape[1]! });
    if (to === "channels" && type === "float") return this.blockedNode("ReorderInput", [name]);
    const { split, order } = blocking(to === "rows" ? layout : to, shape, this.block);
    if (to !== "rows") {
      const moved = this.node("Transpose", [this.reshape(name, split)], { perm: order });
      return this.reshape(moved, shape);
    }
    const sizes = order.map((axis) => split[axis]!);
    const back = order.map((_, axis) => order.indexOf(axis));
    return this.reshape(this.node("Transpose", [this.reshape(name, sizes)], { perm: back }), shape);
  }
}
