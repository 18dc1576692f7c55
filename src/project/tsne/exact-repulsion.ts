import type { Repulsion } from "./repulsion.ts";
import type { Team } from "./team.ts";

const ROWS = 64;

/** Repulsion summed over all pairs: N² work, no error. The readable twin of the fast ones. */
export class ExactRepulsion implements Repulsion {
  readonly #team: Team;
  readonly #layout: Float64Array;
  readonly #force: Float64Array;
  readonly #dimensions: number;
  readonly #count: number;
  readonly #partial: Float64Array;

  /**
   * @param force [N × dimensions], shared by the team
   * @param partial shared numbers, at least N
   */
  constructor(
    team: Team,
    layout: Float64Array,
    dimensions: number,
    force: Float64Array,
    partial: Float64Array,
  ) {
    this.#team = team;
    this.#layout = layout;
    this.#force = force;
    this.#dimensions = dimensions;
    this.#count = layout.length / dimensions;
    this.#partial = partial;
  }

  compute(): number {
    const sum = this.#dimensions === 2 ? planeRows : spaceRows;
    this.#team.share(this.#count, ROWS, (from, to) => {
      this.#partial[from / ROWS] = sum(this.#layout, this.#force, this.#count, from, to);
    });
    let normaliser = 0;
    for (let i = 0; i < Math.ceil(this.#count / ROWS); i++) normaliser += this.#partial[i]!;
    return normaliser;
  }
}

function planeRows(y: Float64Array, force: Float64Array, count: number, from: number, to: number): number {
  let normaliser = 0;
  for (let i = from; i < to; i++) {
    const x0 = y[2 * i]!;
    const x1 = y[2 * i + 1]!;
    let f0 = 0;
    let f1 = 0;
    let z = -1; // the point itself, which the loop counts too
    for (let j = 0; j < count; j++) {
      const d0 = x0 - y[2 * j]!;
      const d1 = x1 - y[2 * j + 1]!;
      const q = 1 / (1 + d0 * d0 + d1 * d1);
      const q2 = q * q;
      z += q;
      f0 += q2 * d0;
      f1 += q2 * d1;
    }
    force[2 * i] = f0;
    force[2 * i + 1] = f1;
    normaliser += z;
  }
  return normaliser;
}

function spaceRows(y: Float64Array, force: Float64Array, count: number, from: number, to: number): number {
  let normaliser = 0;
  for (let i = from; i < to; i++) {
    const x0 = y[3 * i]!;
    const x1 = y[3 * i + 1]!;
    const x2 = y[3 * i + 2]!;
    let f0 = 0;
    let f1 = 0;
    let f2 = 0;
    let z = -1;
    for (let j = 0; j < count; j++) {
      const d0 = x0 - y[3 * j]!;
      const d1 = x1 - y[3 * j + 1]!;
      const d2 = x2 - y[3 * j + 2]!;
      const q = 1 / (1 + d0 * d0 + d1 * d1 + d2 * d2);
      const q2 = q * q;
      z += q;
      f0 += q2 * d0;
      f1 += q2 * d1;
      f2 += q2 * d2;
    }
    force[3 * i] = f0;
    force[3 * i + 1] = f1;
    force[3 * i + 2] = f2;
    normaliser += z;
  }
  return normaliser;
}
