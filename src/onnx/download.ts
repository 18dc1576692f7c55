import type * as ort from "onnxruntime-common";
import { encodeOnnx } from "./encode.ts";
import { loadEngine } from "./engine.ts";
import { GraphBuilder } from "./graph-builder.ts";

/**
 * The numbers of a tensor that lies on a GPU.
 *
 * The engine's own `download` is not there in Node; a graph that multiplies by 1 and gives its result to the CPU is.
 */
export async function download(tensor: ort.Tensor): Promise<Float32Array> {
  const graph = new GraphBuilder();
  graph.node("Mul", [graph.input("x", tensor.dims), graph.scalar(1)], {}, "y");
  graph.output("y", tensor.dims);
  const { InferenceSession } = await loadEngine();
  const session = await InferenceSession.create(
    encodeOnnx(graph.finish({ producer: "arcface", opset: 18 })),
    { executionProviders: ["webgpu"], graphOptimizationLevel: "disabled", logSeverityLevel: 3 },
  );
  try {
    const { y } = await session.run({ x: tensor });
    return y!.data as Float32Array;
  } finally {
    await session.release();
  }
}
