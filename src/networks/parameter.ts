import { elementCount, type Random } from "../core/index.ts";
import { constant, drawInit, type Init } from "./init.ts";
import type { Layer } from "./layer.ts";
import type { Network } from "./network.ts";

/**
 * The use of a parameter: `weight` and `bias` of convolutions and linear layers, `scale` and `shift` of batch norms,
 * `slope` of PReLUs; `mean` and `variance` are running statistics, `count` the number of batches in them.
 */
export type ParameterRole = "weight" | "bias" | "scale" | "shift" | "slope" | "mean" | "variance" | "count";

/** A tensor of a network's state, under the name that the reference code gives it. */
export interface Parameter {
  readonly name: string;
  /** Empty for `count`, a single whole number; everything else is float32. */
  readonly shape: readonly number[];
  readonly role: ParameterRole;
  /** True if gradients change it: not statistics, nor what the reference code freezes. */
  readonly trainable: boolean;
  readonly init: Init;
}

/** A network's parameters in the order of its layers, running statistics and counts included. */
export function parametersOf(network: Network): readonly Parameter[] {
  const parameters: Parameter[] = [];
  const visit = (layer: Layer, path: string): void => {
    const children = layer.kind === "sequence" ? layer.children : "branches" in layer ? layer.branches : [];
    for (const [name, child] of children) visit(child, joined(path, name));
    for (const own of ownParameters(layer)) parameters.push({ ...own, name: joined(path, own.name) });
  };
  visit(network.layer, "");
  return parameters;
}

/** A network's float parameters with their initial values, as its reference code draws them. */
export function initialise(network: Network, random: Random): ReadonlyMap<string, Float32Array<ArrayBuffer>> {
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, shape, role, init } of parametersOf(network)) {
    const length = elementCount(shape);
    if (role !== "count") values.set(name, drawInit(init, length, random));
  }
  return values;
}

/** Trainable and frozen numbers, without running statistics: what "43.8 M parameters" counts. */
export function parameterCount(network: Network): number {
  let count = 0;
  for (const { shape, role } of parametersOf(network))
    if (!STATISTICS.has(role)) count += elementCount(shape);
  return count;
}

/** A child's name behind its parent's, either of which may be empty. */
export function joined(path: string, name: string): string {
  return path && name ? `${path}.${name}` : path || name;
}

const STATISTICS: ReadonlySet<ParameterRole> = new Set<ParameterRole>(["mean", "variance", "count"]);

function ownParameters(layer: Layer): readonly Parameter[] {
  switch (layer.kind) {
    case "conv": {
      const { inChannels, outChannels, kernel, kernelWidth, groups } = layer;
      return withBias(layer, [outChannels, inChannels / groups, kernel, kernelWidth], [outChannels]);
    }
    case "linear":
      return withBias(layer, [layer.outFeatures, layer.inFeatures], [layer.outFeatures]);
    case "batchNorm": {
      const shape = [layer.channels];
      const own: Parameter[] = [
        { name: "weight", shape, role: "scale", trainable: layer.scaleTrainable, init: constant(1) },
        { name: "bias", shape, role: "shift", trainable: true, init: constant(0) },
      ];
      return [
        ...(layer.affine ? own : []),
        { name: "running_mean", shape, role: "mean", trainable: false, init: constant(0) },
        { name: "running_var", shape, role: "variance", trainable: false, init: constant(1) },
        { name: "num_batches_tracked", shape: [], role: "count", trainable: false, init: constant(0) },
      ];
    }
    case "prelu": {
      const init = constant(layer.initialSlope);
      return [{ name: "weight", shape: [layer.slopes], role: "slope", trainable: true, init }];
    }
    default:
      return [];
  }
}

function withBias(
  layer: { readonly bias: boolean; readonly weightInit: Init; readonly biasInit: Init },
  weight: readonly number[],
  bias: readonly number[],
): Parameter[] {
  const parameters: Parameter[] = [
    { name: "weight", shape: weight, role: "weight", trainable: true, init: layer.weightInit },
  ];
  if (layer.bias)
    parameters.push({ name: "bias", shape: bias, role: "bias", trainable: true, init: layer.biasInit });
  return parameters;
}
