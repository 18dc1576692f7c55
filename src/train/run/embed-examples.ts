import { elementCount, FaceError, threadCount, throwIfAborted } from "../../core/index.ts";
import { type Network, ONNX_INPUT, ONNX_OUTPUT, toOnnx, type Weights } from "../../networks/index.ts";
import { encodeOnnx, Session } from "../../onnx/index.ts";
import { type Examples, writePlanes } from "../data/index.ts";

/** Pictures in one run of the network; bounds memory. */
const BATCH = 32;

/**
 * Unit vectors of examples by a network as it is now, in evaluation mode: running statistics, no dropout.
 *
 * Shapes    result [examples · embedding]
 * Throws    FaceError DIVERGED when a vector has no direction
 */
export async function embedExamples(
  network: Network,
  weights: Weights,
  examples: Examples,
  options: { readonly threads?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Float32Array> {
  const graph = toOnnx(network, weights, { normalize: true });
  await using session = await Session.open(encodeOnnx(graph), {
    threads: threadCount(options.threads),
  });
  const [channels, height, width] = network.input;
  const size = elementCount(network.input);
  const count = examples.indices.length;
  const vectors = new Float32Array(count * network.embedding);
  for (let start = 0; start < count; start += BATCH) {
    throwIfAborted(options.signal);
    const rows = Math.min(BATCH, count - start);
    const data = new Float32Array(rows * size);
    for (let i = 0; i < rows; i++) {
      const pixels = await examples.set.pixels(examples.indices[start + i]!);
      writePlanes(pixels, channels, height * width, data, i * size);
    }
    const results = await session.run({ [ONNX_INPUT]: { dims: [rows, ...network.input], data } });
    vectors.set(results[ONNX_OUTPUT]!.data, start * network.embedding);
  }
  if (!vectors.every(Number.isFinite))
    throw new FaceError("DIVERGED", {
      where: network.id,
      expected: "finite vectors in validation",
      got: "others",
    });
  return vectors;
}
