import type { DataType, MilvusClient } from "@zilliz/milvus2-sdk-node";
import type { ReadonlyFloat32, UnitVector } from "../../core/index.ts";
import type { MilvusIndexKind } from "../address.ts";
import { type GalleryPipeline, galleryDigest } from "../gallery-pipeline.ts";
import { asking, connect, loadClient, type MilvusAddress } from "./client.ts";

/** Rows sent at once: 2 MB at dimension 512, far below what a server takes. */
const BATCH_ROWS = 1000;
/** The most rows that one search may ask for. */
export const MAX_LIMIT = 16_384;
/** Physical partitions that the tenants of a collection are spread over by their names. */
const PARTITIONS = 64;

/** Parameters with which each kind of index is built. Source: Milvus's reference of index parameters. */
const BUILD: Record<MilvusIndexKind, Readonly<Record<string, number>>> = {
  FLAT: {},
  IVF_FLAT: { nlist: 1024 },
  IVF_SQ8: { nlist: 1024 },
  HNSW: { M: 16, efConstruction: 200 },
  DISKANN: {},
};

/** The thoroughness with which each kind is searched for `limit` rows. */
function thoroughness(index: MilvusIndexKind, limit: number): Record<string, number> {
  if (index === "HNSW") return { ef: Math.max(200, limit) };
  if (index === "DISKANN") return { search_list: Math.max(100, limit) };
  return index === "FLAT" ? {} : { nprobe: 64 };
}

/** A face that resembles a query, by the server's reckoning. */
export interface NearFace {
  readonly face: number;
  readonly score: number;
}

/** The part of the gallery's log that the rows hold, as a process said it. */
interface State {
  readonly key: string;
  readonly sequence: number;
}

/**
 * The vectors of one gallery, among those of other tenants, in a collection of one model.
 *
 * A row is a face and its vector, and never changes; it leaves when the face is forgotten. Rows are therefore inserted
 * and never upserted: Milvus 2.3 answers searches without a row that was just upserted, whatever the consistency. Those
 * that are there are not sent again; two processes that send one at the same time write it twice, which costs room and
 * changes no answer. Beside the rows stands how much of the gallery's log they hold.
 */
export class VectorCollection {
  /** The address without a password. */
  readonly shown: string;
  readonly #client: MilvusClient;
  readonly #address: MilvusAddress;
  readonly #types: typeof DataType;
  #name = "";
  /** The last statement about the log that was read. */
  #known: readonly State[] = [];

  private constructor(client: MilvusClient, types: typeof DataType, address: MilvusAddress, shown: string) {
    this.#client = client;
    this.#types = types;
    this.#address = address;
    this.shown = shown;
  }

  /** Connects; {@link change} then says which model's vectors are meant. Throws FaceError STORAGE, USAGE. */
  static async connect(address: MilvusAddress): Promise<VectorCollection> {
    const shown = shownAddress(address);
    const client = await connect(address, shown);
    return new VectorCollection(client, (await loadClient()).DataType, address, shown);
  }

  /** Goes over to the vectors of a model, and makes the collections that are not there yet. */
  async change(pipeline: GalleryPipeline): Promise<void> {
    this.#known = [];
    this.#name = `${this.#address.prefix}_${galleryDigest(pipeline).slice(0, 16)}`;
    await this.#make(this.#name, pipeline.model.dimension, "face", this.#address.index, PARTITIONS);
    // Milvus wants a vector in every collection; here two numbers that nobody asks for.
    await this.#make(this.#stateName, 2, "sequence", "FLAT", 1);
  }

  /** Adds the rows that are not there yet. Resolves when the server has acknowledged all of them. */
  async add(vectors: ReadonlyMap<number, ReadonlyFloat32>): Promise<void> {
    const faces = [...vectors.keys()];
    for (let start = 0; start < faces.length; start += BATCH_ROWS) {
      const some = faces.slice(start, start + BATCH_ROWS);
      const there = new Set(await this.present(some));
      const data = some
        .filter((face) => !there.has(face))
        .map((face) => ({
          key: this.#key(face),
          tenant: this.#address.tenant,
          face,
          vector: Array.from(vectors.get(face)!),
        }));
      if (data.length > 0) await this.#ask(() => this.#client.insert({ collection_name: this.#name, data }));
    }
  }

  async remove(faces: readonly number[]): Promise<void> {
    for (let start = 0; start < faces.length; start += BATCH_ROWS) {
      const filter = this.#among(faces.slice(start, start + BATCH_ROWS));
      await this.#ask(() => this.#client.delete({ collection_name: this.#name, filter }));
    }
  }

  /** Removes every row of this gallery, and what it says about the log. */
  async clear(): Promise<void> {
    await this.#ask(() => this.#client.delete({ collection_name: this.#name, filter: this.#ownRows }));
    await this.#removeStates((await this.#states()).map(({ key }) => key));
    this.#known = [];
  }

