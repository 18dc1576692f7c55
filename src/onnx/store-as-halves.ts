import { toFloat16 } from "../core/index.ts";
import { ELEMENT_TYPE, floatValues, type OnnxModel, type OnnxNode, type OnnxTensor } from "./model.ts";

/** Tensors below this many bytes are not worth an operation. */
const MIN_BYTES = 4_096;
const LARGEST_HALF = 65_504;

/**
 * Stores large float32 constants as halves, each behind a Cast that an engine works out once, when it loads the file.
 *
 * The file is half as large, the computing as before in float32. Weights are rounded to 11 bits; a constant with a
 * value too large for a half stays as it is.
 */
export function storeAsHalves(model: OnnxModel): OnnxModel {
  const casts: OnnxNode[] = [];
  const initializers = model.initializers.map((tensor): OnnxTensor => {
    const values = tensor.data.length < MIN_BYTES ? undefined : floatValues(tensor);
    if (!values?.every((value) => Math.abs(value) <= LARGEST_HALF)) return tensor;
    const name = `${tensor.name}_half`;
    casts.push({
      op: "Cast",
      domain: "",
      name: `${tensor.name}_cast`,
      inputs: [name],
      outputs: [tensor.name],
      attributes: { to: { kind: "int", value: ELEMENT_TYPE.float32 } },
    });
    const halves = toFloat16(values);
    return {
      name,
      elementType: ELEMENT_TYPE.float16,
      dims: tensor.dims,
      data: new Uint8Array(halves.buffer),
    };
  });
  return { ...model, initializers, nodes: [...casts, ...model.nodes] };
}
