import { encodeOnnx, GraphBuilder, Session } from "../onnx/index.ts";
import type { Points } from "./points.ts";

/** Compared at once: the product of a block stays in the processor's cache. */
const ROWS = 128;
const COLUMNS = 8192;
/** Multiplications from which on loading the engine pays. */
const ENGINE_WORK = 1e8;
/** Candidates kept beyond k, because products are rounded and distances are computed anew from the points. */
const SPARE = 4;

/**
 * Nearest neighbours of rows among a set of points, by comparing with all of them.
 *
 * Large sets go through the inference engine's matrix product: x·y − |y|²/2 orders points y by their distance from x.
 * Whoever opens it closes it.
 */
export class NeighbourSearch {
  /** Rows that {@link rows} works on best. */
  static readonly ROWS = ROWS;
  readonly #points: Points;
  readonly #k: number;
  readonly #mean: Float64Array;
  /** [N × (D + 1)]: the points about their mean, and −|y|²/2. */
  readonly #keys: Float32Array;
  readonly #session: Session | undefined;

  private constructor(points: Points, k: number, mean: Float64Array, keys: Float32Array, session?: Session) {
    this.#points = points;
    this.#k = k;
    this.#mean = mean;
    this.#keys = keys;
    this.#session = session;
  }

  /** @param k at most as many as there are points to be found */
  static async open(points: Points, k: number): Promise<NeighbourSearch> {
    const { count, dimension } = points;
    const mean = meanOf(points);
    if (count * count * dimension < ENGINE_WORK) {
      return new NeighbourSearch(points, k, mean, new Float32Array(0));
    }
    const graph = new GraphBuilder();
    const queries = graph.input("queries", ["rows", dimension + 1]);
    const keys = graph.input("keys", ["columns", dimension + 1]);
    graph.node("Gemm", [queries, keys], { transB: 1 }, "scores");
    graph.output("scores", ["rows", "columns"]);
    const session = await Session.open(encodeOnnx(graph.finish({ producer: "arcface", opset: 17 })));
    return new NeighbourSearch(points, k, mean, aboutMean(points, mean), session);
  }

  /**
   * The k nearest of the points for rows from…to−1 of `queries`, into the same rows of the results.
   *
   * @param others the queries are the points themselves, and none is its own neighbour
   */
  async rows(
    queries: Points,
    from: number,
    to: number,
    indices: Int32Array,
    distances: Float32Array,
    others: boolean,
  ): Promise<void> {
    const best = Array.from(
      { length: to - from },
      () => new Best(Math.min(this.#k + SPARE, this.#points.count)),
    );
    if (this.#session) await this.#byProducts(this.#session, queries, from, others, best);
    else this.#byDistances(queries, from, others, best);
    for (const [row, candidates] of best.entries()) {
      const i = from + row;
      const found = Array.from(candidates.indices.subarray(0, candidates.size), (j) => ({
        j,
        square: this.#square(queries, i, j),
      }));
      found.sort((a, b) => a.square - b.square || a.j - b.j);
      for (let n = 0; n < this.#k; n++) {
        indices[i * this.#k + n] = found[n]!.j;
        distances[i * this.#k + n] = Math.sqrt(found[n]!.square);
      }
    }
  }

  #byDistances(queries: Points, from: number, others: boolean, best: readonly Best[]): void {
    for (const [row, candidates] of best.entries()) {
      for (let j = 0; j < this.#points.count; j++) {
        if (others && j === from + row) continue;
        candidates.offer(-this.#square(queries, from + row, j), j);
      }
    }
  }

  async #byProducts(
    session: Session,
    queries: Points,
    from: number,
    others: boolean,
    best: readonly Best[],
  ): Promise<void> {
    const { count, dimension } = this.#points;
    const width = dimension + 1;
    const block = new Float32Array(best.length * width);
    for (let row = 0; row < best.length; row++) {
      for (let d = 0; d < dimension; d++) {
        block[row * width + d] = queries.data[(from + row) * dimension + d]! - this.#mean[d]!;
      }
      block[row * width + dimension] = 1;
    }
    for (let start = 0; start < count; start += COLUMNS) {
      const columns = Math.min(COLUMNS, count - start);
      const { scores } = await session.run({
        queries: { dims: [best.length, width], data: block },
        keys: { dims: [columns, width], data: this.#keys.subarray(start * width, (start + columns) * width) },
      });
      for (const [row, candidates] of best.entries()) {
        candidates.offerAll(scores!.data, row * columns, columns, start, others ? from + row : -1);
      }
    }
  }

  #square(queries: Points, i: number, j: number): number {
    const { dimension, data } = this.#points;
    const a = i * dimension;
    const b = j * dimension;
    let square = 0;
    for (let d = 0; d < dimension; d++) {
      const difference = queries.data[a + d]! - data[b + d]!;
      square += difference * difference;
    }
    return square;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.close();
  }
}

/** The best of many scores: a heap with the worst of them on top. */
class Best {
  readonly indices: Int32Array;
  readonly #scores: Float64Array;
  size = 0;

  constructor(room: number) {
    this.indices = new Int32Array(room);
    this.#scores = new Float64Array(room);
  }

  offer(score: number, index: number): void {
    const scores = this.#scores;
    const { indices } = this;
    if (this.size < scores.length) {
      let place = this.size++;
      while (place > 0) {
        const parent = (place - 1) >> 1;
        if (scores[parent]! <= score) break;
        scores[place] = scores[parent]!;
        indices[place] = indices[parent]!;
        place = parent;
      }
      scores[place] = score;
      indices[place] = index;
      return;
    }
    if (!(score > scores[0]!)) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && scores[child + 1]! < scores[child]!) child++;
      if (scores[child]! >= score) break;
      scores[place] = scores[child]!;
      indices[place] = indices[child]!;
      place = child;
    }
    scores[place] = score;
    indices[place] = index;
  }

  /** Offers `count` scores from `offset` on, of indices from `first` on, without `except`. */
  offerAll(scores: Float32Array, offset: number, count: number, first: number, except: number): void {
    const room = this.#scores.length;
    let worst = this.size === room ? this.#scores[0]! : Number.NEGATIVE_INFINITY;
    for (let c = 0; c < count; c++) {
      const score = scores[offset + c]!;
      if (score > worst && first + c !== except) {
        this.offer(score, first + c);
        if (this.size === room) worst = this.#scores[0]!;
      }
    }
  }
}

function meanOf({ data, count, dimension }: Points): Float64Array {
  const mean = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dimension; d++) mean[d] = mean[d]! + data[i * dimension + d]! / count;
  }
  return mean;
}

function aboutMean({ data, count, dimension }: Points, mean: Float64Array): Float32Array {
  const keys = new Float32Array(count * (dimension + 1));
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let d = 0; d < dimension; d++) {
      const value = Math.fround(data[i * dimension + d]! - mean[d]!);
      keys[i * (dimension + 1) + d] = value;
      square += value * value;
    }
    keys[i * (dimension + 1) + dimension] = -square / 2;
  }
  return keys;
}
