import type { AlignedFace } from "../align/index.ts";
import { FaceError, normalize, type UnitVector } from "../core/index.ts";
import type { EmbedOptions, FaceEmbedder, MeasuredVector } from "./embedder.ts";

/**
 * Several networks as one: their unit vectors side by side, so that a cosine is the mean of theirs.
 *
 * Formula   v = [u₁, …, uₙ] / √n, then v·w = (u₁·w₁ + … + uₙ·wₙ) / n
 */
export class FusedEmbedder implements FaceEmbedder {
  readonly id: string;
  readonly sizePx: number;
  readonly dimension: number;
  readonly #parts: readonly FaceEmbedder[];

  /**
   * Takes over the embedders: closing it closes them.
   *
   * Throws    FaceError BAD_CONTRACT for fewer than two, or for crops of several sizes
   */
  constructor(id: string, parts: readonly FaceEmbedder[]) {
    const sizes = [...new Set(parts.map(({ sizePx }) => sizePx))];
    if (parts.length < 2 || sizes.length > 1) {
      throw new FaceError("BAD_CONTRACT", {
        where: id,
        expected: "two networks or more for crops of one size",
        got: parts.map((part) => `${part.id} of ${part.sizePx} px`).join(", "),
      });
    }
    this.id = id;
    this.sizePx = sizes[0]!;
    this.dimension = parts.reduce((sum, { dimension }) => sum + dimension, 0);
    this.#parts = parts;
  }

  async embed(faces: readonly AlignedFace[], options: EmbedOptions = {}): Promise<UnitVector[]> {
    return (await this.embedMeasured(faces, options)).map(({ vector }) => vector);
  }

  /** The length is the geometric mean of the networks' lengths, whose scales differ. */
  async embedMeasured(faces: readonly AlignedFace[], options: EmbedOptions = {}): Promise<MeasuredVector[]> {
    return await this.#measure(faces.length, async (part) => await part.embedMeasured(faces, options));
  }

  async embedPlanes(crops: readonly Float32Array[], options: EmbedOptions = {}): Promise<MeasuredVector[]> {
    return await this.#measure(crops.length, async (part) => await part.embedPlanes(crops, options));
  }

  async #measure(
    count: number,
    measure: (part: FaceEmbedder) => Promise<MeasuredVector[]>,
  ): Promise<MeasuredVector[]> {
    const found: MeasuredVector[][] = [];
    for (const part of this.#parts) found.push(await measure(part));
    return Array.from({ length: count }, (_, i) => {
      const whole = new Float32Array(this.dimension);
      let [at, product] = [0, 1];
      for (const measured of found) {
        const { vector, norm } = measured[i]!;
        whole.set(vector, at);
        at += vector.length;
        product *= norm;
      }
      return { vector: normalize(whole), norm: product ** (1 / found.length) };
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(async (part) => await part.close()));
  }
}
