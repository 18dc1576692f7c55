import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { pipeline } from "node:stream/promises";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { cosine, draftOf, FaceError, parseJson, readText, reasonOf, type UnitVector } from "../core/index.ts";
import { EqualVectors } from "./equal-vectors.ts";
import {
  checkGoal,
  checkKey,
  checkVector,
  type Neighbour,
  type VectorIndex,
  type VectorSource,
} from "./vector-index.ts";

/** Options of an {@link ApproximateIndex}. */
export interface ApproximateIndexOptions {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Links of a vector to others. More find more, and take memory. @default 16 */
  readonly connectivity?: number;
  /** Vectors looked at when one is added. @default 128 */
  readonly expansionAdd?: number;
  /** Vectors looked at in a search. More find more, slower. @default 64 */
  readonly expansionSearch?: number;
  /** Source of float32 vectors, so that cosines are exact; without it they are those of half-precision numbers. */
  readonly vectors?: VectorSource | undefined;
}

/** The parts of usearch that are used here. */
interface Hnsw {
  add(keys: bigint, vectors: Float32Array, threads: number): void;
  remove(key: bigint): number;
  search(
    vector: Float32Array,
    k: number,
    threads: number,
  ): { readonly keys: BigUint64Array; readonly distances: Float32Array };
  save(path: string): void;
  load(path: string): void;
}
type HnswConstructor = new (config: Readonly<Record<string, unknown>>) => Hnsw;

const FORMAT = "arcface-approximate-index";

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(2),
  dimension: z.int().positive(),
  connectivity: z.int().positive(),
  vectors: z.int().nonnegative(),
  of: z.string(),
  /** Of the graph, and of the ids of its nodes. */
  sha256: z.strictObject({ graph: sha256Schema, nodes: sha256Schema }),
});

/**
 * Nearest neighbours through a graph of half-precision vectors (HNSW): a search looks at some hundreds of vectors,
 * however many there are, and may miss some. How many depends on the query: people of the gallery are nearly always
 * found, the look-alikes of strangers often not (docs/decisions/exact-search.md). Use {@link measureRecall} on your
 * own data, and `ExactIndex` while it is fast enough. Equal vectors are one node of the graph, so that a photograph kept
 * many times does not cut off others.
 *
 * Needs the optional package `usearch`.
 */
export class ApproximateIndex {
  readonly #hnsw: Hnsw;
  readonly #nodes: EqualVectors;
  readonly #options: ApproximateIndexOptions;

  private constructor(hnsw: Hnsw, nodes: EqualVectors, options: ApproximateIndexOptions) {
    this.#hnsw = hnsw;
    this.#nodes = nodes;
    this.#options = options;
  }

  /** An empty index. Throws FaceError USAGE when `usearch` is not installed or does not run here. */
  static open(options: ApproximateIndexOptions): ApproximateIndex {
    return new ApproximateIndex(newHnsw(options), new EqualVectors(), options);
  }

