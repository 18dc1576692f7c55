import { setImmediate } from "node:timers/promises";
import { NeighbourSearch } from "../neighbour-search.ts";
import type { Points } from "../points.ts";
import { type Affinities, affinityMemory, rowAffinities, symmetrize } from "./affinities.ts";
import { Descent, type DescentMemory, descentMemory, type Schedule } from "./descent.ts";
import { ExactRepulsion } from "./exact-repulsion.ts";
import { type GridMemory, GridRepulsion, gridMemory } from "./grid-repulsion.ts";
import type { Repulsion, RepulsionMethod } from "./repulsion.ts";
import { Team } from "./team.ts";
import { TreeRepulsion } from "./tree-repulsion.ts";

/** A layout to be made: what to do, and the memory that the threads share for it. Can be posted to a worker. */
export interface TsneJob {
  readonly points: Points;
  readonly dimensions: 2 | 3;
  /** Neighbours of each point. */
  readonly k: number;
  readonly perplexity: number;
  readonly method: RepulsionMethod;
  readonly schedule: Schedule;
  /** Iterations from one snapshot to the next. */
  readonly snapshotEvery: number;
  readonly control: Int32Array;
  /** [N × k] */
  readonly indices: Int32Array;
  readonly distances: Float32Array;
  readonly conditional: Float32Array;
  readonly affinities: Affinities;
  readonly descent: DescentMemory;
  readonly grid: GridMemory | undefined;
}

/** Events of a running job. */
export type TsneEvent =
  | { readonly kind: "progress"; readonly stage: string; readonly done: number; readonly total: number }
  | {
      readonly kind: "snapshot";
      readonly iteration: number;
      readonly layout: Float32Array;
      readonly klDivergence: number;
    };

/** Memory for a job. */
export function tsneJob(
  points: Points,
  start: Float64Array,
  options: Pick<TsneJob, "dimensions" | "k" | "perplexity" | "method" | "schedule" | "snapshotEvery">,
): TsneJob {
  const { count, dimension } = points;
  const size = count * options.k;
  const data = new Float32Array(new SharedArrayBuffer(points.data.length * 4));
  data.set(points.data);
  const descent = descentMemory(count, options.dimensions);
  descent.layout.set(start);
  return {
    ...options,
    points: { data, count, dimension },
    control: Team.control(),
    indices: new Int32Array(new SharedArrayBuffer(size * 4)),
    distances: new Float32Array(new SharedArrayBuffer(size * 4)),
    conditional: new Float32Array(new SharedArrayBuffer(size * 4)),
    affinities: affinityMemory(count, options.k),
    descent,
    grid: options.method === "grid" ? gridMemory() : undefined,
  };
}

/**
 * One thread's share of a job: neighbours, affinities, descent. All threads of the team run it together; events are
 * the same in each.
 *
 * Throws    FaceError ABORTED once the team was asked to stop
 */
export async function* runJob(job: TsneJob, team: Team): AsyncGenerator<TsneEvent, void> {
  yield* findAffinities(job, team);
  const { layout } = job.descent;
  const repulsion = repulsionOf(job, team);
  const descent = new Descent(team, job.dimensions, job.affinities, repulsion, job.descent);
  const { iterations } = job.schedule;
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (iteration > 0 && iteration % job.snapshotEvery === 0) {
      yield snapshot(iteration, layout, job.dimensions, descent.divergence());
      team.barrier();
    }
    descent.step(iteration, job.schedule);
    if (iteration % 10 === 0) yield { kind: "progress", stage: "t-SNE", done: iteration, total: iterations };
    // Alone on the caller's thread: others get their turn.
    if (team.parts === 1) await setImmediate();
  }
  yield { kind: "progress", stage: "t-SNE", done: iterations, total: iterations };
  yield snapshot(iterations, layout, job.dimensions, descent.divergence());
}

async function* findAffinities(job: TsneJob, team: Team): AsyncGenerator<TsneEvent, void> {
  const { points, k, indices, distances } = job;
  {
    await using search = await NeighbourSearch.open(points, k);
    const row = new Float64Array(k);
    const squares = new Float64Array(k);
    for (const [from, to] of team.pieces(points.count, NeighbourSearch.ROWS)) {
      team.checkStopped();
      await search.rows(points, from, to, indices, distances, true);
      for (let i = from; i < to; i++) {
        for (let n = 0; n < k; n++) squares[n] = distances[i * k + n]! ** 2;
        rowAffinities(squares, job.perplexity, row);
        job.conditional.set(row, i * k);
      }
      yield { kind: "progress", stage: "neighbours", done: to, total: points.count };
      if (team.parts === 1) await setImmediate();
    }
  }
  team.barrier();
  if (team.part === 0) symmetrize(points.count, indices, job.conditional, job.affinities);
  team.barrier();
}

function repulsionOf(job: TsneJob, team: Team): Repulsion {
  const { layout, force, partial } = job.descent;
  if (job.method === "exact") return new ExactRepulsion(team, layout, job.dimensions, force, partial);
  if (job.method === "tree") return new TreeRepulsion(team, layout, job.dimensions, force, partial);
  return new GridRepulsion(team, layout, force, job.grid!);
}

/** The layout about its middle. */
function snapshot(
  iteration: number,
  layout: Float64Array,
  dimensions: number,
  klDivergence: number,
): TsneEvent {
  const count = layout.length / dimensions;
  const middle = new Float64Array(dimensions);
  for (let n = 0; n < layout.length; n++) {
    middle[n % dimensions] = middle[n % dimensions]! + layout[n]! / count;
  }
  const copy = Float32Array.from(layout, (value, n) => value - middle[n % dimensions]!);
  return { kind: "snapshot", iteration, layout: copy, klDivergence };
}
