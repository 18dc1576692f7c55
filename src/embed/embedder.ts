import type { AlignedFace } from "../align/index.ts";
import { FaceError, normalize, type UnitVector } from "../core/index.ts";
import type { Session } from "../onnx/index.ts";

/** Everything a network wants to know about its input, and we about its output. Part of a model's card. */
export interface EmbedderContract {
  readonly input: {
    readonly name: string;
    /** Axes of the input tensor; N is the batch. */
    readonly layout: "NCHW" | "NHWC";
    /** Side of the square crop, in pixels. */
    readonly sizePx: number;
    readonly channels: "RGB" | "BGR";
    /** Input value = (byte − mean) / scale, per channel in the order of `channels`. */
    readonly mean: readonly [number, number, number];
    readonly scale: readonly [number, number, number];
    /** The largest batch the network takes in one run; absent when any. */
    readonly maxBatch?: number | undefined;
  };
  readonly output: {
    readonly name: string;
    readonly dimension: number;
    /** True if the network itself divides by the length. It is done here in any case. */
    readonly normalized: boolean;
  };
}

/** Options for embedding faces. */
export interface EmbedOptions {
  /** Embed each face and its mirror image and normalise the sum. Twice the work. @default false */
  readonly flip?: boolean;
}

/** An embedding and what the network said beside its direction. */
export interface MeasuredVector {
  readonly vector: UnitVector;
  /**
   * Length of the network's output, with `flip` half that of the sum. Networks trained with a margin that depends on
   * it (MagFace, AdaFace), and to a lesser degree all others, give clear pictures longer vectors.
   */
  readonly norm: number;
}

/** Crops become unit vectors: by one network, or by several side by side. */
export interface FaceEmbedder {
  /** The id of the model card. */
  readonly id: string;
  /** Side of the crops that it takes, in pixels. */
  readonly sizePx: number;
  /** Length of its vectors. */
  readonly dimension: number;
  embed(faces: readonly AlignedFace[], options?: EmbedOptions): Promise<UnitVector[]>;
  /** {@link embed} with the length that each vector had before it was divided by it. */
  embedMeasured(faces: readonly AlignedFace[], options?: EmbedOptions): Promise<MeasuredVector[]>;
  /**
   * The same of crops whose values need not be whole: planes R, G, B with values as of bytes, [3, sizePx, sizePx].
   *
   * Throws    FaceError SHAPE, as {@link embed}
   */
  embedPlanes(crops: readonly Float32Array[], options?: EmbedOptions): Promise<MeasuredVector[]>;
  close(): Promise<void>;
}

/** Crops in one run of the network; bounds memory. */
const BATCH = 16;

/** Turns aligned faces into unit vectors with one network. Whoever opens it closes it. */
export class Embedder implements FaceEmbedder {
  readonly id: string;
  readonly contract: EmbedderContract;
  readonly #session: Session;

  /** Takes over the session: closing the embedder closes it. */
  constructor(id: string, contract: EmbedderContract, session: Session) {
    this.id = id;
    this.contract = contract;
    this.#session = session;
  }

  get sizePx(): number {
    return this.contract.input.sizePx;
  }

  get dimension(): number {
    return this.contract.output.dimension;
  }

  /**
   * Shapes    faces [N] of contract.input.sizePx · result [N] vectors of contract.output.dimension
   * Throws    FaceError SHAPE for a crop of another size, BAD_MODEL when the network's output is not as its contract
   *           says, ZERO_VECTOR when an output is zero or not finite
   */
  async embed(faces: readonly AlignedFace[], options: EmbedOptions = {}): Promise<UnitVector[]> {
    return (await this.embedMeasured(faces, options)).map(({ vector }) => vector);
  }

