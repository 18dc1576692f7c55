import { expect, test } from "vitest";
import { type AlignedFace, asAlignedFace } from "../align/index.ts";
import { cosine, normalize } from "../core/index.ts";
import { RgbImage } from "../image/index.ts";
import type { EmbedOptions, FaceEmbedder } from "./embedder.ts";
import { FusedEmbedder } from "./fused-embedder.ts";

/** Vectors that are the numbers of a crop's first pixels, turned round with flip; it notes that it was closed. */
class FirstPixels implements FaceEmbedder {
  closed = 0;
  readonly id: string;
  readonly dimension: number;
  readonly norm: number;
  readonly sizePx: number;

  constructor(id: string, dimension: number, norm: number, sizePx = 112) {
    this.id = id;
    this.dimension = dimension;
    this.norm = norm;
    this.sizePx = sizePx;
  }

  async embed(faces: readonly AlignedFace[], options: EmbedOptions = {}) {
    return (await this.embedMeasured(faces, options)).map(({ vector }) => vector);
  }

  async embedMeasured(faces: readonly AlignedFace[], options: EmbedOptions = {}) {
    return faces.map(({ data }) => {
      const values = Float32Array.from(data.subarray(0, this.dimension));
      return { vector: normalize(options.flip ? values.reverse() : values), norm: this.norm };
    });
  }

  async embedPlanes(crops: readonly Float32Array[], options: EmbedOptions = {}) {
    return crops.map((crop) => {
      const values = crop.slice(0, this.dimension);
      return { vector: normalize(options.flip ? values.reverse() : values), norm: this.norm };
    });
  }

  async close() {
    this.closed++;
  }
}

const crop = (first: number): AlignedFace =>
  asAlignedFace(
    new RgbImage(
      112,
      112,
      Uint8Array.from({ length: 3 * 112 * 112 }, (_, i) => (i * first) % 251),
    ),
  );

test.each([false, true])("a cosine is the mean of the networks' cosines, flip %s", async (flip) => {
  const parts = [new FirstPixels("a", 5, 4), new FirstPixels("b", 3, 9)];
  const fused = new FusedEmbedder("a+b", parts);
  expect([fused.id, fused.sizePx, fused.dimension]).toEqual(["a+b", 112, 8]);
  const crops = [crop(7), crop(90)];
  const [x, y] = await fused.embed(crops, { flip });
  expect(x).toHaveLength(8);
  const own = await Promise.all(parts.map((part) => part.embed(crops, { flip })));
  const mean = own.reduce((sum, [a, b]) => sum + cosine(a!, b!), 0) / 2;
  // Float32 rounding.
  expect(cosine(x!, y!)).toBeCloseTo(mean, 6);
  expect(mean).toBeLessThan(0.999);
});

test("the length is the geometric mean of the networks' lengths", async () => {
  const fused = new FusedEmbedder("a+b", [new FirstPixels("a", 5, 4), new FirstPixels("b", 3, 9)]);
  const [measured] = await fused.embedMeasured([crop(7)]);
  expect(measured!.norm).toBeCloseTo(6, 12);
});

test("closing it closes its networks", async () => {
  const parts = [new FirstPixels("a", 5, 4), new FirstPixels("b", 3, 9)];
  await new FusedEmbedder("a+b", parts).close();
  expect(parts.map(({ closed }) => closed)).toEqual([1, 1]);
});

test.each([
  [[new FirstPixels("a", 5, 1)], "a of 112 px"],
  [[new FirstPixels("a", 5, 1), new FirstPixels("b", 3, 1, 224)], "a of 112 px, b of 224 px"],
])("one network, or crops of two sizes, cannot be fused", (parts, got) => {
  expect(() => new FusedEmbedder("mine", parts)).toThrow(
    `mine: expected two networks or more for crops of one size, got ${got}`,
  );
});
