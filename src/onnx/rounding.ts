import { seeded } from "../core/index.ts";
import { outputDistance } from "./agreement.ts";
import { encodeOnnx } from "./encode.ts";
import { ELEMENT_TYPE, type OnnxModel, type OnnxTensor } from "./model.ts";
import { type FloatTensor, Session } from "./session.ts";

/** Half the distance between neighbouring float32 values, relative to them. */
const HALF_ULP = 2 ** -24;
const TRIALS = 2;

/**
 * The distance by which a network's own float32 rounding moves its output: the relative distance of its outputs when every weight is
 * off by up to half a unit in its last place, the largest of two draws.
 *
 * Well-made networks lie near 1e-6. Where this is large no two orders of summation agree, here or in PyTorch.
 *
 * Throws    FaceError BAD_MODEL when the engine refuses the network
 */
export async function roundingOf(
  model: OnnxModel,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<number> {
  const wanted = await outputsOf(encodeOnnx(model), feeds);
  let worst = 0;
  for (let trial = 1; trial <= TRIALS; trial++)
    worst = Math.max(worst, outputDistance(wanted, await outputsOf(encodeOnnx(nudged(model, trial)), feeds)));
  return worst;
}

/** A network's outputs, run once. */
export async function outputsOf(
  onnx: Uint8Array,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<Record<string, FloatTensor>> {
  await using session = await Session.open(onnx);
  return await session.run(feeds);
}

/** The model with every float32 constant off by up to half a unit in its last place. */
function nudged(model: OnnxModel, seed: number): OnnxModel {
  const random = seeded(seed);
  const nudge = (tensor: OnnxTensor): OnnxTensor => {
    if (tensor.elementType !== ELEMENT_TYPE.float32) return tensor;
    const values = new Float32Array(new Uint8Array(tensor.data).buffer);
    // Twice the half, because a value is rounded again when it is kept.
    for (let i = 0; i < values.length; i++) values[i]! *= 1 + 2 * HALF_ULP * (2 * random.next() - 1);
    return { ...tensor, data: new Uint8Array(values.buffer) };
  };
  return {
    ...model,
    initializers: model.initializers.map(nudge),
    nodes: model.nodes.map((node) => {
      const value = node.op === "Constant" ? node.attributes["value"] : undefined;
      if (value?.kind !== "tensor") return node;
      return {
        ...node,
        attributes: { ...node.attributes, value: { kind: "tensor", value: nudge(value.value) } },
      };
    }),
  };
}