  /** Returns those of the faces that have a row. */
  async present(faces: readonly number[]): Promise<number[]> {
    const found: number[] = [];
    for (let start = 0; start < faces.length; start += BATCH_ROWS) {
      const { data } = await this.#ask(() =>
        this.#client.query({
          collection_name: this.#name,
          filter: this.#among(faces.slice(start, start + BATCH_ROWS)),
          output_fields: ["face"],
          ...this.#consistency,
        }),
      );
      found.push(...data.map((row) => Number(row["face"])));
    }
    return found;
  }

  /** Asks the server to rewrite its files without the rows that were removed. */
  async compact(): Promise<void> {
    await this.#ask(() => this.#client.flushSync({ collection_names: [this.#name] }));
    await this.#ask(() => this.#client.compact({ collection_name: this.#name }));
  }

  /** The faces nearest to a query, by falling score. @param limit at most {@link MAX_LIMIT} */
  async nearest(query: UnitVector, limit: number): Promise<NearFace[]> {
    const { results } = await this.#ask(() =>
      this.#client.search({
        collection_name: this.#name,
        data: Array.from(query),
        limit,
        filter: this.#ownRows,
        output_fields: ["face"],
        params: thoroughness(this.#address.index, limit),
        metric_type: "IP",
        ...this.#consistency,
      }),
    );
    return results.map((row) => ({ face: Number(row["face"]), score: row.score }));
  }

  /** Sequence of the log up to which the rows hold everything; 0 for nothing. */
  async sequence(): Promise<number> {
    this.#known = await this.#states();
    return Math.max(0, ...this.#known.map(({ sequence }) => sequence));
  }

  /** Says that the rows hold everything up to a sequence: in a row of its own, which takes the place of earlier ones. */
  async setSequence(sequence: number): Promise<void> {
    const earlier = this.#known.filter((state) => state.sequence < sequence);
    const key = `${this.#stateKey}/${sequence}`;
    if (!this.#known.some((state) => state.key === key)) {
      const row = { key, tenant: this.#address.tenant, sequence, vector: [1, 0] };
      await this.#ask(() => this.#client.insert({ collection_name: this.#stateName, data: [row] }));
    }
    await this.#removeStates(earlier.map((state) => state.key));
    this.#known = [{ key, sequence }];
  }

  /** Statements of processes about the log that nobody has removed yet. */
  async #states(): Promise<State[]> {
    const { data } = await this.#ask(() =>
      this.#client.query({
        collection_name: this.#stateName,
        filter: this.#ownRows,
        output_fields: ["key", "sequence"],
        ...this.#consistency,
      }),
    );
    return data
      .map((row) => ({ key: String(row["key"]), sequence: Number(row["sequence"]) }))
      .filter(({ key }) => key.startsWith(`${this.#stateKey}/`));
  }

  async #removeStates(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const filter = `key in [${keys.map((key) => `"${key}"`).join(",")}]`;
    await this.#ask(() => this.#client.delete({ collection_name: this.#stateName, filter }));
  }

  async close(): Promise<void> {
    await this.#client.closeConnection();
  }

  get #consistency() {
    // The client takes the level's name; its types ask for its enumeration.
    return { consistency_level: this.#address.consistency as never };
  }

  /** The address holds plain names only, so nothing in an expression needs quoting. */
  get #ownRows(): string {
    return `tenant == "${this.#address.tenant}"`;
  }

  get #stateName(): string {
    return `${this.#address.prefix}_state`;
  }

  get #stateKey(): string {
    return `${this.#address.tenant}/${this.#name}`;
  }

  #key(face: number): string {
    return `${this.#address.tenant}/${face}`;
  }

  #among(faces: readonly number[]): string {
    return `${this.#ownRows} and key in [${faces.map((face) => `"${this.#key(face)}"`).join(",")}]`;
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    return await asking(this.shown, ask);
  }

  async #make(
    name: string,
    dimension: number,
    value: string,
    index: MilvusIndexKind,
    partitions: number,
  ): Promise<void> {
    const { VarChar, Int64, FloatVector } = this.#types;
    const { value: there } = await this.#ask(() => this.#client.hasCollection({ collection_name: name }));
    if (!there) {
      const made = await this.#client.createCollection({
        collection_name: name,
        ...this.#consistency,
        num_partitions: partitions,
        fields: [
          { name: "key", data_type: VarChar, max_length: 128, is_primary_key: true, autoID: false },
          { name: "tenant", data_type: VarChar, max_length: 40, is_partition_key: true },
          { name: value, data_type: Int64 },
          { name: "vector", data_type: FloatVector, dim: dimension },
        ],
      });
      // Another process may have made it in between; then the next question finds it.
      if (made.error_code !== "Success")
        await this.#ask(() => this.#client.describeCollection({ collection_name: name }));
      await this.#client.createIndex({
        collection_name: name,
        field_name: "vector",
        index_type: index,
        metric_type: "IP",
        params: { ...BUILD[index] },
      });
    }
    const { state } = await this.#ask(() => this.#client.getLoadState({ collection_name: name }));
    // Loading fails when there is no index, whoever was to make it.
    if (state !== "LoadStateLoaded")
      await this.#ask(() => this.#client.loadCollectionSync({ collection_name: name }));
  }
}

/** The address without user, password and records. */
function shownAddress({ endpoint, prefix, tenant, index, consistency, database }: MilvusAddress): string {
  const shown = new URL(`milvus://${endpoint.replace(/^https:\/\//, "")}/${prefix}`);
  const read = { tenant, index, consistency, database, tls: endpoint.startsWith("https://") ? "1" : null };
  for (const [key, value] of Object.entries(read)) if (value !== null) shown.searchParams.set(key, value);
  return shown.href;
}
