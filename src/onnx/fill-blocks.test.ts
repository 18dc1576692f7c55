import { expect, test } from "vitest";
import { disagreement } from "./agreement.ts";
import { encodeOnnx } from "./encode.ts";
import { fillBlocks } from "./fill-blocks.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { floatTensor, type OnnxModel } from "./model.ts";
import { rewritePrelu } from "./rewrite-prelu.ts";

/** Convolution, PRelu, maximum, convolution; the middle's channels have the slopes. */
function network(slopes: readonly number[], seen = false): OnnxModel {
  const graph = new GraphBuilder();
  const channels = slopes.length;
  const numbers = (count: number, by: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(by * i));
  const x = graph.input("x", ["N", 3, "H", "W"]);
  const first = graph.float([channels, 3, 3, 3], numbers(channels * 27, 7));
  const a = graph.node("Conv", [x, first, graph.float([channels], numbers(channels, 3))], {
    kernel_shape: [3, 3],
  });
  const b = graph.node("PRelu", [a, graph.float([channels, 1, 1], Float32Array.from(slopes))]);
  const c = graph.node("MaxPool", [b], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: "SAME_UPPER" });
  const last = graph.float([5, channels, 3, 3], numbers(45 * channels, 5));
  graph.node("Conv", [c, last], { kernel_shape: [3, 3] }, "y");
  graph.output("y", ["N", 5, "H", "W"]);
  if (seen) graph.output(b, ["N", channels, "H", "W"]);
  return graph.finish({ producer: "test", opset: 13 });
}

const feeds = {
  x: { dims: [2, 3, 13, 12], data: Float32Array.from({ length: 936 }, (_, i) => Math.cos(3 * i)) },
};
const SLOPES = [0.25, -0.5, 1.3, 1, 0, -1.2, -0.01, 0.7, -0.4, 0.1];

test("where there is room in the block the maximum comes before the PRelu, whatever its slopes, and nothing else changes", async () => {
  const model = network(SLOPES);
  const { model: filled, filled: count } = fillBlocks(model);
  expect(count).toBe(1);
  expect(filled.nodes.map(({ op }) => op)).toEqual([
    "Conv",
    "MaxPool",
    "Conv",
    "Relu",
    "Conv",
    "Add",
    "Conv",
  ]);
  const widths = filled.initializers.map(({ dims }) => dims);
  expect(widths).toContainEqual([16, 3, 3, 3]);
  expect(widths).toContainEqual([5, 16, 3, 3]);
  expect(await disagreement(encodeOnnx(model), encodeOnnx(filled), feeds)).toBeLessThan(1e-6);
});

test("where there is none the channels are filled up with zeros alone", async () => {
  const model = network(Array.from({ length: 28 }, (_, i) => Math.cos(i)));
  const { model: filled } = fillBlocks(model);
  expect(filled.nodes.map(({ op }) => op)).toEqual(["Conv", "PRelu", "MaxPool", "Conv"]);
  expect(filled.initializers.map(({ dims }) => dims[0])).toEqual(expect.arrayContaining([32]));
  const fast = rewritePrelu(filled).model;
  for (const other of [filled, fast])
    expect(await disagreement(encodeOnnx(model), encodeOnnx(other), feeds)).toBeLessThan(1e-6);
});

test("channels that somebody else sees, whole blocks, and blocks nearly empty are left alone", () => {
  const whole = Array.from({ length: 16 }, () => 0.5);
  for (const model of [network(SLOPES, true), network(whole), network([0.1, 0.2, 0.3])])
    expect(fillBlocks(model)).toEqual({ model, filled: 0 });
});

test("a slope that all channels share leaves a convolution as it is", () => {
  const model = network(SLOPES);
  const of = model.nodes.find(({ op }) => op === "PRelu")!.inputs[1]!;
  const shared = model.initializers.map((tensor) =>
    tensor.name === of ? floatTensor(of, [1], Float32Array.of(0.2)) : tensor,
  );
  const alike = { ...model, initializers: shared };
  expect(fillBlocks(alike)).toEqual({ model: alike, filled: 0 });
});
