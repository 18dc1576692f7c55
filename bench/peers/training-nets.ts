import {
  add,
  clamp,
  greater,
  l2Normalize,
  matmul,
  multiply,
  oneHot,
  softmaxCrossEntropy,
  sqrt,
  subtract,
  type Tape,
  type Value,
  where,
} from "../../src/autodiff/index.ts";
import { type Network, networkById } from "../../src/networks/index.ts";
import { type Child, conv, flatten, linear, maxPool, prelu, sequence } from "../../src/networks/layer.ts";
import type { HeadResult, StepHead } from "../../src/train/step/index.ts";

/** The network that is trained in the bench, the same as in torch-training.py. */
export interface TrainingNet {
  readonly network: Network;
  readonly batch: number;
  readonly classes: number;
}

/** LeNet++ with 3×3 kernels and a slope per channel: 1.1 million multiplications a picture less than the original. */
function smallLeNet(): Network {
  let channels = 1;
  const stages = [32, 64, 128].flatMap((width, i): Child[] => {
    const stage = [1, 2].flatMap((half): Child[] => {
      const layer: Child = [`conv${i + 1}_${half}`, conv(channels, width, 3, { padding: 1, bias: true })];
      channels = width;
      return [layer, [`prelu${i + 1}_${half}`, prelu(width)]];
    });
    return [...stage, ["", maxPool(2, 2)]];
  });
  return {
    id: "small-lenet",
    title: "LeNet++ with 3×3 kernels",
    input: [1, 28, 28],
    embedding: 128,
    unitOutput: false,
    layer: sequence(...stages, ["", flatten], ["fc1", linear(128 * 9, 128)]),
  };
}

export const TRAINING_NETS: Readonly<Record<string, () => TrainingNet>> = {
  A: () => ({ network: smallLeNet(), batch: 128, classes: 10 }),
  B: () => ({ network: networkById("mobilefacenet")!, batch: 32, classes: 100 }),
  C: () => ({ network: networkById("iresnet-18")!, batch: 16, classes: 100 }),
  "IR-SE-50": () => ({ network: networkById("ir-se-50")!, batch: 8, classes: 100 }),
};

/** ArcFace with the fallback beyond π − m, scale 30 and margin 0.5; class weights `head.weight`. */
export function arcFaceForBench(classes: number, weights: Float32Array): StepHead {
  const [scale, margin] = [30, 0.5];
  return (tape: Tape, features: Value, labels: Value): HeadResult => {
    const width = features.shape[1]!;
    const weight = tape.parameter("head.weight", [classes, width], () => weights);
    const cosine = clamp(
      matmul(l2Normalize(features), l2Normalize(weight), { transposeB: true }),
      -1 + 1e-7,
      1 - 1e-7,
    );
    const sine = sqrt(subtract(1, multiply(cosine, cosine)));
    const moved = subtract(multiply(cosine, Math.cos(margin)), multiply(sine, Math.sin(margin)));
    const within = greater(cosine, Math.cos(Math.PI - margin));
    const target = where(within, moved, subtract(cosine, Math.sin(Math.PI - margin) * margin));
    const own = oneHot(labels, classes);
    const logits = multiply(add(cosine, multiply(own, subtract(target, cosine))), scale);
    return { loss: softmaxCrossEntropy(logits, labels) };
  };
}
