import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { disagreement } from "./agreement.ts";
import { encodeOnnx } from "./encode.ts";
import { foldBatchNorms } from "./fold-batch-norm.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model.ts";

const random = seeded(5);
const values = (length: number, low = -1, high = 1): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => low + (high - low) * random.next());

/** Adds a batch norm with constants of its own. */
function norm(graph: GraphBuilder, x: string, channels: number, name?: string): string {
  const floats = (low: number, high: number) => graph.float([channels], values(channels, low, high));
  const inputs = [x, floats(-2, 2), floats(-1, 1), floats(-1, 1), floats(0.1, 3)];
  return graph.node("BatchNormalization", inputs, { epsilon: { float: 2e-5 } }, name);
}

const feeds = { x: { dims: [2, 3, 6, 6], data: values(216) } };

/** A network's output with and without folding, and the operations left. */
async function folded(model: OnnxModel) {
  const { model: after, folded: count, left } = foldBatchNorms(model);
  return {
    operations: after.nodes.map((node) => node.op),
    count,
    left,
    constants: after.initializers.length,
    difference: await disagreement(encodeOnnx(model), encodeOnnx(after), feeds),
  };
}

test("batch norms behind a convolution, in front of a Gemm across a flattening, and behind it disappear", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", ["N", 3, 6, 6]);
  const conv = graph.node("Conv", [x, graph.float([8, 3, 3, 3], values(216))], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  });
  const relu = graph.node("Relu", [norm(graph, conv, 8)], {});
  const flat = graph.node("Flatten", [norm(graph, relu, 8)], { axis: 1 });
  const gemm = graph.node("Gemm", [flat, graph.float([5, 288], values(1440)), graph.float([5], values(5))], {
    transB: 1,
  });
  norm(graph, gemm, 5, "y");
  graph.output("y", ["N", 5]);
  const result = await folded(graph.finish({ producer: "test", opset: 13 }));
  expect(result).toMatchObject({
    operations: ["Conv", "Relu", "Flatten", "Gemm"],
    count: 3,
    left: 0,
    constants: 4,
  });
  // Single precision, summed in another order.
  expect(result.difference).toBeLessThan(2e-6);
});

test("a Gemm whose matrix is not transposed, and a grouped convolution with a bias, are scaled along the right axis", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", ["N", 3, 6, 6]);
  const weights = [graph.float([6, 1, 3, 3], values(54)), graph.float([6], values(6))];
  const conv = graph.node("Conv", [x, ...weights], { kernel_shape: [3, 3], group: 3 });
  const flat = graph.node("Flatten", [norm(graph, conv, 6)], { axis: 1 });
  const gemm = graph.node("Gemm", [norm(graph, flat, 96), graph.float([96, 4], values(384))], {});
  norm(graph, gemm, 4, "y");
  graph.output("y", ["N", 4]);
  const result = await folded(graph.finish({ producer: "test", opset: 13 }));
  expect(result).toMatchObject({ operations: ["Conv", "Flatten", "Gemm"], count: 3, left: 0 });
  expect(result.difference).toBeLessThan(2e-6);
});

test("a batch norm stays in front of a convolution, and where others see what lies before it", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", ["N", 3, 6, 6]);
  const shared = graph.float([3, 3, 1, 1], values(9));
  const before = norm(graph, x, 3);
  const conv = graph.node("Conv", [before, shared], { kernel_shape: [1, 1] });
  graph.node("Add", [norm(graph, conv, 3), conv], {}, "y");
  graph.output("y", ["N", 3, 6, 6]);
  const model = graph.finish({ producer: "test", opset: 13 });
  const result = foldBatchNorms(model);
  expect(result).toEqual({ model, folded: 0, left: 2 });
});

test("weights that two layers share are scaled for one of them only", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", ["N", 3, 6, 6]);
  const shared = graph.float([3, 3, 1, 1], values(9));
  const conv = (input: string) => graph.node("Conv", [input, shared], { kernel_shape: [1, 1] });
  graph.node("Add", [norm(graph, conv(x), 3), conv(x)], {}, "y");
  graph.output("y", ["N", 3, 6, 6]);
  const result = await folded(graph.finish({ producer: "test", opset: 13 }));
  expect(result).toMatchObject({ operations: ["Conv", "Conv", "Add"], count: 1 });
  expect(result.difference).toBeLessThan(1e-6);
});
