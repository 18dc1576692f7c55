import { embedTsne, layoutQuality, type Points, pointsOf, tsne } from "arcface-ts/project";
import { expect, test } from "vitest";
import { seeded } from "../src/core/index.ts";

/** Ten clusters in 20 dimensions. */
function clusters(count: number): Points {
  const random = seeded(8);
  const centres = Array.from({ length: 10 }, () => Array.from({ length: 20 }, () => random.next() * 8));
  return pointsOf(
    Array.from({ length: count }, (_, i) => centres[i % 10]!.map((centre) => centre + random.next() * 2)),
  );
}

test.each([
  ["grid", 2, 3],
  ["exact", 2, 2],
  ["tree", 3, 2],
] as const)(
  "t-SNE by the %s method in %i dimensions has the same bits on one and on %i threads",
  async (method, dimensions, most) => {
    const points = clusters(1200);
    const [alone, together] = [
      await embedTsne(points, { method, dimensions, threads: 1, iterations: 120 }),
      await embedTsne(points, { method, dimensions, threads: most, iterations: 120 }),
    ];
    expect(together).toEqual(alone);
    expect((await layoutQuality(points, alone.layout)).trustworthiness).toBeGreaterThan(0.9);
  },
);

test("t-SNE on threads can be watched, left and aborted", async () => {
  const points = clusters(1200);
  const stages = new Set<string>();
  for await (const { iteration, klDivergence } of tsne(points, {
    threads: 2,
    snapshotEvery: 20,
    onProgress: ({ stage }) => stages.add(stage),
  })) {
    expect(klDivergence).toBeGreaterThan(0);
    if (iteration === 40) break;
  }
  expect([...stages]).toEqual(["neighbours", "t-SNE"]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  await expect(
    embedTsne(points, { threads: 2, iterations: 100_000, signal: controller.signal }),
  ).rejects.toMatchObject({ code: "ABORTED" });
});
