import { elementCount, FaceError } from "../core/index.ts";
import type { Layer, Leaf } from "./layer.ts";
import type { Network } from "./network.ts";
import { joined } from "./parameter.ts";

/** The work of a step: a layer, or the joining of branches. */
export type Operation = Leaf | { readonly kind: "add" } | { readonly kind: "multiply" };

/** One operation of a network written out flat. */
export interface Step {
  /** The layer's path, which its parameters' names begin with: `body.0.res_layer.1`. */
  readonly name: string;
  readonly operation: Operation;
  /** Numbers of the values it takes: 0 is the picture, i + 1 the result of step i. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** The result's shape without the batch. */
  readonly shape: readonly number[];
  /** Multiplications per picture. */
  readonly macs: number;
}

/** A network as a list of steps, each value made once. */
export interface Program {
  readonly steps: readonly Step[];
  /** The value that is the embedding. */
  readonly result: number;
}

/**
 * Writes a network's tree out as steps in the order they are computed, with every shape.
 *
 * Throws    FaceError SHAPE when a layer does not fit what comes before it
 */
export function programOf(network: Network): Program {
  const steps: Step[] = [];
  const shapes: (readonly number[])[] = [network.input];
  const emit = (name: string, operation: Operation, inputs: readonly number[]): number => {
    const [shape, macs] = infer(
      name,
      operation,
      inputs.map((input) => shapes[input]!),
    );
    const output = shapes.push(shape) - 1;
    steps.push({ name, operation, inputs, output, shape, macs });
    return output;
  };
  const visit = (layer: Layer, name: string, x: number): number => {
    if (layer.kind === "sequence") {
      let value = x;
      for (const [child, inner] of layer.children) value = visit(inner, joined(name, child), value);
      return value;
    }
    if ("branches" in layer) {
      const values = layer.branches.map(([child, inner]) => visit(inner, joined(name, child), x));
      const kind = layer.kind === "sum" ? "add" : "multiply";
      return values.reduce((left, right) => emit(name, { kind }, [left, right]));
    }
    return emit(name, layer, [x]);
  };
  return { result: visit(network.layer, "", 0), steps };
}

/** Multiply-accumulate operations for one picture; 6.3e9 for an iResNet-50. */
export function macsOf(network: Network): number {
  return programOf(network).steps.reduce((sum, step) => sum + step.macs, 0);
}

/** The result's shape and the multiplications of an operation on these shapes. */
function infer(
  where: string,
  operation: Operation,
  inputs: readonly (readonly number[])[],
): readonly [shape: readonly number[], macs: number] {
  const [x = [], y = []] = inputs;
  const [channels = 0, height = 0, width = 0] = x;
  switch (operation.kind) {
    case "conv": {
      const { inChannels, outChannels, kernel, kernelWidth, stride, padding, groups } = operation;
      expectThat(x.length === 3 && channels === inChannels, where, `[${inChannels}, H, W]`, x);
      const h = Math.floor((height + 2 * padding - kernel) / stride) + 1;
      const w = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
      expectThat(h > 0 && w > 0, where, `a map no smaller than the kernel of ${kernel} × ${kernelWidth}`, x);
      return [[outChannels, h, w], outChannels * h * w * (inChannels / groups) * kernel * kernelWidth];
    }
    case "cropColumns":
      expectThat(x.length === 3 && width > 2 * operation.margin, where, "a map to crop", x);
      return [[channels, height, width - 2 * operation.margin], 0];
    case "maxPool": {
      const { kernel, stride } = operation;
      expectThat(x.length === 3 && Math.min(height, width) >= kernel, where, "a map to pool", x);
      const [h, w] = [height, width].map((size) => Math.floor((size - kernel) / stride) + 1);
      return [[channels, h!, w!], 0];
    }
    case "linear":
      expectThat(x.length === 1 && channels === operation.inFeatures, where, `[${operation.inFeatures}]`, x);
      return [[operation.outFeatures], operation.inFeatures * operation.outFeatures];
    case "batchNorm":
      expectThat(channels === operation.channels, where, `${operation.channels} channels`, x);
      return [x, 0];
    case "prelu":
      expectThat(
        operation.slopes === 1 || channels === operation.slopes,
        where,
        `${operation.slopes} channels`,
        x,
      );
      return [x, 0];
    case "globalAveragePool":
      expectThat(x.length === 3, where, "[C, H, W]", x);
      return [[channels, 1, 1], 0];
    case "flatten":
      return [[elementCount(x)], 0];
    case "add":
      expectThat(x.join() === y.join(), where, `[${x.join(", ")}] to add`, y);
      return [x, 0];
    case "multiply":
      expectThat(y[0] === channels && y.slice(1).every((dim) => dim === 1), where, `[${channels}, 1, 1]`, y);
      return [x, 0];
    default:
      return [x, 0];
  }
}

function expectThat(fits: boolean, where: string, expected: string, got: readonly number[]): void {
  if (!fits) throw new FaceError("SHAPE", { where, expected, got: `[${got.join(", ")}]` });
}