  /**
   * Reads what {@link save} wrote.
   *
   * @param of what it must have been made of, as given to save
   * Throws    FaceError BAD_FILE when it is missing, damaged or made of something else: build it anew
   */
  static async load(path: string, of: string, options: ApproximateIndexOptions): Promise<ApproximateIndex> {
    const header = await readHeader(path);
    const found = `${header.dimension} dimensions, made of ${header.of}`;
    if (header.of !== of || header.dimension !== options.dimension)
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: `an index of ${options.dimension} dimensions, made of ${of}`,
        got: found,
        note: "build it anew",
      });
    // Native code reads the graph and trusts it: only bytes that were written here may reach it.
    for (const part of ["graph", "nodes"] as const) {
      if ((await sha256Of(`${path}.${part}`)) !== header.sha256[part])
        throw new FaceError("BAD_FILE", {
          where: `${path}.${part}`,
          expected: "the bytes its checksum is of",
          got: "others",
          note: "build it anew",
        });
    }
    const hnsw = newHnsw({ ...options, connectivity: header.connectivity });
    try {
      hnsw.load(`${path}.graph`);
    } catch (cause) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "a graph of usearch",
        note: "build it anew",
        cause,
      });
    }
    const nodes = EqualVectors.decode(await readFile(`${path}.nodes`), `${path}.nodes`);
    return new ApproximateIndex(hnsw, nodes, { ...options, connectivity: header.connectivity });
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Throws as `VectorIndex.add`. */
  add(id: number, vector: UnitVector): void {
    checkKey("id", id);
    checkVector(vector, this.#options.dimension);
    if (this.#nodes.has(id))
      throw new FaceError("USAGE", { where: "search", expected: "an id that is not there yet", got: id });
    const node = this.#nodes.add(id, vector);
    if (node !== undefined) this.#hnsw.add(BigInt(node), Float32Array.from(vector), 1);
  }

  /** True if there was something to remove. Its place in the graph stays until the index is built anew. */
  remove(id: number): boolean {
    checkKey("id", id);
    if (!this.#nodes.has(id)) return false;
    const node = this.#nodes.remove(id);
    if (node !== undefined) this.#hnsw.remove(BigInt(node));
    return true;
  }

  /** Up to k near vectors by falling cosine, not always the nearest. Throws as `VectorIndex.search`. */
  search(query: UnitVector, { k }: { readonly k: number }): Neighbour[] {
    checkGoal({ k });
    checkVector(query, this.#options.dimension);
    if (this.size === 0) return [];
    const { keys, distances } = this.#hnsw.search(Float32Array.from(query), k, 1);
    const found: Neighbour[] = [];
    for (const [i, key] of keys.entries()) {
      // usearch answers with 1 − the inner product.
      const rounded = Math.max(-1, Math.min(1, 1 - distances[i]!));
      for (const id of this.#nodes.idsOf(Number(key))) {
        const vector = this.#options.vectors?.read(id);
        if (this.#options.vectors && !vector) continue;
        found.push({ id, cosine: vector ? cosine(query, vector) : rounded });
      }
    }
    return found.sort((a, b) => b.cosine - a.cosine || a.id - b.id).slice(0, k);
  }

  /**
   * Writes what `load` reads: `path`, and the graph and the ids of its nodes beside it. Derived: it can be deleted at any time.
   *
   * @param of what the index was made of: the model, and a number that changes with the gallery
   * Throws    FaceError STORAGE
   */
  async save(path: string, of: string): Promise<void> {
    const graph = `${path}.graph`;
    const temporary = draftOf(graph);
    try {
      // usearch writes in place: a file cut off in the middle could not be told from a whole one.
      this.#hnsw.save(temporary);
      const file = await open(temporary, "r+");
      await file.sync().finally(() => file.close());
      const nodes = this.#nodes.encode();
      const header: z.infer<typeof headerSchema> = {
        format: FORMAT,
        version: 2,
        dimension: this.#options.dimension,
        connectivity: this.#options.connectivity ?? DEFAULTS.connectivity,
        vectors: this.size,
        of,
        sha256: {
          graph: await sha256Of(temporary),
          nodes: createHash("sha256").update(nodes).digest("hex"),
        },
      };
      await rename(temporary, graph);
      await writeFileAtomic(`${path}.nodes`, nodes);
      await writeFileAtomic(path, `${JSON.stringify(header)}\n`);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw new FaceError("STORAGE", {
        where: path,
        problem: `could not be written: ${reasonOf(cause)}`,
        cause,
      });
    }
  }
}

/**
 * The share of the k nearest that an approximate index finds, averaged over the queries.
 *
 * Report it for queries of people in the gallery and of strangers: they differ.
 *
 * Ranges    result in [0, 1]; 1 without queries
 */
export function measureRecall(
  approximate: ApproximateIndex,
  exact: VectorIndex,
  queries: readonly UnitVector[],
  k: number,
): number {
  let [found, wanted] = [0, 0];
  for (const query of queries) {
    const ids = new Set(approximate.search(query, { k }).map(({ id }) => id));
    const nearest = exact.search(query, { k });
    wanted += nearest.length;
    found += nearest.filter(({ id }) => ids.has(id)).length;
  }
  return wanted === 0 ? 1 : found / wanted;
}

const DEFAULTS = { connectivity: 16, expansionAdd: 128, expansionSearch: 64 };

function newHnsw(options: ApproximateIndexOptions): Hnsw {
  const { dimension, connectivity, expansionAdd, expansionSearch } = { ...DEFAULTS, ...options };
  try {
    // The package's ES module looks for its binary from a URL it takes for a path, and recurses until the stack is full.
    const { Index } = createRequire(import.meta.url)("usearch") as { readonly Index: HnswConstructor };
    return new Index({
      dimensions: dimension,
      metric: "ip",
      quantization: "f16",
      connectivity,
      expansion_add: expansionAdd,
      expansion_search: expansionSearch,
      multi: false,
    });
  } catch (cause) {
    throw new FaceError("USAGE", {
      where: "approximate search",
      expected: "the optional package usearch to run here",
      cause,
    });
  }
}

async function readHeader(path: string): Promise<z.infer<typeof headerSchema>> {
  try {
    return headerSchema.parse(parseJson(await readText(path)));
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "an approximate index of version 2", cause });
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "a file that can be read", cause });
  }
  return hash.digest("hex");
}
