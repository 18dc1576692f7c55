import { setImmediate } from "node:timers/promises";
import { FaceError, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { NeighbourSearch } from "../neighbour-search.ts";
import { checkPoints, type Points } from "../points.ts";
import { rowAffinities } from "./affinities.ts";
import { GridRepulsion, gridMemory } from "./grid-repulsion.ts";
import { Team } from "./team.ts";

/** Options for placing new points. */
export interface TsneTransformOptions extends WorkOptions {
  /** Neighbours among the old points that count for a new one, softly. @default 5 */
  readonly perplexity?: number;
  /** @default 100 */
  readonly iterations?: number;
}

/** Old points with their layout, as `embedTsne` made it. */
export interface Reference {
  readonly points: Points;
  /** Shapes    [N × dimensions] */
  readonly layout: ArrayLike<number>;
  readonly dimensions: 2 | 3;
}

const LEARNING_RATE = 0.5;
/** Old points from which on their repulsion is read from a grid made once. */
const GRID_FROM = 1000;

/**
 * Places for new points in a finished t-SNE layout, which stays as it is.
 *
 * Every new point descends on KL(p ‖ q) of its own affinities with the old points, from the mean of its neighbours'
 * places. New points do not see one another, so a place does not depend on what else is asked for.
 *
 * Shapes    result [M × dimensions]
 * Throws    FaceError SHAPE when dimensions differ, USAGE, ABORTED
 * Source    P. G. Poličar, M. Stražar, B. Zupan, "Embedding to reference t-SNE space", 2021, in principle
 */
export async function tsneTransform(
  reference: Reference,
  points: Points,
  options: TsneTransformOptions = {},
): Promise<Float32Array> {
  checkPoints("t-SNE transform", points);
  checkPoints("t-SNE transform, reference", reference.points);
  const { dimensions, points: old } = reference;
  if (points.dimension !== old.dimension || reference.layout.length !== old.count * dimensions) {
    throw new FaceError("SHAPE", {
      where: "t-SNE transform",
      expected: `points of dimension ${old.dimension} and a layout of ${old.count} × ${dimensions}`,
      got: `${points.dimension} and ${reference.layout.length} numbers`,
    });
  }
  const perplexity = Math.min(options.perplexity ?? 5, Math.max(1, old.count / 3));
  const k = Math.min(old.count, Math.max(1, Math.floor(3 * perplexity)));
  const layout = Float64Array.from(reference.layout);
  const field = dimensions === 2 && old.count >= GRID_FROM ? gridField(layout) : sumField(layout, dimensions);
  const indices = new Int32Array(points.count * k);
  const distances = new Float32Array(points.count * k);
  const places = new Float32Array(points.count * dimensions);
  await using search = await NeighbourSearch.open(old, k);
  const row = new Float64Array(k);
  for (let from = 0; from < points.count; from += NeighbourSearch.ROWS) {
    throwIfAborted(options.signal);
    const to = Math.min(points.count, from + NeighbourSearch.ROWS);
    await search.rows(points, from, to, indices, distances, false);
    for (let i = from; i < to; i++) {
      const squares = Float64Array.from(distances.subarray(i * k, (i + 1) * k), (d) => d * d);
      rowAffinities(squares, perplexity, row);
      const neighbours = indices.subarray(i * k, (i + 1) * k);
      places.set(
        descend(layout, dimensions, neighbours, row, field, options.iterations ?? 100),
        i * dimensions,
      );
    }
    options.onProgress?.({ stage: "new points", done: to, total: points.count });
    await setImmediate();
  }
  return places;
}

/** Writes the repulsion of all old points at a place; returns Σ (1 + |y − y_j|²)⁻¹. May move the place inside. */
type Field = (place: Float64Array, force: Float64Array) => number;

function descend(
  layout: Float64Array,
  dimensions: number,
  neighbours: Int32Array,
  affinities: Float64Array,
  field: Field,
  iterations: number,
): Float64Array {
  const place = new Float64Array(dimensions);
  const force = new Float64Array(dimensions);
  for (const [n, j] of neighbours.entries()) {
    for (let d = 0; d < dimensions; d++) place[d] = place[d]! + affinities[n]! * layout[j * dimensions + d]!;
  }
  for (let iteration = 0; iteration < iterations; iteration++) {
    const normaliser = field(place, force);
    const gradient = force.map((value) => -value / normaliser);
    for (const [n, j] of neighbours.entries()) {
      let square = 1;
      for (let d = 0; d < dimensions; d++) square += (place[d]! - layout[j * dimensions + d]!) ** 2;
      for (let d = 0; d < dimensions; d++) {
        gradient[d] = gradient[d]! + (affinities[n]! / square) * (place[d]! - layout[j * dimensions + d]!);
      }
    }
    for (let d = 0; d < dimensions; d++) place[d] = place[d]! - LEARNING_RATE * gradient[d]!;
  }
  return place;
}

function sumField(layout: Float64Array, dimensions: number): Field {
  return (place, force) => {
    force.fill(0);
    let sum = 0;
    for (let j = 0; j < layout.length; j += dimensions) {
      let square = 1;
      for (let d = 0; d < dimensions; d++) square += (place[d]! - layout[j + d]!) ** 2;
      sum += 1 / square;
      for (let d = 0; d < dimensions; d++) {
        force[d] = force[d]! + (place[d]! - layout[j + d]!) / (square * square);
      }
    }
    return sum;
  };
}

function gridField(layout: Float64Array): Field {
  const grid = new GridRepulsion(new Team(0, 1, Team.control()), layout, new Float64Array(0), gridMemory());
  grid.potential(0);
  const { x, y, extent } = grid.bounds;
  return (place, force) => {
    place[0] = Math.min(x + extent, Math.max(x, place[0]!));
    place[1] = Math.min(y + extent, Math.max(y, place[1]!));
    grid.forces(place, force, 0, 1);
    return grid.potentialAt(place[0], place[1]);
  };
}
