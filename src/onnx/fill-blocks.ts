import { constantsOf, dropUnused } from "./constants.ts";
import { floatTensor, floatValues, type OnnxModel, type OnnxNode, type OnnxTensor } from "./model.ts";

/** The engine's blocks have 8 or 16 channels, by the processor. */
const BLOCK = 16;
/** Channels are added up to this many times what there were: more would cost more than whole blocks bring. */
const MOST = 1.75;
/** First byte of the graph field that holds shapes of values between operations. */
const VALUE_INFO_TAG = (13 << 3) | 2;

/** Two convolutions with nothing but activations and maxima between, whose channels nobody else sees. */
interface Chain {
  readonly first: OnnxNode;
  readonly between: readonly OnnxNode[];
  readonly next: OnnxNode;
  readonly channels: number;
}

/** A channel that is another one times a number. */
interface Multiple {
  readonly from: number;
  readonly to: number;
  readonly times: number;
}

/**
 * Gives convolutions whose channels fill no whole blocks more channels, which the convolution after them does not look at.
 * onnxruntime's blocked layout of x64 ends where they do not: channels are then copied out and in again.
 *
 * Where a PRelu follows and then a maximum, the maximum is taken first if the block has room, and the PRelu computes a
 * quarter. A slope of 0 or more keeps the order of numbers. A slope a below 0 gives max(x, a·x), whose maximum is the larger of
 * those of x and of a·x: the room in the block holds a·x.
 *
 * Returns   the same model when there is nothing to fill
 */
export function fillBlocks(model: OnnxModel): { readonly model: OnnxModel; readonly filled: number } {
  let filled = 0;
  let now = model;
  for (let chain = unfilled(now); chain; chain = unfilled(now)) now = fill(now, chain, `fill_${filled++}`);
  if (filled === 0) return { model, filled };
  const graph = now.opaque.graph.filter((field) => field[0] !== VALUE_INFO_TAG);
  return { model: dropUnused({ ...now, opaque: { ...now.opaque, graph } }), filled };
}

/** The first chain with room in its last block. */
function unfilled(model: OnnxModel): Chain | undefined {
  const constants = constantsOf(model);
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of model.nodes)
    for (const name of node.inputs) consumers.set(name, [...(consumers.get(name) ?? []), node]);
  for (const { name } of model.outputs) consumers.delete(name);
  const onlyConsumer = ({ outputs: [value, another] }: OnnxNode): OnnxNode | undefined => {
    const [only, ...more] = (another === undefined && consumers.get(value!)) || [];
    return more.length === 0 && only?.inputs[0] === value ? only : undefined;
  };
  for (const first of model.nodes) {
    const channels = plainWeights(first, constants)?.dims[0];
    if (channels === undefined || channels % BLOCK === 0 || blocksOf(channels) > MOST * channels) continue;
    const between: OnnxNode[] = [];
    let next = onlyConsumer(first);
    for (; next && keepsZero(next, constants, channels); next = onlyConsumer(next)) between.push(next);
    if (next && plainWeights(next, constants)) return { first, between, next, channels };
  }
  return undefined;
}

/** A chain with whole blocks. @param stem begins the names of what is new */
function fill(model: OnnxModel, { first, between, next, channels }: Chain, stem: string): OnnxModel {
  const constants = constantsOf(model);
  const wide = blocksOf(channels);
  const added: OnnxTensor[] = [];
  const constant = (tensor: OnnxTensor): string => {
    added.push(tensor);
    return tensor.name;
  };
  const widened = (node: OnnxNode, input: number, axis: number, more: readonly Multiple[] = []): OnnxNode => {
    const tensor = constants.get(node.inputs[input]!)!;
    const name = constant(widen(tensor, axis, wide, more, `${stem}_${node.name}_${input}`));
    return { ...node, inputs: node.inputs.map((old, i) => (i === input ? name : old)) };
  };
  const [activation, pool] = between;
  const slopes =
    activation?.op === "PRelu" && pool?.op === "MaxPool"
      ? floatValues(constants.get(activation.inputs[1]!)!)!
      : new Float32Array();
  const below = [...slopes.keys()].filter((channel) => slopes[channel]! < 0);
  const early = slopes.length > 0 && channels + below.length <= wide;
  const more = early
    ? below.map((from, i): Multiple => ({ from, to: channels + i, times: slopes[from]! }))
    : [];
  const weighed = widened(first, 1, 0, more);
  const source = first.inputs[2] ? widened(weighed, 2, 0, more) : weighed;
  const replaced = new Map([
    [first, [source]],
    [next, [widened(next, 1, 1)]],
  ]);
  for (const node of between) {
    if (node.op !== "PRelu") continue;
    const axis = constants.get(node.inputs[1]!)!.dims.length - 3;
    replaced.set(node, [widened(node, 1, axis)]);
  }
  if (early) {
    const pooled = `${stem}_pooled`;
    const maxima = { ...pool!, inputs: [source.outputs[0]!], outputs: [pooled] };
    const after = slopedMaxima(slopes, more, wide, { from: pooled, to: pool!.outputs[0]!, stem }, constant);
    replaced.set(activation!, []);
    replaced.set(pool!, [maxima, ...after]);
  }
  return {
    ...model,
    nodes: model.nodes.flatMap((node) => replaced.get(node) ?? [node]),
    initializers: [...model.initializers, ...added],
  };
}

