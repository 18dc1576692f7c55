import { setImmediate } from "node:timers/promises";
import { throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { ONNX_INPUT, ONNX_OUTPUT, toOnnx } from "../../networks/index.ts";
import { encodeOnnx, Session } from "../../onnx/index.ts";
import { DIGIT_SIDE, type Digits } from "../../train/data/index.ts";
import { plainImages } from "./digit-batches.ts";
import type { TrainedDigits } from "./train-digits.ts";

/** Progress and abort signal of embedding. */
export interface EmbedDigitsOptions extends WorkOptions {
  /** The stage under which progress is shown. */
  readonly stage: string;
}

const BATCH = 250;

/** The features of digits, as the trained network gives them in use. Throws FaceError ABORTED. Shapes result [count, embedding] */
export async function embedDigits(
  { network, weights }: TrainedDigits,
  digits: Digits,
  { stage, signal, onProgress }: EmbedDigitsOptions,
): Promise<Float32Array> {
  const pixels = DIGIT_SIDE * DIGIT_SIDE;
  const images = plainImages(digits);
  const features = new Float32Array(digits.count * network.embedding);
  await using session = await Session.open(encodeOnnx(toOnnx(network, weights)), { threads: 2 });
  for (let start = 0; start < digits.count; start += BATCH) {
    throwIfAborted(signal);
    const end = Math.min(digits.count, start + BATCH);
    const data = images.subarray(start * pixels, end * pixels);
    const result = await session.run({
      [ONNX_INPUT]: { dims: [end - start, 1, DIGIT_SIDE, DIGIT_SIDE], data },
    });
    features.set(result[ONNX_OUTPUT]!.data, start * network.embedding);
    onProgress?.({ stage, done: end, total: digits.count });
    await setImmediate();
  }
  return features;
}
