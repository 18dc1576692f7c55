import { elementCount, FaceError, type Fault } from "../core/index.ts";
import { inferShape } from "./infer-shape.ts";
import { computedValues, type KnownValue, knownConstant } from "./known-value.ts";
import type { OnnxModel, OnnxNode, OnnxValue } from "./model.ts";

/** Numbers in one value for one picture: 64 channels of a 1024 × 1024 map. A network's largest is a hundredth of it. */
const MOST_NUMBERS = 2 ** 26;
/** Numbers in all values of a network for one picture: 4 GB. An iResNet-200 at 112 × 112 computes a tenth of it. */
const MOST_IN_ALL = 2 ** 30;
const MOST_NODES = 100_000;
const MOST_AXES = 64;

/** Operations that run a graph inside the graph, as long or as often as they like. */
const CONTROL_FLOW: ReadonlySet<string> = new Set(["Loop", "If", "Scan", "SequenceMap"]);

/** ONNX's numbers of the kinds of attribute that no network of faces has, and what they are. */
const REFUSED_KINDS: ReadonlyMap<number, string> = new Map([
  [5, "a graph of its own"],
  [9, "a list of tensors"],
  [10, "graphs of its own"],
  [11, "a sparse tensor"],
  [12, "sparse tensors"],
]);

/** First bytes of encoded fields: the graph's sparse constants (15), the model's functions (25) and training steps (20). */
const SPARSE_CONSTANT = [0x7a];
const FUNCTION = [0xca, 0x01];
const TRAINING = [0xa2, 0x01];

/** Side of a picture where a graph leaves it open. */
const USUAL_SIDE = 112;

/**
 * Holds a graph from a file against what a network of faces needs, before anything runs it: no control flow, no
 * functions of its own, no sparse constants, and no value whose size for one picture, as far as shapes tell it without
 * running, is beyond any network's.
 *
 * Values whose shapes are settled only while running pass: they have to be bounded where the network runs.
 *
 * @param where the first words of a complaint: a path, usually
 * Throws    FaceError BAD_MODEL
 */
export function expectRunnable(model: OnnxModel, where = "onnx"): void {
  const fault = refusalOf(model);
  if (fault) throw new FaceError("BAD_MODEL", { where, ...fault });
}

/** Says why a graph is not run here; undefined for one that is. */
export function refusalOf(model: OnnxModel): Fault | undefined {
  if (model.nodes.length > MOST_NODES)
    return { expected: `at most ${MOST_NODES} operations`, got: model.nodes.length };
  if (has(model.opaque.model, FUNCTION))
    return { expected: "operations alone", got: "functions of the file's own" };
  if (has(model.opaque.model, TRAINING))
    return { expected: "a network to run", got: "one with steps of training" };
  if (has(model.opaque.graph, SPARSE_CONSTANT)) return { expected: "dense constants", got: "sparse ones" };
  for (const node of model.nodes) {
    if (CONTROL_FLOW.has(node.op))
      return { expected: "a network without control flow", got: `${node.op} ${named(node)}` };
    for (const [name, attribute] of Object.entries(node.attributes)) {
      const what = attribute.kind === "opaque" ? REFUSED_KINDS.get(attribute.type) : undefined;
      if (what) return { expected: `numbers as "${name}" of ${node.op} ${named(node)}`, got: what };
    }
  }
  return tooLarge(model);
}

function tooLarge(model: OnnxModel): Fault | undefined {
  const known = new Map<string, KnownValue>();
  let total = 0;
  /** The fault of a value that is too large by itself or with those before it. */
  const measure = (what: string, dims: readonly number[] | undefined): Fault | undefined => {
    if (!dims) return undefined;
    const count = elementCount(dims);
    total += count;
    if (dims.length > MOST_AXES)
      return { expected: `values of at most ${MOST_AXES} axes`, got: `${what} of ${dims.length}` };
    const shape = `${what} of [${dims.join(", ")}]`;
    // Negated, so that a size that is no number is refused.
    if (!(count <= MOST_NUMBERS))
      return { expected: `values of at most ${MOST_NUMBERS} numbers for one picture`, got: shape };
    if (!(total <= MOST_IN_ALL))
      return {
        expected: `values of at most ${MOST_IN_ALL} numbers in all for one picture`,
        got: `more with ${shape}`,
      };
    return undefined;
  };
  for (const tensor of model.initializers) known.set(tensor.name, knownConstant(tensor));
  for (const input of model.inputs) {
    if (known.has(input.name)) continue;
    const dims = onePicture(input);
    known.set(input.name, { dims });
    const fault = measure(`input "${input.name}"`, dims);
    if (fault) return fault;
  }
  for (const node of model.nodes) {
    const found = resultOf(node, known);
    for (const output of node.outputs) known.set(output, found);
    const fault = measure(`${node.op} ${named(node)}`, found.dims);
    if (fault) return fault;
  }
  return undefined;
}

function resultOf(node: OnnxNode, known: ReadonlyMap<string, KnownValue>): KnownValue {
  if (node.op === "Constant") return constantOf(node);
  const all = node.inputs.map((name) => (name === "" ? {} : (known.get(name) ?? {})));
  return {
    dims: inferShape(node, { all, dims: (i) => all[i]?.dims, values: (i) => all[i]?.values }),
    values: computedValues(node, all),
  };
}

function constantOf({ attributes }: OnnxNode): KnownValue {
  const { value, value_int: int, value_ints: ints, value_float: float, value_floats: floats } = attributes;
  if (value?.kind === "tensor") return knownConstant(value.value);
  if (int?.kind === "int") return { dims: [], values: [int.value] };
  if (float?.kind === "float") return { dims: [], values: [float.value] };
  const list = ints?.kind === "ints" ? ints.value : floats?.kind === "floats" ? floats.value : undefined;
  return list ? { dims: [list.length], values: list } : {};
}

/** An input's shape for one picture, of a usual size where the file leaves sizes open. */
function onePicture({ dims }: OnnxValue): readonly number[] | undefined {
  const batched = dims?.length === 4;
  return dims?.map((dim, axis) => {
    if (axis === 0 && (batched || typeof dim !== "number")) return 1;
    return typeof dim === "number" && dim > 0 ? dim : USUAL_SIDE;
  });
}

function named({ name, outputs }: OnnxNode): string {
  return `"${(name || outputs[0]) ?? ""}"`;
}

function has(fields: readonly Uint8Array[], tag: readonly number[]): boolean {
  return fields.some((field) => tag.every((byte, i) => field[i] === byte));
}
