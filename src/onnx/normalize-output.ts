import { FaceError } from "../core/index.ts";
import { intTensor, type OnnxModel, type OnnxNode } from "./model.ts";

/**
 * A graph whose only output leaves with length 1 per row.
 *
 * Formula   y = x / ‖x‖₂ along axis 1
 * Throws    FaceError BAD_MODEL unless there is one output, of two axes where it says so
 */
export function withUnitOutput(model: OnnxModel): OnnxModel {
  const [output, ...more] = model.outputs;
  if (!output || more.length > 0 || (output.dims && output.dims.length !== 2)) {
    throw new FaceError("BAD_MODEL", {
      where: "onnx",
      expected: "one output [N, D] to normalise",
      got: model.outputs.map(({ name, dims }) => `${name} [${dims?.join(", ") ?? "…"}]`).join(", "),
    });
  }
  const raw = `${output.name}_of_any_length`;
  const length = `${output.name}_length`;
  const renamed = model.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === output.name ? raw : name)),
    outputs: node.outputs.map((name) => (name === output.name ? raw : name)),
  }));
  const node = (
    op: string,
    inputs: string[],
    result: string,
    attributes: OnnxNode["attributes"] = {},
  ): OnnxNode => ({
    op,
    domain: "",
    name: `${result}_${op}`,
    inputs,
    outputs: [result],
    attributes,
  });
  // From operator set 18 on the axes are an input, before that an attribute.
  const modern = (model.opsets[""] ?? 0) >= 18;
  const attributes: OnnxNode["attributes"] = {
    keepdims: { kind: "int", value: 1 },
    ...(modern ? {} : { axes: { kind: "ints", value: [1] } as const }),
  };
  const axes = `${output.name}_axes`;
  return {
    ...model,
    nodes: [
      ...renamed,
      node("ReduceL2", modern ? [raw, axes] : [raw], length, attributes),
      node("Div", [raw, length], output.name),
    ],
    initializers: modern ? [...model.initializers, intTensor(axes, [1], [1])] : model.initializers,
  };
}
