import {
  FaceError,
  internal,
  type Random,
  seeded,
  threadCount,
  throwIfAborted,
  type WorkOptions,
} from "../../core/index.ts";
import type { Neighbours } from "../neighbours.ts";
import { pca } from "../pca.ts";
import { checkPoints, type Points } from "../points.ts";
import { runJob, type TsneEvent, type TsneJob, tsneJob } from "./job.ts";
import type { RepulsionMethod } from "./repulsion.ts";
import { runOnThreads } from "./run-on-threads.ts";
import { Team } from "./team.ts";

/** Options of a t-SNE layout. The defaults are those of the field for any number of points. */
export interface TsneOptions extends WorkOptions {
  /** Of the layout. @default 2 */
  readonly dimensions?: 2 | 3;
  /** The number of neighbours that count, softly. Brought down to (N − 1)/3 where there are too few points. @default 30 */
  readonly perplexity?: number;
  /** @default 1000, of which the first quarter, at most 250, are exaggerated */
  readonly iterations?: number;
  /** Factor on the affinities in the first iterations. @default 12 */
  readonly exaggeration?: number;
  /** Step size. @default N/12 while exaggerated and N after, at least 200 */
  readonly learningRate?: number;
  /** Of the jitter in the start, which separates points at the same place. @default 1 */
  readonly seed?: number;
  /** Method for the repulsive forces. @default by size: exact, then grid in the plane and tree in space */
  readonly method?: RepulsionMethod;
  /** The layout to start from, [N × dimensions]. @default the principal components */
  readonly start?: ArrayLike<number>;
  /** The result has the same bits whatever their number. @default 1 up to 750 points, else one per core */
  readonly threads?: number;
  /** Iterations from one yield of {@link tsne} to the next. @default 50 */
  readonly snapshotEvery?: number;
}

/** A layout on its way. */
export interface TsneSnapshot {
  /** Iterations done; the last snapshot's is the number asked for. */
  readonly iteration: number;
  /** Shapes    [N × dimensions], about its middle */
  readonly layout: Float32Array;
  /** Of the affinities from the layout's, in nats; comparable only for the same points and perplexity. */
  readonly klDivergence: number;
}

/** A finished layout. */
export interface TsneLayout extends TsneSnapshot {
  readonly count: number;
  readonly dimensions: 2 | 3;
  /** As used, which is less than was asked for when there are few points. */
  readonly perplexity: number;
  readonly method: RepulsionMethod;
  /** The neighbours that the affinities were made of. */
  readonly neighbours: Neighbours;
}

/** Up to here all pairs are summed, without error; from here on the grid and the tree are faster. */
const EXACT_IN_PLANE = 750;
const EXACT_IN_SPACE = 1500;
const START_SPREAD = 1e-4;

/**
 * t-SNE: a layout in which near points are those that were near in their own space. Yields the layout as it forms.
 *
 * Work runs in worker threads, or on the calling thread in slices of one iteration when there is one.
 *
 * Throws    FaceError USAGE for a number that is not finite or an option out of range; SHAPE; ABORTED
 * Source    L. van der Maaten, G. Hinton, 2008; D. Kobak, P. Berens, "The art of using t-SNE", 2019, for the defaults
 */
export async function* tsne(points: Points, options: TsneOptions = {}): AsyncGenerator<TsneSnapshot, void> {
  const plan = planOf(points, options);
  yield* follow(await prepare(points, plan, options), plan, options);
}

/**
 * {@link tsne} to its end.
 *
 * ```ts
 * import { openEmbeddings } from "arcface-ts";
 * import { embedTsne, pointsOf } from "arcface-ts/project";
 *
 * const { records } = await openEmbeddings("faces.parquet");
 * const vectors: ArrayLike<number>[] = [];
 * for await (const { embedding } of records) vectors.push(embedding);
 * const { layout } = await embedTsne(pointsOf(vectors));
 * console.log(layout.length);
 * ```
 */
export async function embedTsne(points: Points, options: TsneOptions = {}): Promise<TsneLayout> {
  const plan = planOf(points, { ...options, snapshotEvery: Number.MAX_SAFE_INTEGER });
  const job = await prepare(points, plan, options);
  let last: TsneSnapshot | undefined;
  for await (const snapshot of follow(job, plan, options)) last = snapshot;
  if (!last) throw internal("t-SNE ended without a layout");
  const { dimensions, perplexity, method } = plan;
  const neighbours: Neighbours = {
    k: job?.k ?? 0,
    indices: Int32Array.from(job?.indices ?? []),
    distances: Float32Array.from(job?.distances ?? []),
  };
  return { ...last, count: points.count, dimensions, perplexity, method, neighbours };
}

