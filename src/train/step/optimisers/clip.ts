import { add, divide, minimum, multiply, reduceSum, sqrt, type Value } from "../../../autodiff/index.ts";
import type { Trained } from "./optimiser.ts";

/**
 * Gradients shortened together where all of them as one vector are longer than `limit`.
 *
 * Formula   g · min(1, limit / (‖all g‖ + 1e-6))
 * Source    torch.nn.utils.clip_grad_norm_
 */
export function clipped(
  trained: readonly Trained[],
  limit: number,
): { readonly trained: readonly Trained[]; readonly norm: Value } {
  const squares = trained.map(({ gradient }) => reduceSum(multiply(gradient, gradient)));
  const norm = sqrt(squares.reduce((sum, square) => add(sum, square)));
  const factor = minimum(divide(limit, add(norm, 1e-6)), 1);
  return {
    norm,
    trained: trained.map(({ parameter, gradient }) => ({
      parameter,
      gradient: multiply(gradient, factor),
    })),
  };
}
