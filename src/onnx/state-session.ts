import type * as ort from "onnxruntime-common";
import { elementCount, FaceError, reasonOf, threadCount } from "../core/index.ts";
import { download } from "./download.ts";
import { encodeOnnx } from "./encode.ts";
import { type Engine, loadEngine } from "./engine.ts";
import type { OnnxModel } from "./model.ts";
import type { Feed, FloatTensor } from "./session.ts";
import { hasStopped, memoryFor, STOPPING, stoppingBeforeCopies } from "./uncopied-outputs.ts";

/** A tensor that a graph takes in and, where `output` is named, gives back changed. */
export interface CarriedTensor {
  readonly input: string;
  readonly output?: string;
  readonly dims: readonly number[];
  /** The output's shape, of as many elements; on a GPU it has to be the input's. @default dims */
  readonly outputDims?: readonly number[];
  /**
   * True if the graph may write the output over the input: on a CPU one buffer is enough then. A run that fails leaves it
   * half changed. @default false
   */
  readonly inPlace?: boolean;
  /** In the graph's own order; taken over, not copied. */
  readonly data: Float32Array;
}

/** Options of a session with state. */
export interface StateSessionOptions {
  readonly device?: "cpu" | "webgpu";
  /** Threads inside one operation, at most one per core. @default 2 */
  readonly threads?: number;
  /** A path that the engine's profile is written to, with a time and `.json` behind it. */
  readonly profile?: string;
}

/**
 * A network that carries tensors from run to run. Whoever opens it closes it.
 *
 * On the CPU each carried tensor has two buffers, read and written in turn, that the engine works on without copies, or
 * one where the graph allows it.
 * On a GPU carried tensors stay there until they are asked for.
 */
export class StateSession {
  readonly #engine: Engine;
  readonly #session: ort.InferenceSession;
  readonly #model: OnnxModel;
  readonly #device: "cpu" | "webgpu";
  /** Without the data they began with, which may have been replaced. */
  readonly #carried: readonly Omit<CarriedTensor, "data">[];
  /** Tensors that the next run reads, by input. */
  readonly #current = new Map<string, ort.Tensor>();
  /** Tensors that the next run writes, by output. */
  readonly #spare = new Map<string, ort.Tensor>();
  readonly #plainOutputs: readonly string[];
  #closed = false;

  private constructor(
    engine: Engine,
    session: ort.InferenceSession,
    model: OnnxModel,
    carried: readonly CarriedTensor[],
    device: "cpu" | "webgpu",
  ) {
    this.#engine = engine;
    this.#session = session;
    // Constants are the engine's by now.
    this.#model = { ...model, nodes: [], initializers: [] };
    this.#carried = carried.map(({ data: _, ...rest }) => rest);
    this.#device = device;
    const changed = new Set(carried.map(({ output }) => output));
    this.#plainOutputs = session.outputNames.filter((name) => !changed.has(name) && !(name in STOPPING));
    for (const { input, output, dims, outputDims = dims, data, inPlace } of carried) {
      this.#current.set(input, new this.#engine.Tensor("float32", data, dims));
      if (!output || device === "webgpu") continue;
      const spare = inPlace ? data : new Float32Array(data.length);
      this.#spare.set(output, new this.#engine.Tensor("float32", spare, outputDims));
    }
  }

  /** Throws FaceError BAD_MODEL when the engine refuses the network. */
  static async open(
    network: OnnxModel,
    carried: readonly CarriedTensor[],
    options: StateSessionOptions = {},
  ): Promise<StateSession> {
    const { device = "cpu", threads, profile } = options;
    const onDevice = Object.fromEntries(
      carried.flatMap(({ output }) => (output ? [[output, "gpu-buffer" as const]] : [])),
    );
    const model = device === "cpu" ? stoppingBeforeCopies(network) : network;
    const engine = await loadEngine();
    try {
      const session = await engine.InferenceSession.create(encodeOnnx(model), {
        executionProviders: [device],
        intraOpNumThreads: threadCount(threads, 2),
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "basic",
        // The pattern reserves the sum of what lives over a step, far more than lives at any moment.
        enableMemPattern: false,
        logSeverityLevel: 3,
        ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
        ...(device === "webgpu" && { preferredOutputLocation: onDevice }),
        // A step is thousands of short operations: waking a thread for each costs several percent.
        extra: { session: { set_denormal_as_zero: "1", intra_op: { allow_spinning: "1" } } },
      });
      return new StateSession(engine, session, model, carried, device);
    } catch (cause) {
      throw new FaceError("BAD_MODEL", { where: "onnxruntime", expected: "a network it can run", cause });
    }
  }

