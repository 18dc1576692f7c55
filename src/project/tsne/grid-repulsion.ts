import { Fft, fastLength } from "./fft.ts";
import { cheapestRadius, HEADROOM, MAX_NODES, spacingFor } from "./grid-size.ts";
import { kernelSpectrum } from "./kernel-spectrum.ts";
import { type Bounds, boundsOf } from "./layout-bounds.ts";
import { NearField } from "./near-field.ts";
import type { Repulsion } from "./repulsion.ts";
import { SelfForce } from "./self-force.ts";
import { SPLINE_NODES, splineSlopes, splineWeights } from "./spline.ts";
import type { Team } from "./team.ts";
import { repelTiny, TINY } from "./tiny-layout.ts";

/** Iterations after which the radius is chosen anew. */
const CHOICE_LASTS = 10;
const STRIP_ROWS = 32;
const COLUMNS = 8;
const ROW_PAIRS = 8;
const POINTS = 512;
const CELL_ROWS = 2;

/** Memory that a team shares for {@link GridRepulsion}. */
export interface GridMemory {
  /** Half spectrum, [nodes × (nodes + 1)], real parts. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** The potential at the nodes, [nodes × nodes]. */
  readonly potential: Float64Array;
  /** One number a piece of work. */
  readonly partial: Float64Array;
}

/** Memory for the largest grid; the system gives pages only for what is used. */
export function gridMemory(): GridMemory {
  const floats = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8));
  return {
    re: floats(MAX_NODES * (MAX_NODES + 1)),
    im: floats(MAX_NODES * (MAX_NODES + 1)),
    potential: floats(MAX_NODES * MAX_NODES),
    partial: floats(4 * MAX_NODES),
  };
}

/**
 * Repulsion by interpolation on a grid, for layouts in the plane: N work for the points, G² log G for G nodes a side.
 *
 * Points are spread onto the grid as splines of degree 5, the density is convolved with the potential 1/(1 + |d|²)
 * by Fourier transforms, and every point's force is −½ of the gradient of the interpolated potential. Z comes from
 * the same spectrum (Parseval), so one transform forth and one back are all it takes.
 *
 * Source    after G. C. Linderman et al., "Fast interpolation-based t-SNE", Nature Methods 16, 2019; splines and the
 *           force as a gradient in place of piecewise polynomials and four charges
 */
export class GridRepulsion implements Repulsion {
  readonly #team: Team;
  readonly #layout: Float64Array;
  readonly #force: Float64Array;
  readonly #memory: GridMemory;
  #fft = new Fft(2);
  readonly #near: NearField;
  #bounds: Bounds = { x: 0, y: 0, extent: 0 };
  #calls = 0;
  #radius = 0;
  #plannedRadius = 0;
  #spacing = 0;
  #nodes = 0;
  #originX = 0;
  #originY = 0;
  #spectrum: Float64Array = new Float64Array(0);
  #self: SelfForce | undefined;
  #strip = new Float64Array(0);
  #columns: { readonly re: Float64Array; readonly im: Float64Array }[] = [];

  constructor(team: Team, layout: Float64Array, force: Float64Array, memory: GridMemory) {
    this.#team = team;
    this.#layout = layout;
    this.#force = force;
    this.#memory = memory;
    this.#near = new NearField(layout);
  }

  /** The square around the layout as it was when the grid was last laid over it. */
  get bounds(): Bounds {
    return this.#bounds;
  }

  compute(): number {
    if (boundsOf(this.#layout).extent < TINY) return repelTiny(this.#team, this.#layout, this.#force);
    if (this.#calls++ % CHOICE_LASTS === 0) this.#radius = cheapestRadius(this.#layout);
    let normaliser = this.potential(this.#radius);
    const grid = { originX: this.#originX, originY: this.#originY, spacing: this.#spacing };
    this.#team.share(this.#layout.length / 2, POINTS, (from, to) => {
      this.forces(this.#layout, this.#force, from, to);
      this.#self?.takeOff(this.#layout, this.#force, grid, from, to);
    });
    if (this.#radius > 0) normaliser += this.#addNearField();
    return normaliser;
  }

  /** Brings the potential of the layout onto the grid, without the near field inside `radius`. Returns its part of Z. */
  potential(radius: number): number {
    this.#fit(radius);
    const nodes = this.#nodes;
    this.#team.share(nodes, STRIP_ROWS, (from, to) => this.#spreadRows(from, to));
    this.#team.share(nodes + 1, COLUMNS, (from, to) => this.#convolveColumns(from, to));
    this.#team.share(nodes / 2, ROW_PAIRS, (from, to) => {
      for (let pair = from; pair < to; pair++) this.#invertRows(2 * pair);
    });
    let normaliser = -this.#layout.length / 2; // every point meets itself once
    for (let column = 0; column <= nodes; column++) normaliser += this.#memory.partial[column]!;
    return normaliser;
  }

  #addNearField(): number {
    const { partial } = this.#memory;
    this.#near.sort(this.#radius, this.#bounds);
    const { rows } = this.#near;
    this.#team.share(rows, CELL_ROWS, (from, to) => {
      partial[from / CELL_ROWS] = this.#near.addForces(this.#force, from, to);
    });
    let normaliser = 0;
    for (let piece = 0; piece < Math.ceil(rows / CELL_ROWS); piece++) normaliser += partial[piece]!;
    return normaliser;
  }

