import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formulaNoise, formulaWeights } from "../../../test/formula-weights.ts";
import {
  add,
  compile,
  type Form,
  gradients,
  multiply,
  probeBlockSize,
  reduceMean,
  reduceSum,
  Tape,
} from "../../autodiff/index.ts";
import { elementCount } from "../../core/index.ts";
import { type Network, networkById } from "../../networks/index.ts";
import {
  batchNorm,
  conv,
  cropColumns,
  flatten,
  globalAveragePool,
  identity,
  type Layer,
  l2Norm,
  linear,
  maxPool,
  numbered,
  prelu,
  product,
  relu,
  sequence,
  sigmoid,
  sum,
} from "../../networks/layer.ts";
import { encodeOnnx, Session } from "../../onnx/index.ts";
import { recordNetwork } from "./network-graph.ts";

/** Of a tensor: its length and its inner products with two vectors of noise. tools/make-training-fixtures.py. */
type Digest = readonly [length: number, first: number, second: number];

interface Fixture {
  readonly loss: number;
  readonly features: Digest;
  readonly gradients: Readonly<Record<string, Digest>>;
  readonly statistics: Readonly<Record<string, Digest>>;
}

/** A chain of a dozen float32 layers with batch norms over few elements; PyTorch's own float32 is within the same. */
const RELATIVE = 2e-4;

const activated = (i: number, o: number, kernel: number, stride: number, groups: number): Layer =>
  sequence(
    ["conv", conv(i, o, kernel, { stride, padding: (kernel - 1) / 2, groups })],
    ["bn", batchNorm(o)],
    ["prelu", prelu(o)],
  );
const bottleneck = (i: number, o: number, inner: number, stride: number): Layer =>
  sequence(
    ["conv", activated(i, inner, 1, 1, 1)],
    ["conv_dw", activated(inner, inner, 3, stride, inner)],
    ["project", sequence(["conv", conv(inner, o, 1)], ["bn", batchNorm(o)])],
  );
const gate = (channels: number): Layer =>
  product(
    ["", identity],
    [
      "",
      sequence(
        ["", globalAveragePool],
        ["fc1", conv(channels, channels / 16, 1)],
        ["", relu()],
        ["fc2", conv(channels / 16, channels, 1)],
        ["", sigmoid],
      ),
    ],
  );
const unit = (i: number, o: number, stride: number): Layer =>
  sum(
    [
      "res_layer",
      numbered(
        batchNorm(i),
        conv(i, o, 3, { padding: 1 }),
        prelu(o),
        conv(o, o, 3, { padding: 1, stride }),
        batchNorm(o),
        gate(o),
      ),
    ],
    [
      "shortcut_layer",
      i === o
        ? stride === 1
          ? identity
          : maxPool(1, stride)
        : numbered(conv(i, o, 1, { stride }), batchNorm(o)),
    ],
  );
const network = (
  id: string,
  input: Network["input"],
  embedding: number,
  layer: Layer,
): readonly [string, Network, number] => [
  id,
  { id, title: id, input, embedding, unitOutput: false, layer },
  4,
];

const NETWORKS: readonly (readonly [name: string, network: Network, batch: number])[] = [
  network(
    "unit",
    [3, 8, 8],
    8,
    sequence(
      ["input_layer", numbered(conv(3, 16, 3, { padding: 1 }), batchNorm(16), prelu(16))],
      ["body", numbered(unit(16, 32, 2), unit(32, 32, 1), unit(32, 32, 2))],
      ["output_layer", numbered(batchNorm(32), flatten, linear(128, 8), batchNorm(8))],
    ),
  ),
  network(
    "bottleneck",
    [3, 16, 16],
    8,
    sequence(
      ["conv1", activated(3, 16, 3, 2, 1)],
      ["conv_23", bottleneck(16, 16, 32, 2)],
      ["conv_3", sequence(["model", numbered(sum(["", bottleneck(16, 16, 32, 1)], ["", identity]))])],
      ["conv_6_dw", sequence(["conv", conv(16, 16, 4, { groups: 16 })], ["bn", batchNorm(16)])],
      ["", flatten],
      ["linear", linear(16, 8, { bias: false })],
      ["bn", batchNorm(8)],
      ["", l2Norm],
    ),
  ),
  network(
    "narrow",
    [3, 16, 30],
    8,
    sequence(
      ["", cropColumns(8)],
      ["conv1", activated(3, 16, 3, 2, 1)],
      ["linear7", sequence(["conv", conv(16, 16, 8, { kernelWidth: 7, groups: 16 })], ["bn", batchNorm(16)])],
      ["linear1", sequence(["conv", conv(16, 8, 1)], ["bn", batchNorm(8)])],
      ["", flatten],
    ),
  ),
  ["lenet++", networkById("lenet++")!, 3],
];

