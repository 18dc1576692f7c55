import type { Repulsion } from "./repulsion.ts";
import type { Team } from "./team.ts";

/** A cell counts as one point when its side is less than this part of its distance. */
const THETA = 0.5;
const ROWS = 64;
/** Halvings after which points that are still together are taken as one place. */
const MAX_DEPTH = 40;

/**
 * Repulsion by the Barnes–Hut tree: points far away are taken together, N log N work in the plane and in space.
 *
 * Every member of the team builds the same tree for itself.
 *
 * Source    J. Barnes, P. Hut, "A hierarchical O(N log N) force-calculation algorithm", 1986; L. van der Maaten,
 *           "Accelerating t-SNE using tree-based algorithms", 2014
 */
export class TreeRepulsion implements Repulsion {
  readonly #team: Team;
  readonly #layout: Float64Array;
  readonly #force: Float64Array;
  readonly #dimensions: number;
  readonly #count: number;
  readonly #partial: Float64Array;
  readonly #branching: number;
  /** Children of each cell, 0 where there is none. */
  #children: Int32Array;
  /** Point of a leaf, −1 in a cell that was divided. */
  #point: Int32Array;
  /** The number of points that lie in a cell, and their sum, later their mean. */
  #mass: Float64Array;
  #centre: Float64Array;
  /** The squared distance from which on a cell counts as one point; 0 for leaves, which always do. */
  #limit: Float64Array;
  #cells = 0;
  #origin = new Float64Array(3);
  #extent = 0;
  readonly #stack = new Int32Array(MAX_DEPTH * 8 + 16);

