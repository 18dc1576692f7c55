import { reasonOf } from "../core/index.ts";
import { encodeOnnx } from "./encode.ts";
import { loadEngine } from "./engine.ts";
import { GraphBuilder } from "./graph-builder.ts";

/** The engine's version and the execution providers inside the installed package. */
export async function engineInfo(): Promise<{
  readonly version: string;
  readonly providers: readonly string[];
}> {
  const engine = await loadEngine();
  const providers = engine.listSupportedBackends().filter((backend) => backend.bundled);
  return {
    version: engine.env.versions.node ?? "unknown",
    providers: providers.map((backend) => backend.name),
  };
}

/**
 * Tells whether an execution provider computes right here: runs a small convolution whose answer is known.
 *
 * Returns   undefined when it does, else why not
 */
export async function probeProvider(provider: string): Promise<string | undefined> {
  const graph = new GraphBuilder();
  const x = graph.input("x", [1, 1, 4, 4]);
  const weight = graph.float([1, 1, 3, 3], new Float32Array(9).fill(1));
  graph.node("Conv", [x, weight], { kernel_shape: [3, 3], pads: [0, 0, 0, 0] }, "y");
  graph.output("y", [1, 1, 2, 2]);
  const model = encodeOnnx(graph.finish({ producer: "arcface probe", opset: 13 }));
  const { InferenceSession, Tensor } = await loadEngine();
  try {
    const session = await InferenceSession.create(model, {
      executionProviders: [provider],
      logSeverityLevel: 4,
    });
    const input = new Tensor(
      "float32",
      Float32Array.from({ length: 16 }, (_, i) => i),
      [1, 1, 4, 4],
    );
    const { y } = await session.run({ x: input });
    await session.release();
    const got = [...(y!.data as Float32Array)];
    // Sums of the 3×3 windows of 0…15.
    const right = [45, 54, 81, 90].every((value, i) => Math.abs(value - got[i]!) < 1e-3);
    return right ? undefined : `it computes wrongly: ${got.join(", ")} instead of 45, 54, 81, 90`;
  } catch (error) {
    return reasonOf(error);
  }
}
