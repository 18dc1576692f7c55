import type { Affinities } from "./affinities.ts";
import type { Repulsion } from "./repulsion.ts";
import type { Team } from "./team.ts";

const ROWS = 256;

/** Steps of the descent that improves a layout. */
export interface Schedule {
  readonly iterations: number;
  /** Factor on the affinities at first, which gathers clusters before they spread. */
  readonly exaggeration: number;
  /** The number of iterations that are exaggerated. */
  readonly exaggerated: number;
  /** Step sizes while exaggerated, and after. */
  readonly learningRates: readonly [number, number];
  readonly momenta: readonly [number, number];
}

/** Memory that the members of a team share while they descend. All [N × dimensions]. */
export interface DescentMemory {
  readonly layout: Float64Array;
  readonly force: Float64Array;
  readonly attraction: Float64Array;
  readonly velocity: Float64Array;
  readonly gains: Float64Array;
  /** One number a piece of the repulsion's work. */
  readonly partial: Float64Array;
  /** One number a piece of the divergence: a thread may still be adding up the other when this is written. */
  readonly divergences: Float64Array;
}

/** Memory for the points of a layout, gains at 1. */
export function descentMemory(count: number, dimensions: number): DescentMemory {
  const floats = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8));
  const size = count * dimensions;
  return {
    layout: floats(size),
    force: floats(size),
    attraction: floats(size),
    velocity: floats(size),
    gains: floats(size).fill(1),
    partial: floats(count),
    divergences: floats(count),
  };
}

/**
 * Gradient descent with momentum and gains on the Kullback–Leibler divergence between affinities and layout.
 *
 * Formula   ∂KL/∂y_i = 4·(Σ_j p_ij w_ij (y_i − y_j) − (1/Z) Σ_j w_ij² (y_i − y_j)), w = (1 + |y_i − y_j|²)⁻¹; the 4 is
 *           left to the learning rate
 * Source    L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", 2008; learning rate N/12 after A. C. Belkina
 *           et al., 2019
 */
export class Descent {
  readonly #team: Team;
  readonly #dimensions: number;
  readonly #affinities: Affinities;
  readonly #repulsion: Repulsion;
  readonly #memory: DescentMemory;
  readonly #count: number;

  constructor(
    team: Team,
    dimensions: number,
    affinities: Affinities,
    repulsion: Repulsion,
    memory: DescentMemory,
  ) {
    this.#team = team;
    this.#dimensions = dimensions;
    this.#affinities = affinities;
    this.#repulsion = repulsion;
    this.#memory = memory;
    this.#count = memory.layout.length / dimensions;
  }

  /** Moves the layout once. */
  step(iteration: number, schedule: Schedule): void {
    const exaggerated = iteration < schedule.exaggerated;
    const phase = exaggerated ? 0 : 1;
    const normaliser = this.#repulsion.compute();
    const { layout, force, attraction, velocity, gains } = this.#memory;
    const attract = this.#dimensions === 2 ? attractInPlane : attractInSpace;
    this.#team.share(this.#count, ROWS, (from, to) =>
      attract(this.#affinities, layout, attraction, from, to),
    );
    const factor = exaggerated ? schedule.exaggeration : 1;
    const inverse = normaliser > 0 ? 1 / normaliser : 0;
    this.#team.share(this.#count * this.#dimensions, 4096, (from, to) => {
      const rate = schedule.learningRates[phase];
      const momentum = schedule.momenta[phase];
      for (let n = from; n < to; n++) {
        const gradient = factor * attraction[n]! - inverse * force[n]!;
        const before = velocity[n]!;
        let gain = gains[n]!;
        gain = gradient > 0 === before > 0 ? Math.max(0.01, gain * 0.8) : gain + 0.2;
        gains[n] = gain;
        const v = momentum * before - rate * gain * gradient;
        velocity[n] = v;
        layout[n] = layout[n]! + v;
      }
    });
  }

  /** KL(P ‖ Q) of the layout as it is; with a fast repulsion as exact as its Z. */
  divergence(): number {
    const normaliser = this.#repulsion.compute();
    const { layout, divergences } = this.#memory;
    this.#team.share(this.#count, ROWS, (from, to) => {
      divergences[from / ROWS] = rowsDivergence(this.#affinities, layout, this.#dimensions, from, to);
    });
    let divergence = 0;
    for (let piece = 0; piece < Math.ceil(this.#count / ROWS); piece++) divergence += divergences[piece]!;
    return normaliser > 0 ? divergence + Math.log(normaliser) : 0;
  }
}

/** Σ p·(ln p − ln w) over rows: KL without the ln Z, which Σ p = 1 lets be added once. */
function rowsDivergence(
  { starts, columns, values }: Affinities,
  y: Float64Array,
  dimensions: number,
  from: number,
  to: number,
): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    for (let e = starts[i]!; e < starts[i + 1]!; e++) {
      const p = values[e]!;
      if (p === 0) continue;
      const j = columns[e]!;
      let square = 1;
      for (let d = 0; d < dimensions; d++) {
        const difference = y[i * dimensions + d]! - y[j * dimensions + d]!;
        square += difference * difference;
      }
      sum += p * Math.log(p * square);
    }
  }
  return sum;
}

function attractInPlane(
  { starts, columns, values }: Affinities,
  y: Float64Array,
  out: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const x0 = y[2 * i]!;
    const x1 = y[2 * i + 1]!;
    const end = starts[i + 1]!;
    let f0 = 0;
    let f1 = 0;
    for (let e = starts[i]!; e < end; e++) {
      const j = 2 * columns[e]!;
      const d0 = x0 - y[j]!;
      const d1 = x1 - y[j + 1]!;
      const w = values[e]! / (1 + d0 * d0 + d1 * d1);
      f0 += w * d0;
      f1 += w * d1;
    }
    out[2 * i] = f0;
    out[2 * i + 1] = f1;
  }
}

function attractInSpace(
  { starts, columns, values }: Affinities,
  y: Float64Array,
  out: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const x0 = y[3 * i]!;
    const x1 = y[3 * i + 1]!;
    const x2 = y[3 * i + 2]!;
    const end = starts[i + 1]!;
    let f0 = 0;
    let f1 = 0;
    let f2 = 0;
    for (let e = starts[i]!; e < end; e++) {
      const j = 3 * columns[e]!;
      const d0 = x0 - y[j]!;
      const d1 = x1 - y[j + 1]!;
      const d2 = x2 - y[j + 2]!;
      const w = values[e]! / (1 + d0 * d0 + d1 * d1 + d2 * d2);
      f0 += w * d0;
      f1 += w * d1;
      f2 += w * d2;
    }
    out[3 * i] = f0;
    out[3 * i + 1] = f1;
    out[3 * i + 2] = f2;
  }
}