  /** −½ of the potential's gradient at points from…to−1 of `at`, [N × 2], which lie inside the layout's bounds. */
  forces(at: Float64Array, force: Float64Array, from: number, to: number): void {
    const { potential } = this.#memory;
    const nodes = this.#nodes;
    const scale = 1 / this.#spacing;
    const wx = new Float64Array(SPLINE_NODES);
    const wy = new Float64Array(SPLINE_NODES);
    const sx = new Float64Array(SPLINE_NODES);
    const sy = new Float64Array(SPLINE_NODES);
    for (let i = from; i < to; i++) {
      const x = (at[2 * i]! - this.#originX) * scale;
      const y = (at[2 * i + 1]! - this.#originY) * scale;
      const column = Math.floor(x);
      const row = Math.floor(y);
      splineWeights(x - column, wx);
      splineSlopes(x - column, sx);
      splineWeights(y - row, wy);
      splineSlopes(y - row, sy);
      const a0 = wx[0]!;
      const a1 = wx[1]!;
      const a2 = wx[2]!;
      const a3 = wx[3]!;
      const a4 = wx[4]!;
      const a5 = wx[5]!;
      const b0 = sx[0]!;
      const b1 = sx[1]!;
      const b2 = sx[2]!;
      const b3 = sx[3]!;
      const b4 = sx[4]!;
      const b5 = sx[5]!;
      let gx = 0;
      let gy = 0;
      let place = (row - 2) * nodes + column - 2;
      for (let r = 0; r < SPLINE_NODES; r++) {
        const p0 = potential[place]!;
        const p1 = potential[place + 1]!;
        const p2 = potential[place + 2]!;
        const p3 = potential[place + 3]!;
        const p4 = potential[place + 4]!;
        const p5 = potential[place + 5]!;
        gx += wy[r]! * (b0 * p0 + b1 * p1 + b2 * p2 + b3 * p3 + b4 * p4 + b5 * p5);
        gy += sy[r]! * (a0 * p0 + a1 * p1 + a2 * p2 + a3 * p3 + a4 * p4 + a5 * p5);
        place += nodes;
      }
      force[2 * i] = -0.5 * scale * gx;
      force[2 * i + 1] = -0.5 * scale * gy;
    }
  }

  /** The potential Σ_j 1/(1 + |y − y_j|²) at one place inside the layout's bounds. */
  potentialAt(x: number, y: number): number {
    const { potential } = this.#memory;
    const [wx, wy] = [new Float64Array(SPLINE_NODES), new Float64Array(SPLINE_NODES)];
    const gridX = (x - this.#originX) / this.#spacing;
    const gridY = (y - this.#originY) / this.#spacing;
    splineWeights(gridX - Math.floor(gridX), wx);
    splineWeights(gridY - Math.floor(gridY), wy);
    let sum = 0;
    for (let r = 0; r < SPLINE_NODES; r++) {
      const place = (Math.floor(gridY) - 2 + r) * this.#nodes + Math.floor(gridX) - 2;
      for (let c = 0; c < SPLINE_NODES; c++) sum += wy[r]! * wx[c]! * potential[place + c]!;
    }
    return sum;
  }

  /** Lays the grid over the layout; every member comes to the same. */
  #fit(radius: number): void {
    this.#bounds = boundsOf(this.#layout);
    const { x, y, extent } = this.#bounds;
    const spacing = spacingFor(extent, radius);
    const needed = Math.ceil(extent / spacing) + SPLINE_NODES + 1;
    if (
      spacing !== this.#spacing ||
      radius !== this.#plannedRadius ||
      needed > this.#nodes ||
      needed * 1.3 < this.#nodes
    ) {
      this.#plan(fastLength(2 * Math.min(MAX_NODES, Math.ceil(needed * HEADROOM))), spacing, radius);
    }
    const margin = ((this.#nodes - 1) * spacing - extent) / 2;
    // The middle of the layout in the middle of the grid, with the splines' feet inside.
    this.#originX = x - margin;
    this.#originY = y - margin;
  }

  #plan(length: number, spacing: number, radius: number): void {
    this.#fft = new Fft(length);
    this.#nodes = length / 2;
    this.#spacing = spacing;
    this.#plannedRadius = radius;
    this.#spectrum = kernelSpectrum(this.#fft, spacing, radius);
    this.#self = new SelfForce(this.#spectrum, length, spacing);
    this.#strip = new Float64Array(STRIP_ROWS * this.#nodes);
    this.#columns = Array.from({ length: COLUMNS }, () => ({
      re: new Float64Array(length),
      im: new Float64Array(length),
    }));
  }

  /** Rows from…to−1 of the density and their transforms; two real rows share one complex transform. */
  #spreadRows(from: number, to: number): void {
    const nodes = this.#nodes;
    const strip = this.#strip;
    strip.fill(0);
    this.#spreadPoints(from, to);
    const { re, im } = this.#columns[0]!;
    const { re: outRe, im: outIm } = this.#memory;
    const length = this.#fft.length;
    for (let row = from; row < to; row += 2) {
      const place = (row - from) * nodes;
      for (let n = 0; n < nodes; n++) {
        re[n] = strip[place + n]!;
        im[n] = strip[place + nodes + n]!;
      }
      re.fill(0, nodes);
      im.fill(0, nodes);
      this.#fft.transform(re, im);
      const first = row * (nodes + 1);
      const second = first + nodes + 1;
      for (let k = 0; k <= nodes; k++) {
        const mirror = k === 0 ? 0 : length - k;
        const ar = re[k]!;
        const ai = im[k]!;
        const br = re[mirror]!;
        const bi = im[mirror]!;
        outRe[first + k] = 0.5 * (ar + br);
        outIm[first + k] = 0.5 * (ai - bi);
        outRe[second + k] = 0.5 * (ai + bi);
        outIm[second + k] = 0.5 * (br - ar);
      }
    }
  }

