import { constantsOf } from "./constants.ts";
import { ELEMENT_TYPE, intTensor, type OnnxModel, type OnnxNode, type OnnxTensor } from "./model.ts";

/** First byte of the graph field that holds shapes of values between operations. */
const VALUE_INFO_TAG = (13 << 3) | 2;

/** The batch's name where it may be of any size. */
const ANY = "N";

/**
 * A graph that was exported for one size of batch, opened for any: the first axis of inputs and outputs gets a name,
 * and a Reshape to that size copies it from its input instead.
 *
 * Only running it shows whether the graph then still computes the same; a batch size may lie in other constants.
 */
export function withAnyBatch(model: OnnxModel): OnnxModel {
  const constants = constantsOf(model);
  const added: OnnxTensor[] = [];
  const nodes = model.nodes.map((node, i): OnnxNode => {
    const shape = node.op === "Reshape" ? constants.get(node.inputs[1] ?? "") : undefined;
    if (shape?.elementType !== ELEMENT_TYPE.int64 || shape.dims.length !== 1) return node;
    const [, ...rest] = new BigInt64Array(new Uint8Array(shape.data).buffer);
    const name = `any_batch_${i}`;
    // In a Reshape, 0 stands for the size that the axis has already.
    added.push(intTensor(name, shape.dims, [0, ...rest.map(Number)]));
    return { ...node, inputs: [node.inputs[0]!, name] };
  });
  const open = (value: OnnxModel["inputs"][number]) =>
    value.dims && value.dims.length > 1 && !constants.has(value.name)
      ? { ...value, dims: [ANY, ...value.dims.slice(1)] }
      : value;
  return {
    ...model,
    nodes,
    initializers: [...model.initializers, ...added],
    inputs: model.inputs.map(open),
    outputs: model.outputs.map(open),
    opaque: {
      ...model.opaque,
      graph: model.opaque.graph.filter((field) => field[0] !== VALUE_INFO_TAG),
    },
  };
}
