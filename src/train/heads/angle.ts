import {
  acos,
  add,
  clamp,
  multiply,
  sqrt,
  straightThrough,
  subtract,
  type Value,
} from "../../autodiff/index.ts";

/**
 * sin²θ below which gradients are held: 0.06° from 0° and 180°. Nearer, d sin θ / d cos θ = −cos θ / sin θ goes to
 * infinity, and infinity times a zero elsewhere would be NaN everywhere.
 */
const EDGE = 1e-6;

/**
 * sin θ of cos θ.
 *
 * Ranges    cosine in [−1, 1]; result in [0, 1]
 * Gradient  −cos θ / sin θ; none within 0.06° of 0° and 180°
 */
export function sineOf(cosine: Value): Value {
  // 1 − cos² loses digits near 1 that the product keeps.
  const square = multiply(subtract(1, cosine), add(1, cosine));
  return straightThrough(sqrt(clamp(square, 0, 1)), sqrt(clamp(square, EDGE, 1)));
}

/**
 * θ of cos θ, in radians.
 *
 * Ranges    cosine in [−1, 1]; result in [0, π]
 * Gradient  −1 / sin θ; none within 0.06° of 0° and 180°
 */
export function angleOf(cosine: Value): Value {
  const inner = 1 - EDGE / 2;
  return straightThrough(acos(cosine), acos(clamp(cosine, -inner, inner)));
}
