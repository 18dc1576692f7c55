import { multiplyAdd, negate } from "../../../autodiff/index.ts";
import { decayOf, memory, type Optimiser, type WeightDecay } from "./optimiser.ts";

/** Settings of stochastic gradient descent. */
export interface SgdOptions extends WeightDecay {
  /** @default 0.9 */
  readonly momentum?: number;
  /** True if the gradient is taken as if the momentum had been applied already. @default false */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent with momentum, as PyTorch counts it.
 *
 * Formula   g ← g + decay·w; m ← momentum·m + g; w ← w − rate·m, or w − rate·(g + momentum·m) for Nesterov's
 * Source    torch.optim.SGD; Sutskever et al., On the importance of initialization and momentum, ICML 2013
 */
export function sgd(options: SgdOptions = {}): Optimiser {
  const { momentum = 0.9, nesterov = false } = options;
  return {
    name: nesterov ? "sgd-nesterov" : "sgd",
    update(tape, trained, learningRate) {
      const back = negate(learningRate);
      for (const { parameter, gradient } of trained) {
        const { value } = parameter;
        const decay = decayOf(parameter, options);
        const pull = decay === 0 ? gradient : multiplyAdd(value, decay, gradient);
        if (momentum === 0) {
          tape.assign(value, multiplyAdd(pull, back, value));
          continue;
        }
        const old = memory(tape, "momentum", parameter);
        const moved = multiplyAdd(old, momentum, pull);
        tape.assign(old, moved);
        const direction = nesterov ? multiplyAdd(moved, momentum, pull) : moved;
        tape.assign(value, multiplyAdd(direction, back, value));
      }
    },
  };
}
