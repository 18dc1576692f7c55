import { encodeOnnx, GraphBuilder, Session } from "../onnx/index.ts";
import { NCHWC_DOMAIN } from "./emit/emitter.ts";

/**
 * The number of channels that onnxruntime puts into a block on this processor: 8 with AVX2, 16 with AVX-512.
 *
 * Numbers 0…127 for 64 channels of two pixels each are reordered; the second pixel of the first channel, a 1, comes
 * behind the first pixel of a block's channels.
 *
 * Returns   undefined where this build of the engine has no blocked operations
 */
export async function probeBlockSize(): Promise<number | undefined> {
  const graph = new GraphBuilder();
  const shape = [1, 64, 1, 2];
  graph.node("ReorderInput", [graph.input("x", shape)], {}, "y", NCHWC_DOMAIN);
  graph.output("y", shape);
  const model = graph.finish({ producer: "arcface", opset: 18, domains: { [NCHWC_DOMAIN]: 1 } });
  try {
    await using session = await Session.open(encodeOnnx(model));
    const data = Float32Array.from({ length: 128 }, (_, i) => i);
    const { y } = await session.run({ x: { dims: shape, data } });
    const block = y!.data.indexOf(1);
    return block === 8 || block === 16 ? block : undefined;
  } catch {
    return undefined;
  }
}
