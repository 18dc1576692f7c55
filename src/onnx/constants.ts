import type { OnnxModel, OnnxTensor } from "./model.ts";

/** Every constant that nodes can name: initialisers, and what Constant nodes hold. */
export function constantsOf(model: OnnxModel): Map<string, OnnxTensor> {
  const constants = new Map(model.initializers.map((tensor) => [tensor.name, tensor]));
  for (const node of model.nodes) {
    const value = node.op === "Constant" ? node.attributes["value"] : undefined;
    if (value?.kind === "tensor") constants.set(node.outputs[0] ?? "", value.value);
  }
  return constants;
}

/** ONNX's numbers of the kinds of attribute that hold graphs; 0 is one that does not say. */
const GRAPH_KINDS: readonly number[] = [0, 5, 10];

/** Tells whether a node holds a graph of its own: a subgraph may use any name of the outer graph. */
export function hasUnreadParts(model: OnnxModel): boolean {
  return model.nodes.some((node) =>
    Object.values(node.attributes).some((a) => a.kind === "opaque" && GRAPH_KINDS.includes(a.type)),
  );
}

/** The model without constants, and inputs that only gave them a name, which nothing uses. */
export function dropUnused(model: OnnxModel): OnnxModel {
  if (hasUnreadParts(model)) return model;
  const used = new Set(model.outputs.map((output) => output.name));
  for (const node of model.nodes) for (const input of node.inputs) used.add(input);
  return {
    ...model,
    nodes: model.nodes.filter(
      (node) => node.op !== "Constant" || node.outputs.some((name) => used.has(name)),
    ),
    initializers: model.initializers.filter((tensor) => used.has(tensor.name)),
    inputs: model.inputs.filter((input) => used.has(input.name)),
  };
}