const block = await probeBlockSize();
const forms: readonly (readonly [string, Form])[] = [
  ["plain", { kind: "plain", device: "cpu" }],
  ["plain as for a GPU", { kind: "plain", device: "webgpu" }],
  ...(block ? [["blocked", { kind: "blocked", block }] as const] : []),
];

describe.each(NETWORKS)("%s in training", (name, of, batch) => {
  const fixture = JSON.parse(
    readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8"),
  ) as Fixture;

  test.each(forms)("has PyTorch's features, gradients and running statistics, %s", async (_form, form) => {
    const weights = formulaWeights(of);
    const tape = new Tape();
    const images = tape.input("images", [batch, ...of.input]);
    const features = recordNetwork(of, images, (parameter) => weights.get(parameter)!.floats());
    const noise = tape.constant(features.shape, formulaNoise("loss", elementCount(features.shape)));
    const loss = add(reduceSum(multiply(features, noise)), reduceMean(multiply(features, features)));
    const trained = tape.slots.filter(({ trainable }) => trainable);
    const found = gradients(
      loss,
      trained.map(({ value }) => value),
    );
    expect(trained.map(({ name: own }) => own).sort()).toEqual(Object.keys(fixture.gradients).sort());
    const outputs = Object.fromEntries(trained.map((slot, i) => [`d ${slot.name}`, found[i]!]));
    const graph = compile(tape, { loss, features, ...outputs }, form);
    await using session = await Session.open(encodeOnnx(graph.model));
    const state = Object.fromEntries(
      graph.slots.map(({ input, value, toGraph, initial }) => [
        input,
        { dims: value.shape, data: toGraph(initial()) },
      ]),
    );
    const data = formulaNoise("images", batch * elementCount(of.input));
    const results = await session.run({ ...state, images: { dims: images.shape, data } });

    expect(results["loss"]!.data[0]).toBeCloseTo(fixture.loss, 3);
    expectDigest("features", results["features"]!.data, fixture.features);
    for (const { name: own } of trained)
      expectDigest(own, results[`d ${own}`]!.data, fixture.gradients[own]!);
    for (const [own, digest] of Object.entries(fixture.statistics)) {
      const slot = graph.slots.find((candidate) => candidate.name === own)!;
      expectDigest(own, slot.fromGraph(results[slot.output!]!.data), digest);
    }
  });
});

function expectDigest(name: string, values: Float32Array, [length, ...probes]: Digest): void {
  // Shifts in front of a batch norm have no gradient: what is left there is rounding of numbers around 1.
  const scale = Math.max(length, 0.05);
  const norm = Math.sqrt(values.reduce((total, v) => total + v * v, 0));
  expect(Math.abs(norm - length) / scale, `${name}: length`).toBeLessThan(RELATIVE);
  for (const [i, wanted] of probes.entries()) {
    const noise = formulaNoise(`${name} probe ${i + 1}`, values.length);
    const got = values.reduce((total, v, at) => total + v * noise[at]!, 0);
    expect(Math.abs(got - wanted) / scale, `${name}: probe ${i + 1}`).toBeLessThan(RELATIVE);
  }
}
