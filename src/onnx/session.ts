import type * as ort from "onnxruntime-common";
import { FaceError, reasonOf, threadCount } from "../core/index.ts";
import { type Engine, loadEngine } from "./engine.ts";

/** A float32 array with a shape, row-major. */
export interface FloatTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** A session's input: floats, or whole numbers such as labels. */
export interface Feed {
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Options of a session. */
export interface SessionOptions {
  /**
   * Threads inside one operation, at most one per core.
   * @default 1: networks of this size gain nothing from more, and photographs side by side gain everything
   */
  readonly threads?: number;
}

/**
 * A network ready to run on the CPU. Whoever opens it closes it.
 *
 * `run` computes on the calling JavaScript thread: use one session per worker to keep several cores busy.
 */
export class Session {
  readonly #engine: Engine;
  readonly #session: ort.InferenceSession;
  #closed = false;

  private constructor(engine: Engine, session: ort.InferenceSession) {
    this.#engine = engine;
    this.#session = session;
  }

  /**
   * @param model an ONNX file's bytes
   * Throws    FaceError BAD_MODEL when the engine refuses it
   */
  static async open(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const engine = await loadEngine();
    try {
      const session = await engine.InferenceSession.create(model, {
        executionProviders: ["cpu"],
        intraOpNumThreads: threadCount(options.threads, 1),
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "all",
        // With symbolic sizes a pattern is kept per size ever seen: memory that only grows.
        enableMemPattern: false,
        logSeverityLevel: 3,
        extra: { session: { set_denormal_as_zero: "1", intra_op: { allow_spinning: "0" } } },
      });
      return new Session(engine, session);
    } catch (cause) {
      throw new FaceError("BAD_MODEL", { where: "onnxruntime", expected: "a network it can run", cause });
    }
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputs(): readonly string[] {
    return this.#session.outputNames;
  }

  /** Feeds by input name, results by output name. Throws FaceError CLOSED, BAD_MODEL. */
  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, FloatTensor>> {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "session",
        expected: "an open session",
        got: "one that was closed",
      });
    const tensors: Record<string, ort.Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(feeds))
      tensors[name] =
        data instanceof Float32Array
          ? new this.#engine.Tensor("float32", data, dims)
          : new this.#engine.Tensor("int32", data, dims);
    let results: ort.InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run(tensors);
    } catch (cause) {
      throw new FaceError("BAD_MODEL", { where: "onnxruntime", problem: reasonOf(cause), cause });
    }
    const out: Record<string, FloatTensor> = {};
    for (const [name, value] of Object.entries(results)) {
      const tensor = value as ort.Tensor;
      if (tensor.data instanceof Float32Array) out[name] = { dims: tensor.dims, data: tensor.data };
    }
    return out;
  }

  /** Frees the engine's memory; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#session.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