  #spreadPoints(from: number, to: number): void {
    const y = this.#layout;
    const strip = this.#strip;
    const nodes = this.#nodes;
    const scale = 1 / this.#spacing;
    const [originX, originY] = [this.#originX, this.#originY];
    const wx = new Float64Array(SPLINE_NODES);
    const wy = new Float64Array(SPLINE_NODES);
    for (let i = 0; i < y.length; i += 2) {
      const gridY = (y[i + 1]! - originY) * scale;
      const row = Math.floor(gridY);
      if (row + 3 < from || row - 2 >= to) continue;
      const gridX = (y[i]! - originX) * scale;
      const column = Math.floor(gridX);
      splineWeights(gridX - column, wx);
      splineWeights(gridY - row, wy);
      for (let r = 0; r < SPLINE_NODES; r++) {
        const inStrip = row - 2 + r - from;
        if (inStrip < 0 || inStrip >= to - from) continue;
        const place = inStrip * nodes + column - 2;
        const w = wy[r]!;
        for (let c = 0; c < SPLINE_NODES; c++) strip[place + c] = strip[place + c]! + w * wx[c]!;
      }
    }
  }

  /** Transforms columns forth, multiplies with the kernel's spectrum, and transforms back. */
  #convolveColumns(from: number, to: number): void {
    const nodes = this.#nodes;
    const width = nodes + 1;
    const length = this.#fft.length;
    const { re, im, partial } = this.#memory;
    for (let row = 0; row < nodes; row++) {
      for (let column = from; column < to; column++) {
        const buffer = this.#columns[column - from]!;
        buffer.re[row] = re[row * width + column]!;
        buffer.im[row] = im[row * width + column]!;
      }
    }
    for (let column = from; column < to; column++) {
      const { re: cr, im: ci } = this.#columns[column - from]!;
      cr.fill(0, nodes);
      ci.fill(0, nodes);
      this.#fft.transform(cr, ci);
      const energy = multiply(cr, ci, this.#spectrum, column * width, length);
      partial[column] = column === 0 || column === nodes ? energy : 2 * energy;
      this.#fft.transform(ci, cr);
    }
    for (let row = 0; row < nodes; row++) {
      for (let column = from; column < to; column++) {
        const buffer = this.#columns[column - from]!;
        re[row * width + column] = buffer.re[row]!;
        im[row * width + column] = buffer.im[row]!;
      }
    }
  }

  /** Two rows of the potential out of their half spectra. */
  #invertRows(row: number): void {
    const nodes = this.#nodes;
    const length = this.#fft.length;
    const { re, im } = this.#columns[0]!;
    const { re: inRe, im: inIm, potential } = this.#memory;
    const first = row * (nodes + 1);
    const second = first + nodes + 1;
    for (let k = 0; k <= nodes; k++) {
      const ar = inRe[first + k]!;
      const ai = inIm[first + k]!;
      const br = inRe[second + k]!;
      const bi = inIm[second + k]!;
      if (k > 0 && k < nodes) {
        re[length - k] = ar + bi;
        im[length - k] = br - ai;
      }
      re[k] = ar - bi;
      im[k] = ai + br;
    }
    this.#fft.transform(im, re);
    potential.set(re.subarray(0, nodes), row * nodes);
    potential.set(im.subarray(0, nodes), (row + 1) * nodes);
  }
}

/** Multiplies a column with the real, even spectrum in place. Returns Σ |density|² · spectrum. */
function multiply(
  re: Float64Array,
  im: Float64Array,
  spectrum: Float64Array,
  column: number,
  length: number,
): number {
  let energy = 0;
  for (let k = 0; k < length; k++) {
    const factor = spectrum[column + (k <= length / 2 ? k : length - k)]!;
    const a = re[k]!;
    const b = im[k]!;
    energy += (a * a + b * b) * factor;
    re[k] = a * factor;
    im[k] = b * factor;
  }
  return energy;
}
