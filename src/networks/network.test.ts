import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import {
  initialise,
  iresnet,
  irNetwork,
  macsOf,
  mbf,
  mobileFaceNet,
  mobileFaceNetFoamliu,
  type Network,
  networkById,
  parameterCount,
  parametersOf,
  programOf,
} from "./index.ts";
import { conv, flatten, linear, sequence } from "./layer.ts";
import { suitsWinograd } from "./winograd.ts";

describe("networks", () => {
  test.each([
    ["ir-se-50", 43_797_696, 397, 6.3],
    ["iresnet-18", 24_025_600, 187, 2.61],
    ["iresnet-34", 34_139_328, 331, 4.46],
    ["iresnet-50", 43_590_848, 475, 6.31],
    ["iresnet-100", 65_156_160, 925, 12.09],
    ["iresnet-200", 118_833_920, 1807, 23.4],
    ["mobilefacenet", 1_200_512, 333, 0.221],
    ["mbf", 2_059_520, 333, 0.438],
  ])("%s has the reference's parameters, tensors and multiplications", (id, parameters, tensors, gmacs) => {
    const network = networkById(id)!;
    expect(parameterCount(network)).toBe(parameters);
    expect(parametersOf(network)).toHaveLength(tensors);
    expect(macsOf(network) / 1e9 / gmacs).toBeCloseTo(1, 2);
  });

  test.each([
    ["64 channels over even sides", conv(64, 64, 3, { padding: 1 }), [64, 14, 14], true],
    ["few channels in", conv(63, 64, 3, { padding: 1 }), [64, 14, 14], false],
    ["few channels out", conv(64, 63, 3, { padding: 1 }), [63, 14, 14], false],
    ["an odd height", conv(64, 64, 3, { padding: 1 }), [64, 7, 14], false],
    ["an odd width", conv(64, 64, 3, { padding: 1 }), [64, 14, 7], false],
    ["a stride", conv(64, 64, 3, { padding: 1, stride: 2 }), [64, 14, 14], false],
    ["no border", conv(64, 64, 3), [64, 14, 14], false],
    ["groups", conv(64, 64, 3, { padding: 1, groups: 64 }), [64, 14, 14], false],
    ["another kernel", conv(64, 64, 5, { padding: 1 }), [64, 14, 14], false],
  ])("Winograd's form suits %s: %#", (_what, layer, shape, suits) => {
    expect(suitsWinograd(layer, shape)).toBe(suits);
  });

  test("an IR-SE-50's stages start at units 0, 3, 7 and 21", () => {
    const steps = programOf(irNetwork(50, true)).steps;
    const strided = steps.filter(({ operation }) => operation.kind === "conv" && operation.stride === 2);
    expect(strided.map(({ name }) => name)).toEqual(
      [0, 3, 7, 21].flatMap((unit) =>
        unit === 0 ? ["body.0.res_layer.3"] : [`body.${unit}.res_layer.3`, `body.${unit}.shortcut_layer.0`],
      ),
    );
  });

  test("a layer that does not fit what comes before it is named", () => {
    const network: Network = {
      ...irNetwork(50, false),
      layer: sequence(["stem", conv(3, 8, 3)], ["", flatten], ["fc", linear(10, 2)]),
    };
    expect(() => programOf(network)).toThrow("fc: expected [10], got [96800]");
  });
});

describe("initialise", () => {
  const moments = (values: Float32Array) => {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    return {
      mean,
      std: Math.sqrt(variance),
      max: values.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
    };
  };

  test.each<[string, Network, string, number]>([
    ["evenly within 1/√fanIn", irNetwork(50, true), "body.0.res_layer.1.weight", 1 / 24 / Math.sqrt(3)],
    ["evenly within 1/√fanIn", mobileFaceNet(), "linear.weight", 1 / Math.sqrt(512 * 3)],
    ["around 0 with 0.1", iresnet(18), "layer1.0.conv1.weight", 0.1],
    ["by Kaiming's rule for gradients", mbf(), "conv_sep.layers.0.weight", Math.sqrt(2 / 512)],
    ["by Kaiming's rule for gradients", mobileFaceNetFoamliu(), "conv2.0.weight", Math.sqrt(2 / 512)],
  ])("draws weights %s", (_how, network, name, std) => {
    const { mean, std: got } = moments(initialise(network, seeded(1)).get(name)!);
    expect(got / std).toBeCloseTo(1, 1);
    expect(Math.abs(mean)).toBeLessThan(0.03 * std);
  });

  test("stays inside the bound where it is even", () => {
    const { max } = moments(initialise(irNetwork(50, true), seeded(1)).get("body.0.res_layer.1.weight")!);
    expect(max).toBeLessThanOrEqual(1 / 24);
    expect(max).toBeGreaterThan(0.99 / 24);
  });

  test("starts batch norms as the identity and slopes at a quarter", () => {
    const values = initialise(mobileFaceNet(), seeded(1));
    expect(new Set(values.get("conv1.bn.weight"))).toEqual(new Set([1]));
    expect(new Set(values.get("conv1.bn.bias"))).toEqual(new Set([0]));
    expect(new Set(values.get("conv1.bn.running_mean"))).toEqual(new Set([0]));
    expect(new Set(values.get("conv1.bn.running_var"))).toEqual(new Set([1]));
    expect(new Set(values.get("conv1.prelu.weight"))).toEqual(new Set([0.25]));
  });

  test("gives the same weights for the same seed", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => initialise(mobileFaceNet(), seeded(seed)).get("linear.weight"));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  test("the scale of an iResNet's last batch norm is not trained", () => {
    const frozen = parametersOf(iresnet(18)).filter(({ role, trainable }) => role === "scale" && !trainable);
    expect(frozen.map(({ name }) => name)).toEqual(["features.weight"]);
  });
});
