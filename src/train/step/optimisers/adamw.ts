import { add, divide, multiply, multiplyAdd, negate, sqrt, subtract } from "../../../autodiff/index.ts";
import { decayOf, memory, type Optimiser, type WeightDecay } from "./optimiser.ts";

/** Settings of AdamW. */
export interface AdamWOptions extends WeightDecay {
  /** Weight of the past in the mean of gradients. @default 0.9 */
  readonly beta1?: number;
  /** Weight of the past in the mean of their squares. @default 0.999 */
  readonly beta2?: number;
  /** @default 1e-8 */
  readonly eps?: number;
}

/**
 * Adam with weight decay apart from the gradient, as PyTorch counts it.
 *
 * Formula   w ← w·(1 − rate·decay); m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
 *           w ← w − rate/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + eps)
 * Source    torch.optim.AdamW; Loshchilov and Hutter, arXiv:1711.05101
 */
export function adamW(options: AdamWOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
  return {
    name: "adamw",
    update(tape, trained, learningRate) {
      // 1 − βᵗ from 1 − βᵗ⁻¹: no digits are lost while βᵗ is close to 1.
      const grown = (name: string, beta: number) => {
        const old = tape.state(`optimiser.${name}`, [], () => new Float32Array(1));
        const next = add(multiply(old, beta), 1 - beta);
        tape.assign(old, next);
        return next;
      };
      const [fill1, fill2] = [grown("fill1", beta1), grown("fill2", beta2)];
      const rate = negate(divide(learningRate, fill1));
      const root = sqrt(fill2);
      for (const { parameter, gradient } of trained) {
        const { value } = parameter;
        const [mean, square] = [memory(tape, "mean", parameter), memory(tape, "square", parameter)];
        const nextMean = multiplyAdd(mean, beta1, multiply(gradient, 1 - beta1));
        const nextSquare = multiplyAdd(square, beta2, multiply(multiply(gradient, gradient), 1 - beta2));
        tape.assign(mean, nextMean);
        tape.assign(square, nextSquare);
        const decay = decayOf(parameter, options);
        const shrunk = decay === 0 ? value : multiply(value, subtract(1, multiply(learningRate, decay)));
        const size = add(divide(sqrt(nextSquare), root), eps);
        tape.assign(value, multiplyAdd(divide(nextMean, size), rate, shrunk));
      }
    },
  };
}
