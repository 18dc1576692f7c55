import { constantsOf } from "./constants.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";

/** First byte of the graph field that holds shapes of values between operations. */
const VALUE_INFO_TAG = (13 << 3) | 2;

/**
 * A graph of convolutions that was exported for one picture, opened for pictures of any height and width; what comes out
 * are the values named, which may lie inside the graph. What only other outputs need is left out.
 *
 * Only running it shows whether the graph then still computes the same; a size may lie in its constants.
 */
export function withAnySize(model: OnnxModel, outputs: readonly string[]): OnnxModel {
  const constants = constantsOf(model);
  const producerOf = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const needed = new Set<OnnxNode>();
  const names = new Set<string>();
  const open = [...outputs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const node = producerOf.get(name);
    if (!node) continue;
    needed.add(node);
    open.push(...node.inputs);
  }
  const [known] = model.outputs;
  return {
    ...model,
    nodes: model.nodes.filter((node) => needed.has(node)),
    initializers: model.initializers.filter(({ name }) => names.has(name)),
    inputs: model.inputs
      .filter(({ name }) => names.has(name) && !constants.has(name))
      .map((input) => ({ ...input, dims: input.dims && [1, input.dims[1]!, "height", "width"] })),
    outputs: outputs.map((name) => ({ ...known!, name, dims: undefined })),
    opaque: {
      ...model.opaque,
      graph: model.opaque.graph.filter((field) => field[0] !== VALUE_INFO_TAG),
    },
  };
}
