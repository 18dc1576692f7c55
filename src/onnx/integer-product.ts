import type * as ort from "onnxruntime-common";
import { FaceError, internal, reasonOf, threadCount } from "../core/index.ts";
import { encodeOnnx } from "./encode.ts";
import { type Engine, loadEngine } from "./engine.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { ELEMENT_TYPE } from "./model.ts";
import { hasStopped, STOPPING, stoppingWith } from "./uncopied-outputs.ts";

/**
 * The matrix product of bytes, summed in 32 bits: twice the rate of one in float32.
 *
 * Exact as long as |right| ≤ 63: processors without VNNI add two products in 16 bits on the way, saturating.
 */
export class IntegerProduct {
  readonly #engine: Engine;
  readonly #session: ort.InferenceSession;
  #closed = false;

  private constructor(engine: Engine, session: ort.InferenceSession) {
    this.#engine = engine;
    this.#session = session;
  }

  /** @param threads inside the product */
  static async open(threads = 1): Promise<IntegerProduct> {
    const graph = new GraphBuilder();
    const left = graph.input("left", ["M", "K"], ELEMENT_TYPE.uint8);
    const right = graph.input("right", ["K", "N"], ELEMENT_TYPE.int8);
    graph.node("MatMulInteger", [left, right], {}, "product");
    graph.output("product", ["M", "N"], ELEMENT_TYPE.int32);
    const model = graph.finish({ producer: "arcface integer product", opset: 13 });
    const engine = await loadEngine();
    const session = await engine.InferenceSession.create(encodeOnnx(stoppingWith(model.inputs[1]!, model)), {
      executionProviders: ["cpu"],
      intraOpNumThreads: threadCount(threads),
      interOpNumThreads: 1,
      executionMode: "sequential",
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    return new IntegerProduct(engine, session);
  }

  /**
   * Shapes    left [M, K], right [K, N], product [M, N], row-major; `product` is written
   * Throws    FaceError CLOSED, INTERNAL
   */
  async run(left: Uint8Array, right: Int8Array, inner: number, product: Int32Array): Promise<void> {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "integer product",
        expected: "an open one",
        got: "one that was closed",
      });
    const [m, n] = [left.length / inner, right.length / inner];
    const { Tensor } = this.#engine;
    try {
      await this.#session.run(
        { left: new Tensor("uint8", left, [m, inner]), right: new Tensor("int8", right, [inner, n]) },
        { ...STOPPING, product: new Tensor("int32", product, [m, n]) },
      );
    } catch (cause) {
      if (hasStopped(cause)) return;
      throw internal(`integer product: ${reasonOf(cause)}`, cause);
    }
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
