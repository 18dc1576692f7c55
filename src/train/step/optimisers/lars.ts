import {
  add,
  divide,
  greater,
  multiply,
  multiplyAdd,
  negate,
  reduceSum,
  sqrt,
  type Value,
  where,
} from "../../../autodiff/index.ts";
import { decayOf, memory, type Optimiser, type WeightDecay } from "./optimiser.ts";

/** Settings of LARS. */
export interface LarsOptions extends WeightDecay {
  /** @default 0.9 */
  readonly momentum?: number;
  /** The most by which a layer may move, as a share of its own length. @default 0.001 */
  readonly trust?: number;
}

/**
 * Gradient descent whose rate is scaled for each weight by its length over its gradient's: for large batches.
 *
 * Formula   local = trust·‖w‖ / (‖g‖ + decay·‖w‖), 1 where either is zero and for what does not decay;
 *           m ← momentum·m + rate·local·(g + decay·w); w ← w − m
 * Source    You et al., arXiv:1708.03888
 */
export function lars(options: LarsOptions = {}): Optimiser {
  const { momentum = 0.9, trust = 0.001 } = options;
  const length = (x: Value): Value => sqrt(reduceSum(multiply(x, x)));
  return {
    name: "lars",
    update(tape, trained, learningRate) {
      for (const { parameter, gradient } of trained) {
        const { value, role } = parameter;
        const decay = decayOf(parameter, options);
        const pull = decay === 0 ? gradient : multiplyAdd(value, decay, gradient);
        let rate = learningRate;
        if (role === "weight") {
          const [w, g] = [length(value), length(gradient)];
          const whole = add(g, multiply(w, decay));
          const known = greater(multiply(w, g), 0);
          const local = where(known, divide(multiply(w, trust), where(known, whole, 1)), 1);
          rate = multiply(learningRate, local);
        }
        const old = memory(tape, "momentum", parameter);
        const moved = multiplyAdd(pull, rate, multiply(old, momentum));
        tape.assign(old, moved);
        tape.assign(value, add(value, negate(moved)));
      }
    },
  };
}
