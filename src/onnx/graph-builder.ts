import {
  ELEMENT_TYPE,
  floatTensor,
  intTensor,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./model.ts";

/** An attribute as one writes it: whole numbers become ints, arrays of them ints; floats say so. */
export type AttributeInput =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

/** Builds a network node by node; every method returns the name of the value it made. */
export class GraphBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  #count = 0;

  input(name: string, dims: OnnxValue["dims"], elementType: number = ELEMENT_TYPE.float32): string {
    this.#inputs.push({ name, elementType, dims });
    return name;
  }

  output(name: string, dims: OnnxValue["dims"], elementType: number = ELEMENT_TYPE.float32): void {
    this.#outputs.push({ name, elementType, dims });
  }

  /** A sequence of tensors as an output. */
  sequenceOutput(name: string, dims: OnnxValue["dims"], elementType: number = ELEMENT_TYPE.float32): void {
    this.#outputs.push({ name, elementType, dims, sequence: true });
  }

  float(dims: readonly number[], values: Float32Array, name = this.#fresh("weight")): string {
    this.#initializers.push(floatTensor(name, dims, values));
    return name;
  }

  /** A constant of any element type. */
  tensor(tensor: Omit<OnnxTensor, "name">, name = this.#fresh("constant")): string {
    this.#initializers.push({ ...tensor, name });
    return name;
  }

  /** A single float32 without axes. */
  scalar(value: number): string {
    return this.float([], Float32Array.of(value));
  }

  int(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const name = this.#fresh("int");
    this.#initializers.push(intTensor(name, dims, values));
    return name;
  }

  /** Adds an operation with one output, named `output` or freshly. An empty domain is the standard operator set. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    output: string = this.#fresh(op.toLowerCase()),
    domain = "",
  ): string {
    const encoded: Record<string, OnnxAttribute> = {};
    for (const [name, value] of Object.entries(attributes)) encoded[name] = toAttribute(value);
    this.#nodes.push({
      op,
      domain,
      name: this.#fresh("node"),
      inputs,
      outputs: [output],
      attributes: encoded,
    });
    return output;
  }

  /** The operations so far. */
  get nodes(): readonly OnnxNode[] {
    return [...this.#nodes];
  }

  /** Puts an operation in another's place, behind all others: it may read what was made later. */
  replaceLast(node: OnnxNode, by: OnnxNode): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    this.#nodes.push(by);
  }

  /**
   * Gives what a node made another name, wherever it is read. False, and nothing changed, when no node made it or it is
   * an output already.
   */
  rename(name: string, to: string): boolean {
    const isMade = this.#nodes.some(({ outputs }) => outputs.includes(name));
    if (!isMade || this.#outputs.some((output) => output.name === name)) return false;
    const renamed = (own: string): string => (own === name ? to : own);
    for (const [i, node] of this.#nodes.entries()) {
      if (!node.inputs.includes(name) && !node.outputs.includes(name)) continue;
      this.#nodes[i] = { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
    }
    return true;
  }

  /** The graph so far as a model; `domains` are the versions of operator sets besides the standard one. */
  finish(options: {
    readonly producer: string;
    readonly opset: number;
    readonly domains?: Readonly<Record<string, number>>;
  }): OnnxModel {
    return {
      irVersion: 8,
      producer: options.producer,
      opsets: { "": options.opset, ...options.domains },
      graphName: "graph",
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
      metadata: {},
      opaque: { graph: [], model: [] },
    };
  }

  #fresh(stem: string): string {
    return `${stem}_${this.#count++}`;
  }
}

function toAttribute(value: AttributeInput): OnnxAttribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if ("floats" in value) return { kind: "floats", value: value.floats };
  if ("float" in value) return { kind: "float", value: value.float };
  return { kind: "ints", value };
}
