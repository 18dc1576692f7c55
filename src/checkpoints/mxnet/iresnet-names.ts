import type { NamedTensor } from "../named-tensor.ts";

/** Names shared by every residual network of InsightFace's MXNet code whose blocks are those of its PyTorch iResNets. */
const MARKS: readonly string[] = [
  "arg:conv0_weight",
  "arg:stage1_unit1_conv1_weight",
  "arg:stage1_unit1_relu1_gamma",
  "arg:stage1_unit1_bn3_gamma",
  "arg:stage4_unit1_conv1sc_weight",
  "arg:pre_fc1_weight",
];

/** Layers outside blocks, and inside one. */
const OUTER: Readonly<Record<string, string>> = {
  conv0: "conv1",
  bn0: "bn1",
  relu0: "prelu",
  bn1: "bn2",
  pre_fc1: "fc",
  fc1: "features",
};
const INNER: Readonly<Record<string, string>> = {
  bn1: "bn1",
  conv1: "conv1",
  bn2: "bn2",
  relu1: "prelu",
  conv2: "conv2",
  bn3: "bn3",
  conv1sc: "downsample.0",
  sc: "downsample.1",
};
const PARTS: Readonly<Record<string, string>> = {
  weight: "weight",
  bias: "bias",
  gamma: "weight",
  beta: "bias",
  moving_mean: "running_mean",
  moving_var: "running_var",
};

/** The number that MXNet's code adds to variances before their root is taken, less what PyTorch's does. */
const MORE_EPSILON = 2e-5 - 1e-5;

/**
 * An iResNet of InsightFace's MXNet code under the names of its PyTorch code, as that computes it: variances are moved
 * by the difference of the two codes' epsilons, and the last scale, which MXNet keeps at 1 whatever is stored, is 1.
 * Other tensors stay; of another network undefined.
 *
 * Source    deepinsight/insightface, recognition/arcface_mxnet/symbol/fresnet.py (`residual_unit_v3`) and
 *           symbol_utils.py (`get_fc1`, output E)
 */
export function iresnetTensors(
  tensors: ReadonlyMap<string, NamedTensor>,
): ReadonlyMap<string, NamedTensor> | undefined {
  // Squeezed blocks, and a batch norm over the picture, are parts that an iResNet has not.
  const other = [...tensors.keys()].some((name) => /_se_|^(?:arg|aux):bn_data_/.test(name));
  if (other || !MARKS.every((name) => tensors.has(name))) return undefined;
  const out = new Map<string, NamedTensor>();
  for (const tensor of tensors.values()) {
    const name = nameOf(tensor.name) ?? tensor.name;
    if (out.has(name)) return undefined;
    if (name.endsWith(".running_var") && name !== tensor.name)
      out.set(
        name,
        changed(tensor, name, (value) => value + MORE_EPSILON),
      );
    else if (name === "features.weight")
      out.set(
        name,
        changed(tensor, name, () => 1),
      );
    else out.set(name, { ...tensor, name });
  }
  return out;
}

function nameOf(name: string): string | undefined {
  const inner = /^(?:arg|aux):stage(\d)_unit(\d+)_([a-z0-9]+)_(\w+)$/.exec(name);
  if (inner) {
    const [, stage, unit, layer = "", part = ""] = inner;
    return joined(`layer${stage}.${Number(unit) - 1}.`, own(INNER, layer), own(PARTS, part));
  }
  const outer = /^(?:arg|aux):(pre_fc1|[a-z]+\d)_(\w+)$/.exec(name);
  return outer ? joined("", own(OUTER, outer[1]!), own(PARTS, outer[2]!)) : undefined;
}

function joined(prefix: string, layer: string | undefined, part: string | undefined): string | undefined {
  return layer === undefined || part === undefined ? undefined : `${prefix}${layer}.${part}`;
}

function own(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function changed(tensor: NamedTensor, name: string, change: (value: number) => number): NamedTensor {
  const floats = (): Float32Array<ArrayBuffer> => Float32Array.from(tensor.floats(), change);
  return { ...tensor, name, dtype: "float32", floats, bytes: () => new Uint8Array(floats().buffer) };
}
