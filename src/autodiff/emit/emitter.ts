import { type AttributeInput, ELEMENT_TYPE, type GraphBuilder } from "../../onnx/index.ts";

/** A graph's device: `webgpu` prefers matrix products where a CPU is faster with odd convolutions. */
export type Device = "cpu" | "webgpu";

/** The domain of onnxruntime's operations on channel-blocked maps. */
export const NCHWC_DOMAIN = "com.microsoft.nchwc";

/** Writes ONNX nodes for the operations of a tape. */
export class Emitter {
  readonly device: Device;
  /** True if dense convolutions and what flows back through them are computed in half precision. */
  readonly half: boolean;
  /** Channels in a block: 8 with AVX2, 16 with AVX-512; 0 where maps lie in rows. */
  readonly block: number;
  readonly #graph: GraphBuilder;
  readonly #known = new Map<string, string>();
  readonly #views = new Map<string, { readonly name: string; readonly shape: readonly number[] }>();

  constructor(
    graph: GraphBuilder,
    {
      device,
      half = false,
      block = 0,
    }: { readonly device: Device; readonly half?: boolean | undefined; readonly block?: number },
  ) {
    this.#graph = graph;
    this.device = device;
    this.half = half;
    this.block = block;
  }

  /** A node with one result, whose name is returned. The same node is written once. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    domain = "",
  ): string {
    const key = `${domain} ${op} ${inputs.join(" ")} ${JSON.stringify(attributes)}`;
    return this.#once(key, () => this.#graph.node(op, inputs, attributes, undefined, domain));
  }

  /** A constant list of int64, as shapes and axes are given. */
  ints(values: readonly number[]): string {
    return this.#once(`ints ${values.join()}`, () => this.#graph.int(values));
  }

  int32(dims: readonly number[], values: Int32Array): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#once(`int32 ${dims.join()} ${values.join()}`, () =>
      this.#graph.tensor({ elementType: ELEMENT_TYPE.int32, dims, data }),
    );
  }

  /** A constant float without axes. */
  scalar(value: number): string {
    return this.#once(`scalar ${value}`, () => this.#graph.scalar(value));
  }

  floats(dims: readonly number[], values: Float32Array): string {
    return this.#once(`floats ${dims.join()} ${values.join()}`, () => this.#graph.float(dims, values));
  }

  /**
   * The same elements under another shape; nothing is moved.
   *
   * @param from the shape they had, by which {@link shapedAs} finds them again
   */
  reshape(x: string, shape: readonly number[], from?: readonly number[]): string {
    const name = this.node("Reshape", [x, this.ints(shape)]);
    if (from) this.#views.set(name, { name: x, shape: from });
    return name;
  }

  /** The tensor that a reshaped one was before: the same elements in memory, without the copy that an output would be. */
  shapedAs(name: string): { readonly name: string; readonly shape: readonly number[] } | undefined {
    return this.#views.get(name);
  }

  /** A node of onnxruntime's blocked domain; only where there are blocks. */
  blockedNode(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): string {
    return this.node(op, inputs, attributes, NCHWC_DOMAIN);
  }

  #once(key: string, make: () => string): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }
}