  /** {@link embed} with the length that each vector had before it was divided by it. */
  async embedMeasured(faces: readonly AlignedFace[], options: EmbedOptions = {}): Promise<MeasuredVector[]> {
    const size = this.sizePx;
    const wrong = faces.find((face) => face.width !== size || face.height !== size);
    if (wrong) throw wrongSize(size, `${wrong.width}×${wrong.height}`);
    return await this.#measure(
      faces.map(({ data }) => ({ values: data, pixelStep: 3, channelStep: 1 })),
      options,
    );
  }

  async embedPlanes(crops: readonly Float32Array[], options: EmbedOptions = {}): Promise<MeasuredVector[]> {
    const plane = this.sizePx * this.sizePx;
    const wrong = crops.find(({ length }) => length !== 3 * plane);
    if (wrong) throw wrongSize(this.sizePx, `${wrong.length} values`);
    return await this.#measure(
      crops.map((values) => ({ values, pixelStep: 1, channelStep: plane })),
      options,
    );
  }

  async #measure(crops: readonly CropValues[], options: EmbedOptions): Promise<MeasuredVector[]> {
    const vectors: MeasuredVector[] = [];
    const step = Math.min(BATCH, this.contract.input.maxBatch ?? BATCH);
    for (let start = 0; start < crops.length; start += step) {
      const batch = crops.slice(start, start + step);
      const straight = await this.#run(batch, false);
      const mirrored = options.flip ? await this.#run(batch, true) : undefined;
      const { dimension } = this.contract.output;
      batch.forEach((_, i) => {
        const vector = straight.subarray(i * dimension, (i + 1) * dimension);
        if (mirrored) for (let k = 0; k < dimension; k++) vector[k]! += mirrored[i * dimension + k]!;
        vectors.push({ vector: this.#normalize(vector), norm: lengthOf(vector) / (mirrored ? 2 : 1) });
      });
    }
    return vectors;
  }

  /** A vector without a direction is the network's doing, which is named: the numbers of a picture are always finite. */
  #normalize(vector: Float32Array): UnitVector {
    try {
      return normalize(vector);
    } catch (cause) {
      throw new FaceError("ZERO_VECTOR", {
        where: this.id,
        expected: "a network that gives a finite vector other than zero",
        got: `one of length ${lengthOf(vector)}`,
        cause,
      });
    }
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async #run(crops: readonly CropValues[], mirror: boolean): Promise<Float32Array> {
    const { input, output } = this.contract;
    const size = input.sizePx;
    const data = new Float32Array(crops.length * 3 * size * size);
    crops.forEach((crop, i) => {
      writeInput(crop, this.contract, mirror, data, i * 3 * size * size);
    });
    const picture = input.layout === "NCHW" ? [3, size, size] : [size, size, 3];
    const results = await this.#session.run({ [input.name]: { dims: [crops.length, ...picture], data } });
    const vectors = results[output.name];
    if (!vectors || vectors.data.length !== crops.length * output.dimension) {
      throw new FaceError("BAD_MODEL", {
        where: `embed: ${this.id}`,
        expected: `output "${output.name}" [${crops.length}, ${output.dimension}]`,
        got: vectors ? `[${vectors.dims.join(", ")}]` : "no such output",
      });
    }
    return vectors.data;
  }
}

function wrongSize(sizePx: number, got: string): FaceError {
  return new FaceError("SHAPE", { where: "embed", expected: `crops of ${sizePx}×${sizePx}`, got });
}

function lengthOf(values: Float32Array): number {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += values[i]! * values[i]!;
  return Math.sqrt(square);
}

/** A crop's values, as of bytes, and how far apart neighbours and channels lie. */
interface CropValues {
  readonly values: Uint8Array | Float32Array;
  readonly pixelStep: number;
  readonly channelStep: number;
}

/** Writes one crop into a batch as the contract wants it: channel order, layout, mean and scale, mirrored or not. */
function writeInput(
  { values, pixelStep, channelStep }: CropValues,
  { input }: EmbedderContract,
  mirror: boolean,
  out: Float32Array,
  offset: number,
): void {
  const size = input.sizePx;
  const plane = size * size;
  const planar = input.layout === "NCHW";
  for (let channel = 0; channel < 3; channel++) {
    const from = (input.channels === "RGB" ? channel : 2 - channel) * channelStep;
    const mean = input.mean[channel]!;
    const gain = 1 / input.scale[channel]!;
    const step = planar ? 1 : 3;
    let to = offset + (planar ? channel * plane : channel);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++, to += step) {
        const column = mirror ? size - 1 - x : x;
        out[to] = (values[(y * size + column) * pixelStep + from]! - mean) * gain;
      }
    }
  }
}
