import { SPLINE_NODES, splineSlopes, splineWeights } from "./spline.ts";

/** Lags at which two splines of one point meet: 0…5. */
const LAGS = SPLINE_NODES;

/**
 * The force that a point feels from its own density on the grid: 0 in truth, but not between nodes. In a layout whose points
 * lie apart it would be most of the grid's error.
 *
 * Formula   with a(k) = Σ w_r w_{r−k} and b(k) = Σ s_r w_{r−k} of the weights w and slopes s, −½ Σ b(l) a(k) K(l, k), K
 *           the grid's kernel in space
 */
export class SelfForce {
  readonly #kernel: Float64Array;
  readonly #scale: number;
  readonly #weights = [new Float64Array(SPLINE_NODES), new Float64Array(SPLINE_NODES)] as const;
  readonly #slopes = [new Float64Array(SPLINE_NODES), new Float64Array(SPLINE_NODES)] as const;
  readonly #even = [new Float64Array(LAGS), new Float64Array(LAGS)] as const;
  readonly #odd = [new Float64Array(LAGS), new Float64Array(LAGS)] as const;

  /**
   * @param spectrum of the kernel, as `kernelSpectrum` gives it
   * @param length of the transform
   */
  constructor(spectrum: Float64Array, length: number, spacing: number) {
    this.#kernel = kernelAtLags(spectrum, length);
    this.#scale = -0.5 / spacing;
  }

  /** Takes it off the forces of points from…to−1. @param grid where its first node is, and how far apart nodes are */
  takeOff(
    layout: Float64Array,
    force: Float64Array,
    grid: { readonly originX: number; readonly originY: number; readonly spacing: number },
    from: number,
    to: number,
  ): void {
    const { originX, originY, spacing } = grid;
    const kernel = this.#kernel;
    const [evenX, evenY] = this.#even;
    const [oddX, oddY] = this.#odd;
    for (let i = from; i < to; i++) {
      this.#fold((layout[2 * i]! - originX) / spacing, 0);
      this.#fold((layout[2 * i + 1]! - originY) / spacing, 1);
      let [fx, fy] = [0, 0];
      for (let k = 0; k < LAGS; k++) {
        for (let l = 0; l < LAGS; l++) {
          const value = kernel[k * LAGS + l]!;
          fx += oddX[l]! * evenY[k]! * value;
          fy += evenX[l]! * oddY[k]! * value;
        }
      }
      force[2 * i] = force[2 * i]! - this.#scale * fx;
      force[2 * i + 1] = force[2 * i + 1]! - this.#scale * fy;
    }
  }

  /** Sums over lags of both signs: the kernel is even. */
  #fold(at: number, axis: 0 | 1): void {
    const [w, s, even, odd] = [this.#weights[axis], this.#slopes[axis], this.#even[axis], this.#odd[axis]];
    const within = at - Math.floor(at);
    splineWeights(within, w);
    splineSlopes(within, s);
    even.fill(0);
    odd.fill(0);
    for (let a = 0; a < SPLINE_NODES; a++) {
      for (let b = 0; b < SPLINE_NODES; b++) {
        const lag = Math.abs(a - b);
        even[lag] = even[lag]! + w[a]! * w[b]!;
        odd[lag] = odd[lag]! + s[a]! * w[b]!;
      }
    }
  }
}

/** The kernel between nodes so far apart, from the quadrant of its spectrum. */
function kernelAtLags(spectrum: Float64Array, length: number): Float64Array {
  const half = length / 2;
  const side = half + 1;
  const cosines = Float64Array.from({ length: LAGS * side }, (_, n) => {
    const k = n % side;
    const twice = k === 0 || k === half ? 1 : 2;
    return twice * Math.cos((2 * Math.PI * k * Math.floor(n / side)) / length);
  });
  const partial = new Float64Array(side * LAGS);
  for (let row = 0; row < side; row++) {
    for (let lag = 0; lag < LAGS; lag++) {
      let sum = 0;
      for (let k = 0; k < side; k++) sum += spectrum[row * side + k]! * cosines[lag * side + k]!;
      partial[row * LAGS + lag] = sum;
    }
  }
  const kernel = new Float64Array(LAGS * LAGS);
  for (let k = 0; k < LAGS; k++) {
    for (let l = 0; l < LAGS; l++) {
      let sum = 0;
      for (let row = 0; row < side; row++) sum += partial[row * LAGS + l]! * cosines[k * side + row]!;
      kernel[k * LAGS + l] = sum;
    }
  }
  return kernel;
}