  /** Takes what {@link ExactRepulsion} takes. */
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
    this.#branching = 2 ** dimensions;
    const room = 2 * this.#count + 64;
    this.#children = new Int32Array(room * this.#branching);
    this.#point = new Int32Array(room);
    this.#mass = new Float64Array(room);
    this.#centre = new Float64Array(room * dimensions);
    this.#limit = new Float64Array(room);
  }

  compute(): number {
    this.#build();
    this.#team.share(this.#count, ROWS, (from, to) => {
      let normaliser = 0;
      for (let i = from; i < to; i++) normaliser += this.#pointForce(i);
      this.#partial[from / ROWS] = normaliser;
    });
    let normaliser = 0;
    for (let piece = 0; piece < Math.ceil(this.#count / ROWS); piece++) normaliser += this.#partial[piece]!;
    return normaliser;
  }

  #build(): void {
    const d = this.#dimensions;
    const low = new Float64Array(d).fill(Number.POSITIVE_INFINITY);
    const high = new Float64Array(d).fill(Number.NEGATIVE_INFINITY);
    for (let n = 0; n < this.#layout.length; n++) {
      const value = this.#layout[n]!;
      if (value < low[n % d]!) low[n % d] = value;
      if (value > high[n % d]!) high[n % d] = value;
    }
    this.#extent = Math.max(...high.map((value, axis) => value - low[axis]!)) || 1;
    this.#origin = low;
    this.#cells = 0;
    this.#limit[this.#newCell(-1)] = this.#extent ** 2 / THETA ** 2;
    for (let i = 0; i < this.#count; i++) this.#insert(i);
    for (let cell = 0; cell < this.#cells; cell++) {
      for (let axis = 0; axis < d; axis++) {
        this.#centre[cell * d + axis] = this.#centre[cell * d + axis]! / Math.max(1, this.#mass[cell]!);
      }
    }
  }

  #newCell(point: number): number {
    if (this.#cells === this.#mass.length) this.#grow();
    const cell = this.#cells++;
    this.#children.fill(0, cell * this.#branching, (cell + 1) * this.#branching);
    this.#point[cell] = point;
    this.#mass[cell] = 0;
    this.#limit[cell] = 0;
    this.#centre.fill(0, cell * this.#dimensions, (cell + 1) * this.#dimensions);
    return cell;
  }

  #grow(): void {
    const room = 2 * this.#mass.length;
    const children = new Int32Array(room * this.#branching);
    children.set(this.#children);
    this.#children = children;
    const point = new Int32Array(room);
    point.set(this.#point);
    this.#point = point;
    const mass = new Float64Array(room);
    mass.set(this.#mass);
    this.#mass = mass;
    const centre = new Float64Array(room * this.#dimensions);
    centre.set(this.#centre);
    this.#centre = centre;
    const limit = new Float64Array(room);
    limit.set(this.#limit);
    this.#limit = limit;
  }

  /** The child of a cell at `corner` with sides of 2·`half` a point lies in; moves the corner there. */
  #descend(i: number, corner: Float64Array, half: number): number {
    const d = this.#dimensions;
    let child = 0;
    for (let axis = 0; axis < d; axis++) {
      if (this.#layout[i * d + axis]! >= corner[axis]! + half) {
        child |= 1 << axis;
        corner[axis] = corner[axis]! + half;
      }
    }
    return child;
  }

  #add(cell: number, i: number, times: number): void {
    const d = this.#dimensions;
    this.#mass[cell] = this.#mass[cell]! + times;
    for (let axis = 0; axis < d; axis++) {
      this.#centre[cell * d + axis] = this.#centre[cell * d + axis]! + times * this.#layout[i * d + axis]!;
    }
  }

  #insert(i: number): void {
    const corner = Float64Array.from(this.#origin);
    let half = this.#extent / 2;
    let cell = 0;
    for (let depth = 0; ; depth++, half /= 2) {
      const resident = this.#point[cell]!;
      if (resident >= 0 && (depth >= MAX_DEPTH || this.#samePlace(resident, i))) {
        this.#add(cell, i, 1);
        return;
      }
      if (resident >= 0) {
        // The leaf is divided: its point, and whoever shares its place, moves one level down.
        const moved = this.#newCell(resident);
        const place = this.#descend(resident, Float64Array.from(corner), half);
        this.#children[cell * this.#branching + place] = moved;
        this.#add(moved, resident, this.#mass[cell]!);
        this.#point[cell] = -1;
        this.#limit[cell] = (2 * half) ** 2 / THETA ** 2;
      }
      this.#add(cell, i, 1);
      const place = cell * this.#branching + this.#descend(i, corner, half);
      const child = this.#children[place]!;
      if (child === 0) {
        const leaf = this.#newCell(i);
        this.#children[place] = leaf;
        this.#add(leaf, i, 1);
        return;
      }
      cell = child;
    }
  }

  #samePlace(i: number, j: number): boolean {
    for (let axis = 0; axis < this.#dimensions; axis++) {
      if (this.#layout[i * this.#dimensions + axis] !== this.#layout[j * this.#dimensions + axis])
        return false;
    }
    return true;
  }

  /** Writes the force on a point; returns its part of Z. */
  #pointForce(i: number): number {
    const d = this.#dimensions;
    const layout = this.#layout;
    const centre = this.#centre;
    const limits = this.#limit;
    const masses = this.#mass;
    const children = this.#children;
    const branching = this.#branching;
    const stack = this.#stack;
    const x0 = layout[i * d]!;
    const x1 = layout[i * d + 1]!;
    const x2 = d === 3 ? layout[i * d + 2]! : 0;
    let f0 = 0;
    let f1 = 0;
    let f2 = 0;
    let z = -1; // the point itself, which lies in a leaf that counts too
    let top = 1;
    stack[0] = 0;
    while (top > 0) {
      const cell = stack[--top]!;
      const d0 = x0 - centre[cell * d]!;
      const d1 = x1 - centre[cell * d + 1]!;
      const d2 = d === 3 ? x2 - centre[cell * d + 2]! : 0;
      const square = d0 * d0 + d1 * d1 + d2 * d2;
      if (limits[cell]! <= square) {
        const q = 1 / (1 + square);
        const mass = masses[cell]!;
        z += mass * q;
        const w = mass * q * q;
        f0 += w * d0;
        f1 += w * d1;
        f2 += w * d2;
        continue;
      }
      const first = cell * branching;
      for (let c = first; c < first + branching; c++) {
        const child = children[c]!;
        if (child !== 0) stack[top++] = child;
      }
    }
    this.#force[i * d] = f0;
    this.#force[i * d + 1] = f1;
    if (d === 3) this.#force[i * d + 2] = f2;
    return z;
  }
}