/**
 * A PRelu of maxima p: p + g·max(L·p, 0), where L·p is −p and g is 1 − a for a slope a of 0 or more, and for others L·p is the
 * maximum of a·x less p and g is 1. In two convolutions and a sum, as in `rewritePrelu`.
 */
function slopedMaxima(
  slopes: Float32Array,
  multiples: readonly Multiple[],
  wide: number,
  { from, to, stem }: { readonly from: string; readonly to: string; readonly stem: string },
  constant: (tensor: OnnxTensor) => string,
): OnnxNode[] {
  const differences = new Float32Array(wide * wide);
  const gains = new Float32Array(wide);
  for (const [channel, slope] of slopes.entries()) {
    differences[channel * wide + channel] = -1;
    gains[channel] = slope < 0 ? 1 : 1 - slope;
  }
  for (const multiple of multiples) differences[multiple.from * wide + multiple.to] = 1;
  const node = (op: string, inputs: readonly string[], output: string, group: number): OnnxNode => ({
    op,
    domain: "",
    name: output,
    inputs,
    outputs: [output],
    attributes:
      op === "Conv"
        ? { kernel_shape: { kind: "ints", value: [1, 1] }, group: { kind: "int", value: group } }
        : {},
  });
  const [apart, above, lifted] = [`${stem}_apart`, `${stem}_above`, `${stem}_lifted`];
  const apartBy = constant(floatTensor(`${stem}_differences`, [wide, wide, 1, 1], differences));
  const liftedBy = constant(floatTensor(`${stem}_gains`, [wide, 1, 1, 1], gains));
  return [
    node("Conv", [from, apartBy], apart, 1),
    node("Relu", [apart], above, 1),
    node("Conv", [above, liftedBy], lifted, wide),
    node("Add", [lifted, from], to, 1),
  ];
}

function blocksOf(channels: number): number {
  return Math.ceil(channels / BLOCK) * BLOCK;
}

/** True if the node makes zeros of zeros, and each channel of one channel. */
function keepsZero(node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>, channels: number): boolean {
  if (node.domain !== "") return false;
  if (node.op !== "PRelu") return node.op === "Relu" || node.op === "LeakyRelu" || node.op === "MaxPool";
  const slope = constants.get(node.inputs[1] ?? "");
  return slope !== undefined && floatValues(slope)?.length === channels && slope.dims.at(-3) === channels;
}

/** The weights [M, C, height, width] of a convolution of one group whose constants are floats. */
function plainWeights(node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>): OnnxTensor | undefined {
  const group = node.attributes["group"];
  if (node.op !== "Conv" || node.domain !== "" || (group?.kind === "int" && group.value !== 1))
    return undefined;
  const [, weights, bias] = node.inputs.map((name) => constants.get(name));
  if (node.inputs[2] && !(bias && floatValues(bias))) return undefined;
  return weights?.dims.length === 4 && floatValues(weights) ? weights : undefined;
}

/** A constant that goes on along an axis with multiples of what it has, or zeros. */
function widen(
  tensor: OnnxTensor,
  axis: number,
  to: number,
  multiples: readonly Multiple[],
  name: string,
): OnnxTensor {
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  const inner = product(tensor.dims.slice(axis + 1));
  const outer = product(tensor.dims.slice(0, axis));
  const from = tensor.dims[axis]! * inner;
  const values = floatValues(tensor)!;
  const out = new Float32Array(outer * to * inner);
  for (let i = 0; i < outer; i++) {
    const own = values.subarray(i * from, (i + 1) * from);
    out.set(own, i * to * inner);
    for (const { from: source, to: place, times } of multiples) {
      const scaled = own.subarray(source * inner, (source + 1) * inner).map((value) => value * times);
      out.set(scaled, (i * to + place) * inner);
    }
  }
  const dims = tensor.dims.map((size, i) => (i === axis ? to : size));
  return floatTensor(name, dims, out);
}