  /** Runs once; the results that are not carried on, by output name. Throws FaceError CLOSED, BAD_MODEL. */
  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, FloatTensor>> {
    this.#expectOpen();
    const tensors: Record<string, ort.Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(feeds))
      tensors[name] =
        data instanceof Float32Array
          ? new this.#engine.Tensor("float32", data, dims)
          : new this.#engine.Tensor("int32", data, dims);
    for (const [name, tensor] of this.#current) tensors[name] = tensor;
    const results = await this.#run(tensors);
    this.#turn(results);
    const out: Record<string, FloatTensor> = {};
    for (const name of this.#plainOutputs) {
      const tensor = results[name]!;
      if (tensor.data instanceof Float32Array) out[name] = { dims: tensor.dims, data: tensor.data };
    }
    return out;
  }

  /** The carried tensors as they are now, by input name: copies, in the graph's own order. */
  async read(): Promise<Map<string, Float32Array>> {
    this.#expectOpen();
    const values = new Map<string, Float32Array>();
    for (const [name, tensor] of this.#current)
      values.set(
        name,
        tensor.location === "gpu-buffer"
          ? await download(tensor)
          : Float32Array.from(tensor.data as Float32Array),
      );
    return values;
  }

  /** Replaces carried tensors, by input name. Throws FaceError SHAPE when one has another number of elements. */
  write(values: ReadonlyMap<string, Float32Array>): void {
    this.#expectOpen();
    for (const { input, output, dims, outputDims = dims, inPlace } of this.#carried) {
      const data = values.get(input);
      if (!data) continue;
      if (data.length !== elementCount(dims))
        throw new FaceError("SHAPE", {
          where: input,
          expected: `${elementCount(dims)} numbers`,
          got: data.length,
        });
      const old = this.#current.get(input)!;
      const copy = Float32Array.from(data);
      this.#current.set(input, new this.#engine.Tensor("float32", copy, dims));
      if (inPlace && output && this.#device === "cpu")
        this.#spare.set(output, new this.#engine.Tensor("float32", copy, outputDims));
      if (old.location === "gpu-buffer") old.dispose();
    }
  }

  /** Frees the engine's memory; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const tensor of this.#current.values()) if (tensor.location === "gpu-buffer") tensor.dispose();
    this.#current.clear();
    this.#spare.clear();
    await this.#session.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** One run into spare buffers on the CPU, to wherever it is computed on a GPU; results by output name. */
  async #run(feeds: Readonly<Record<string, ort.Tensor>>): Promise<Record<string, ort.Tensor>> {
    const given = memoryFor(this.#engine, this.#model, this.#plainOutputs);
    const plain = given ?? Object.fromEntries(this.#plainOutputs.map((name) => [name, null]));
    const fetches = { ...plain, ...Object.fromEntries(this.#spare) };
    const changed = this.#carried.flatMap(({ output }) => output ?? []);
    for (const output of changed) fetches[output] ??= null;
    try {
      const results = await this.#session.run(feeds, given ? { ...STOPPING, ...fetches } : fetches);
      if (!given) return results as Record<string, ort.Tensor>;
    } catch (cause) {
      if (!given || !hasStopped(cause))
        throw new FaceError("BAD_MODEL", { where: "onnxruntime", problem: reasonOf(cause), cause });
    }
    return fetches as Record<string, ort.Tensor>;
  }

  /** Makes the tensors that were written those that are read next. */
  #turn(results: Readonly<Record<string, ort.Tensor>>): void {
    const under = (tensor: ort.Tensor, dims: readonly number[]): ort.Tensor =>
      new this.#engine.Tensor("float32", tensor.data as Float32Array, dims);
    for (const { input, output, dims, outputDims = dims } of this.#carried) {
      if (!output) continue;
      const old = this.#current.get(input)!;
      if (this.#device === "cpu") {
        this.#current.set(input, under(this.#spare.get(output)!, dims));
        this.#spare.set(output, under(old, outputDims));
      } else {
        this.#current.set(input, results[output]!);
        if (old.location === "gpu-buffer") old.dispose();
      }
    }
  }

  #expectOpen(): void {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "session",
        expected: "an open session",
        got: "one that was closed",
      });
  }
}
