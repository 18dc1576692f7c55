import { cosine, FaceError, type UnitVector } from "../core/index.ts";
import type { FaceEmbedder } from "../embed/index.ts";
import { ModelStore } from "../models/index.ts";
import { openEmbedder } from "../recognise/index.ts";
import { findIdentityJudge, type IdentityJudge, type JudgeChoice } from "./judge.ts";
import type { Planes } from "./planes.ts";
import { protocolPlanes } from "./protocol-input.ts";

/** Pictures as one array, as a training loop or a generator has them. */
export interface RgbBatch {
  /** Row-major, as `dims` say. */
  readonly data: Float32Array | Uint8Array | Uint8ClampedArray;
  /** [N, 3, H, W], or with `layout: "NHWC"` [N, H, W, 3]; pictures are square. */
  readonly dims: readonly number[];
  /** @default "NCHW" */
  readonly layout?: "NCHW" | "NHWC" | undefined;
  /** The values of black and white; bytes are 0 to 255, and floats have to say it: `[0, 1]`, `[-1, 1]` or `[0, 255]`. */
  readonly range?: readonly [black: number, white: number] | undefined;
}

/** Options of a meter: its judge, and where models are kept. */
export interface IdentityMeterOptions extends JudgeChoice {
  readonly store?: ModelStore | undefined;
}

/**
 * Identity as a metric over arrays, for training loops and generators: pictures that are frames of a protocol already, aligned
 * crops under `default`, FFHQ's squares under `psp`. Nothing is looked for in them, nothing is rounded, and they run in batches
 * where the network takes several.
 *
 * ```ts
 * import { IdentityMeter } from "arcface-ts/identity";
 *
 * await using meter = await IdentityMeter.open();
 * const dims = [2, 3, 112, 112];
 * const grey = { data: new Float32Array(2 * 3 * 112 * 112).fill(0.5), dims, range: [0, 1] as const };
 * console.log(await meter.score(grey, grey)); // about 1, 1
 * ```
 */
export class IdentityMeter {
  readonly judge: IdentityJudge;
  readonly #embedder: FaceEmbedder;

  private constructor(judge: IdentityJudge, embedder: FaceEmbedder) {
    this.judge = judge;
    this.#embedder = embedder;
  }

  /** Throws    FaceError USAGE for a protocol whose network is not given; as `Recognizer.open` */
  static async open(options: IdentityMeterOptions = {}): Promise<IdentityMeter> {
    const { store = new ModelStore(), ...choice } = options;
    const judge = await findIdentityJudge(choice, { store, aligned: true });
    const { embedder } = await openEmbedder(store, judge.spec.model, judge.spec.contract);
    return new IdentityMeter(judge, embedder);
  }

  /** A unit vector of each picture. Throws FaceError SHAPE for dims that do not fit, USAGE for floats without a range. */
  async embed(batch: RgbBatch): Promise<UnitVector[]> {
    const { protocol } = this.judge.spec;
    const planes = planesOfBatch(batch).map(
      (picture) => protocolPlanes(protocol, picture, this.#embedder.sizePx).data,
    );
    const measured = await this.#embedder.embedPlanes(planes, this.judge.spec);
    return measured.map(({ vector }) => vector);
  }

  /** The cosine of each result to the source at its place; one source stands for all. Shapes result [N]. */
  async score(results: RgbBatch, sources: RgbBatch): Promise<Float32Array> {
    const [of, to] = [await this.embed(results), await this.embed(sources)];
    if (to.length !== 1 && to.length !== of.length)
      throw new FaceError("SHAPE", {
        where: "identity",
        expected: `one source, or ${of.length}`,
        got: to.length,
      });
    return Float32Array.from(of, (vector, i) => cosine(vector, to.length === 1 ? to[0]! : to[i]!));
  }

  /** Closes the network; a second call does nothing. */
  async close(): Promise<void> {
    await this.#embedder.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * The cosine of each result to its source, as {@link IdentityMeter} gives it. Opens the network and closes it again: in a
 * loop keep a meter open.
 *
 * Throws    as {@link IdentityMeter.open} and its `score`
 */
export async function identityScore(
  results: RgbBatch,
  sources: RgbBatch,
  options: IdentityMeterOptions = {},
): Promise<Float32Array> {
  await using meter = await IdentityMeter.open(options);
  return await meter.score(results, sources);
}

function planesOfBatch({ data, dims, layout = "NCHW", range }: RgbBatch): Planes[] {
  const [count = 0, ...rest] = dims;
  const [height = 0, width = 0] = layout === "NCHW" ? rest.slice(1) : rest;
  const channels = layout === "NCHW" ? rest[0] : rest[2];
  const whole = [count, height, width].every((each) => Number.isInteger(each) && each > 0);
  if (dims.length !== 4 || channels !== 3 || !whole || data.length !== count * 3 * height * width)
    throw new FaceError("SHAPE", {
      where: "batch",
      expected: layout === "NCHW" ? "[N, 3, H, W]" : "[N, H, W, 3]",
      got: `[${dims.join(", ")}] of ${data.length} values`,
    });
  if (range === undefined && data instanceof Float32Array)
    throw new FaceError("USAGE", {
      where: "batch",
      expected: "the range of its values: [0, 1], [-1, 1] or [0, 255]",
      got: "floats without one",
    });
  const [black, white] = range ?? [0, 255];
  if (!(Number.isFinite(black) && Number.isFinite(white) && black !== white))
    throw new FaceError("USAGE", {
      where: "batch",
      expected: "a range of two numbers",
      got: `[${black}, ${white}]`,
    });
  const gain = 255 / (white - black);
  const plane = height * width;
  return Array.from({ length: count }, (_, n) => {
    const out = new Float32Array(3 * plane);
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < plane; i++) {
        const at = n * 3 * plane + (layout === "NCHW" ? c * plane + i : 3 * i + c);
        out[c * plane + i] = (data[at]! - black) * gain;
      }
    return { width, height, data: out };
  });
}
