import { expect, test } from "vitest";
import { normalize, type UnitVector } from "../core/index.ts";
import { galleryShape } from "./gallery-shape.ts";
import { MadeFaces, provenance } from "./made-faces.ts";

/** Records of faces whose numbers have gaps, and whose vectors fill the first dimensions only. */
function made(count: number, filled: number, faces = count) {
  const directions = new MadeFaces(3, filled);
  const vectors = new Map<number, UnitVector>();
  const at = (i: number): number => 7 * i + (i > 500 ? 4000 : 3);
  for (let i = 0; i < count; i++) {
    const along = directions.direction();
    vectors.set(at(i), normalize(Float32Array.from({ length: 128 }, (_, j) => along[j] ?? 0)));
  }
  return {
    stats: async () => ({ people: 1, faces, deletedFaces: 0, changes: 1, bytes: null }),
    faces: async ({ after = -1, limit }: { after?: number | undefined; limit: number }) =>
      [...vectors.keys()]
        .filter((id) => id > after)
        .slice(0, limit)
        .map((id) => ({ id, person: 1, provenance: provenance("made.jpg") })),
    vectors: async (ids: readonly number[]) => new Map(ids.map((id) => [id, vectors.get(id)!] as const)),
  };
}

test("a gallery tells how many dimensions its vectors fill, from faces all over it", async () => {
  const shape = (await galleryShape(made(1500, 24, 100_000) as never))!;
  expect(shape).toMatchObject({ dimension: 128, axes: 32 });
  expect(shape.energy).toBeCloseTo(1, 6);
  // 24 evenly filled ones, as a sample of some hundred vectors has it.
  expect(shape.effectiveDimension).toBeGreaterThan(21);
  expect(shape.effectiveDimension).toBeLessThan(24.1);
  expect(shape.cost).toBeLessThan(0.8);
});

test("of a gallery of few faces it says nothing", async () => {
  expect(await galleryShape(made(1023, 24) as never)).toBeUndefined();
});