/** The job of a plan; none for a single point, which has no neighbours. */
async function prepare(points: Points, plan: Plan, options: TsneOptions): Promise<TsneJob | undefined> {
  throwIfAborted(options.signal);
  const start = await startOf(points, plan.dimensions, options);
  return points.count === 1 ? undefined : tsneJob(points, start, plan);
}

async function* follow(
  job: TsneJob | undefined,
  { dimensions, schedule, threads }: Plan,
  { signal, onProgress }: TsneOptions,
): AsyncGenerator<TsneSnapshot, void> {
  if (!job) {
    yield { iteration: schedule.iterations, layout: new Float32Array(dimensions), klDivergence: 0 };
    return;
  }
  const stop = (): void => Team.stop(job.control);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const events: AsyncGenerator<TsneEvent, void> =
      threads === 1 ? runJob(job, new Team(0, 1, job.control)) : runOnThreads(job, threads);
    for await (const event of events) {
      if (event.kind === "snapshot") {
        const { kind: _, ...snapshot } = event;
        yield snapshot;
      } else onProgress?.({ stage: event.stage, done: event.done, total: event.total });
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** The settings, with every default filled in. */
type Plan = ReturnType<typeof planOf>;

function planOf(points: Points, options: TsneOptions) {
  checkPoints("t-SNE", points);
  const { count } = points;
  const {
    dimensions = 2,
    iterations = 1000,
    exaggeration = 12,
    snapshotEvery = 50,
    method = methodFor(count, dimensions),
    threads = count <= EXACT_IN_PLANE ? 1 : threadCount(undefined),
  } = options;
  if (dimensions !== 2 && dimensions !== 3) throw usage("dimensions", "2 or 3", dimensions);
  if (method === "grid" && dimensions !== 2) throw usage("method", "exact or tree in space", method);
  for (const [name, value] of Object.entries({ iterations, snapshotEvery, threads })) {
    if (!Number.isInteger(value) || value < 1) throw usage(name, "a whole number above 0", value);
  }
  for (const [name, value] of Object.entries({
    perplexity: options.perplexity ?? 30,
    exaggeration,
    learningRate: options.learningRate ?? 1,
  })) {
    if (!(value > 0) || !Number.isFinite(value)) throw usage(name, "a number above 0", value);
  }
  const perplexity = Math.min(options.perplexity ?? 30, Math.max(1, (count - 1) / 3));
  const rate = (factor: number): number => options.learningRate ?? Math.max(200, count / factor);
  return {
    dimensions,
    perplexity,
    k: Math.max(1, Math.min(count - 1, Math.floor(3 * perplexity))),
    method,
    threads: threadCount(threads),
    snapshotEvery,
    schedule: {
      iterations,
      exaggeration,
      exaggerated: Math.min(250, Math.floor(iterations / 4)),
      learningRates: [rate(exaggeration), rate(1)] as const,
      momenta: [0.5, 0.8] as const,
    },
  };
}

function methodFor(count: number, dimensions: number): RepulsionMethod {
  if (count <= (dimensions === 2 ? EXACT_IN_PLANE : EXACT_IN_SPACE)) return "exact";
  return dimensions === 2 ? "grid" : "tree";
}

/** The first principal components, brought to a spread so small that their arrangement can still change. */
async function startOf(
  points: Points,
  dimensions: 2 | 3,
  { start, seed = 1, signal }: TsneOptions,
): Promise<Float64Array> {
  const size = points.count * dimensions;
  if (start) {
    if (start.length !== size) {
      throw new FaceError("SHAPE", { where: "t-SNE start", expected: `${size} numbers`, got: start.length });
    }
    return Float64Array.from(start);
  }
  const random = seeded(seed);
  const { scores, components } = await pca(points, { components: dimensions, seed, signal });
  const spread = Math.sqrt(
    scores.reduce((sum, v, n) => (n % components === 0 ? sum + v * v : sum), 0) / points.count,
  );
  return Float64Array.from({ length: size }, (_, n) => {
    const axis = n % dimensions;
    const score = axis < components ? scores[Math.floor(n / dimensions) * components + axis]! : 0;
    return START_SPREAD * ((spread > 0 ? score / spread : 0) + 0.01 * normal(random));
  });
}

/** A standard normal number. Source    Box, Muller, 1958 */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function usage(name: string, expected: string, got: unknown): FaceError {
  return new FaceError("USAGE", { where: `t-SNE ${name}`, expected, got: String(got) });
}
