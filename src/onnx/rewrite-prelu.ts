import { constantsOf, dropUnused } from "./constants.ts";
import { floatTensor, floatValues, type OnnxModel, type OnnxNode, type OnnxTensor } from "./model.ts";

/**
 * Replaces every PRelu over channels by operations that onnxruntime's CPU provider runs fast.
 *
 * The provider's PRelu kernel is several times slower than its convolutions and drops out of their blocked memory
 * layout; a depthwise 1×1 convolution stays inside it, and the final Add is fused into it.
 *
 * Formula   y = x + (1 − a)·max(−x, 0), which is x above zero and a·x below; `max(x, a·x)` would be wrong for a > 1
 * Returns   the same model when there is nothing to replace: a slope that is computed, shared by all channels, or
 *           laid over something other than NCHW channels is left alone
 */
export function rewritePrelu(model: OnnxModel): { readonly model: OnnxModel; readonly replaced: number } {
  const slopes = constantsOf(model);
  const added: OnnxTensor[] = [];
  let replaced = 0;
  const nodes = model.nodes.flatMap((node): OnnxNode[] => {
    const slope = node.op === "PRelu" && node.domain === "" ? slopes.get(node.inputs[1] ?? "") : undefined;
    const perChannel = slope && channelSlopes(slope);
    const [x] = node.inputs;
    const [y] = node.outputs;
    if (!perChannel || x === undefined || y === undefined) return [node];
    const channels = perChannel.length;
    const stem = `prelu_${replaced++}_${y}`;
    added.push(
      floatTensor(`${stem}_negate`, [channels, 1, 1, 1], new Float32Array(channels).fill(-1)),
      floatTensor(
        `${stem}_gain`,
        [channels, 1, 1, 1],
        perChannel.map((a) => 1 - a),
      ),
    );
    const depthwise = (input: string, weight: string, output: string): OnnxNode => ({
      op: "Conv",
      domain: "",
      name: output,
      inputs: [input, weight],
      outputs: [output],
      attributes: { kernel_shape: { kind: "ints", value: [1, 1] }, group: { kind: "int", value: channels } },
    });
    const plain = (op: string, inputs: string[], output: string): OnnxNode => ({
      op,
      domain: "",
      name: `${output}_${op}`,
      inputs,
      outputs: [output],
      attributes: {},
    });
    return [
      depthwise(x, `${stem}_negate`, `${stem}_negated`),
      plain("Relu", [`${stem}_negated`], `${stem}_below`),
      depthwise(`${stem}_below`, `${stem}_gain`, `${stem}_lift`),
      plain("Add", [`${stem}_lift`, x], y),
    ];
  });
  if (replaced === 0) return { model, replaced };
  return {
    model: dropUnused({ ...model, nodes, initializers: [...model.initializers, ...added] }),
    replaced,
  };
}

/** The slopes when they lie along the channel axis of NCHW: [C, 1, 1] or [1, C, 1, 1] with C above 1. */
function channelSlopes(slope: OnnxTensor): Float32Array | undefined {
  const dims = slope.dims.length === 4 && slope.dims[0] === 1 ? slope.dims.slice(1) : slope.dims;
  const [channels, height, width] = dims;
  if (dims.length !== 3 || height !== 1 || width !== 1 || channels === undefined || channels < 2)
    return undefined;
  return floatValues(slope);
}
