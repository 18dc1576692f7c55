import { cosine, threadCount, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { BestNeighbours } from "./best-neighbours.ts";
import { ExactIndex } from "./exact-index.ts";
import type { IndexShape } from "./index-shape.ts";
import { SyntheticPeople } from "./synthetic-people.ts";

/** Measurements of {@link measureSearch} on this machine. */
export interface SearchFigures {
  readonly vectors: number;
  readonly dimension: number;
  readonly threads: number;
  /** Of every single search, in milliseconds and in the order they ran. Half the queries are people of the gallery. */
  readonly singleMs: readonly number[];
  /** Queries a second when 64 are asked together. */
  readonly batchPerSecond: number;
  /** Vectors added a second. */
  readonly addedPerSecond: number;
  /** Bytes a vector takes in the index, without and with the float32 vectors it keeps. */
  readonly scanBytesPerVector: number;
  readonly bytesPerVector: number;
  /** The shape of the vectors that the index has learned; undefined where there were too few to learn it. */
  readonly shape: IndexShape | undefined;
  /** Part of the 10 nearest by comparing with every vector that the index found, of people in the gallery and strangers. */
  readonly recall: { readonly known: number; readonly strangers: number };
}

/** Neighbours asked for, queries timed, queries of a batch, queries of each kind checked against every vector. */
const [K, QUERIES, BATCH, CHECKED] = [10, 100, 64, 3];
const IMAGES = 5;
/** After so many vectors the work looks whether it should stop. */
const STRIDE = 2000;

/**
 * Measures exact search on made-up people: latency, throughput, memory, and recall against comparing with everything.
 *
 * @param options.threads that scan @default 1
 * Throws    FaceError ABORTED
 */
export async function measureSearch(
  vectors: number,
  options: WorkOptions & { readonly dimension?: number; readonly threads?: number } = {},
): Promise<SearchFigures> {
  const { dimension = 512, signal, onProgress } = options;
  const threads = threadCount(options.threads, 1);
  const people = new SyntheticPeople({ dimension, seed: 1 });
  const persons = Math.ceil(vectors / IMAGES);
  const queries = Array.from({ length: QUERIES }, (_, i) =>
    i % 2 === 0 ? people.vector((i * 7919) % persons, IMAGES) : people.vector(persons + i, 0),
  );
  const checked = queries.slice(0, 2 * CHECKED).map((query) => ({ query, best: new BestNeighbours(K) }));
  await using index = new ExactIndex({ dimension, threads });
  let adding = 0;
  for (let id = 0; id < vectors; id++) {
    if (id % STRIDE === 0) {
      onProgress?.({ stage: `${vectors} vectors`, done: id, total: vectors });
      // Lets Ctrl-C be heard.
      await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(signal);
    }
    const vector = people.vector(Math.floor(id / IMAGES), id % IMAGES);
    const start = performance.now();
    index.add(id, vector, Math.floor(id / IMAGES));
    adding += performance.now() - start;
    for (const { query, best } of checked) best.offer(cosine(query, vector), id);
  }
  await index.settled();
  const recall = (kind: number): number => {
    let [found, wanted] = [0, 0];
    for (const [i, { query, best }] of checked.entries()) {
      if (i % 2 !== kind) continue;
      const ids = new Set(index.search(query, { k: K }).map(({ id }) => id));
      wanted += best.items().length;
      found += best.items().filter(({ id }) => ids.has(id)).length;
    }
    return found / wanted;
  };
  const recalls = { known: recall(0), strangers: recall(1) };
  const singleMs = queries.map((query) => timed(() => index.search(query, { k: K })));
  const batch = queries.slice(0, BATCH);
  const batchMs: number[] = [];
  for (let round = 0; round < 4; round++) {
    throwIfAborted(signal);
    const start = performance.now();
    await index.searchBatch(batch, { k: K });
    // The first round loads the engine and warms it up.
    if (round > 0) batchMs.push(performance.now() - start);
  }
  const memory = index.memory();
  return {
    vectors,
    dimension,
    threads,
    singleMs,
    batchPerSecond: (BATCH * 1000) / batchMs.sort((a, b) => a - b)[1]!,
    addedPerSecond: (vectors * 1000) / adding,
    scanBytesPerVector: (memory.scanBytes + memory.lookupBytes) / vectors,
    bytesPerVector: memory.bytes / vectors,
    shape: index.shape(),
    recall: recalls,
  };
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
