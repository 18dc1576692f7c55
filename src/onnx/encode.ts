import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from "./model.ts";
import { ProtobufWriter } from "./protobuf.ts";

/** The bytes of an ONNX file holding this network. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const graph = new ProtobufWriter();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, model.graphName);
  for (const tensor of model.initializers) graph.message(5, encodeTensor(tensor));
  for (const value of model.inputs) graph.message(11, encodeValue(value));
  for (const value of model.outputs) graph.message(12, encodeValue(value));
  for (const field of model.opaque.graph) graph.raw(field);

  const out = new ProtobufWriter().int(1, model.irVersion).string(2, model.producer).message(7, graph);
  for (const [domain, version] of Object.entries(model.opsets)) {
    out.message(8, new ProtobufWriter().string(1, domain).int(2, version));
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    out.message(14, new ProtobufWriter().string(1, key).string(2, value));
  }
  for (const field of model.opaque.model) out.raw(field);
  return out.finish();
}

function encodeNode(node: OnnxNode): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const input of node.inputs) out.string(1, input);
  for (const output of node.outputs) out.string(2, output);
  out.string(3, node.name).string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if (attribute.kind === "opaque") out.bytes(5, attribute.encoded);
    else out.message(5, encodeAttribute(name, attribute));
  }
  if (node.domain !== "") out.string(7, node.domain);
  return out;
}

function encodeAttribute(
  name: string,
  attribute: Exclude<OnnxAttribute, { kind: "opaque" }>,
): ProtobufWriter {
  const out = new ProtobufWriter().string(1, name);
  switch (attribute.kind) {
    case "float":
      return out.float(2, attribute.value).int(20, 1);
    case "int":
      return out.int(3, attribute.value).int(20, 2);
    case "string":
      return out.string(4, attribute.value).int(20, 3);
    case "tensor":
      return out.message(5, encodeTensor(attribute.value)).int(20, 4);
    case "floats":
      for (const value of attribute.value) out.float(7, value);
      return out.int(20, 6);
    case "ints":
      for (const value of attribute.value) out.int(8, value);
      return out.int(20, 7);
  }
}

function encodeTensor(tensor: OnnxTensor): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const dim of tensor.dims) out.int(1, dim);
  return out.int(2, tensor.elementType).string(8, tensor.name).bytes(9, tensor.data);
}

function encodeValue(value: OnnxValue): ProtobufWriter {
  const tensor = new ProtobufWriter().int(1, value.elementType);
  if (value.dims) {
    const shape = new ProtobufWriter();
    for (const dim of value.dims) {
      const encoded = new ProtobufWriter();
      if (typeof dim === "number") encoded.int(1, dim);
      else if (typeof dim === "string") encoded.string(2, dim);
      shape.message(1, encoded);
    }
    tensor.message(2, shape);
  }
  const single = new ProtobufWriter().message(1, tensor);
  const type = value.sequence
    ? new ProtobufWriter().message(4, new ProtobufWriter().message(1, single))
    : single;
  return new ProtobufWriter().string(1, value.name).message(2, type);
}
