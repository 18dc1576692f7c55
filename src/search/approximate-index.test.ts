import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { normalize, type UnitVector } from "../core/index.ts";
import { ApproximateIndex, measureRecall } from "./approximate-index.ts";
import { ExactIndex } from "./exact-index.ts";
import { SyntheticPeople } from "./synthetic-people.ts";

const installed = ((): boolean => {
  try {
    createRequire(import.meta.url)("usearch");
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!installed)("with the optional package usearch", () => {
  const people = new SyntheticPeople({ dimension: 128, seed: 1 });
  const kept = new Map<number, UnitVector>();
  const exact = new ExactIndex();
  const options = { dimension: 128, vectors: { read: (id: number) => kept.get(id) } };
  let index: ApproximateIndex;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "arcface-hnsw-"));
    index = ApproximateIndex.open(options);
    for (let id = 0; id < 3000; id++) {
      const vector = people.vector(Math.floor(id / 3), id % 3);
      kept.set(id, vector);
      exact.add(id, vector);
      index.add(id, vector);
    }
  });
  afterAll(async () => rm(folder, { recursive: true }));

  const known = Array.from({ length: 100 }, (_, i) => people.vector(i * 9, 8));
  const strangers = Array.from({ length: 100 }, (_, i) => people.vector(5000 + i, 0));

  test("people of the gallery are found, and what is found has its exact cosine", () => {
    expect(measureRecall(index, exact, known, 1)).toBeGreaterThan(0.97);
    for (const query of known.slice(0, 10))
      expect(index.search(query, { k: 1 })[0]).toEqual(exact.search(query, { k: 1 })[0]);
  });

  test("strangers' look-alikes are found less often, and more often by looking at more", () => {
    const patient = ApproximateIndex.open({ ...options, expansionSearch: 3000 });
    for (const [id, vector] of kept) patient.add(id, vector);
    const hasty = measureRecall(index, exact, strangers, 10);
    expect(hasty).toBeLessThan(measureRecall(index, exact, known, 1));
    expect(measureRecall(patient, exact, strangers, 10)).toBeGreaterThan(hasty);
  });

  test("a removed vector is not found, a known id not taken twice, a broken query refused", () => {
    const small = ApproximateIndex.open({ dimension: 2 });
    small.add(7, normalize(Float32Array.of(1, 0)));
    small.add(8, normalize(Float32Array.of(0, 1)));
    expect(() => small.add(7, normalize(Float32Array.of(1, 0)))).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
    expect(small.search(normalize(Float32Array.of(1, 0)), { k: 5 })).toEqual([
      { id: 7, cosine: 1 },
      { id: 8, cosine: 0 },
    ]);
    expect([small.remove(7), small.remove(7)]).toEqual([true, false]);
    expect(small.search(normalize(Float32Array.of(1, 0)), { k: 5 })).toEqual([{ id: 8, cosine: 0 }]);
    const broken = Float32Array.of(Number.NaN, 1) as unknown as UnitVector;
    expect(() => small.search(broken, { k: 1 })).toThrow(expect.objectContaining({ code: "ZERO_VECTOR" }));
  });

  test("equal vectors, however many, cut nobody off, are all found, and leave one by one", async () => {
    const everyone = ApproximateIndex.open({ dimension: 128 });
    const same = people.vector(9000, 0);
    for (let id = 0; id < 500; id++) everyone.add(id, same);
    for (let i = 0; i < 1000; i++) everyone.add(500 + i, people.vector(i, 0));
    const selfFound = Array.from({ length: 1000 }, (_, i) => i).filter(
      (i) => everyone.search(people.vector(i, 0), { k: 1 })[0]?.id === 500 + i,
    );
    expect(selfFound.length).toBeGreaterThanOrEqual(999);
    const nearest = (k: number) => everyone.search(same, { k }).map(({ id }) => id);
    expect(nearest(500)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(everyone.size).toBe(1500);
    const path = join(await mkdtemp(join(tmpdir(), "arcface-hnsw-")), "equal.hnsw");
    await everyone.save(path, "x");
    const loaded = await ApproximateIndex.load(path, "x", { dimension: 128 });
    expect([loaded.size, loaded.remove(0), loaded.remove(0)]).toEqual([1500, true, false]);
    loaded.add(2000, same);
    expect(loaded.search(same, { k: 500 }).map(({ id }) => id)).toEqual([
      ...Array.from({ length: 499 }, (_, i) => i + 1),
      2000,
    ]);
  });

  test("saved and loaded it answers the same; damaged, foreign or missing it is refused", async () => {
    const path = join(folder, "people.hnsw");
    await index.save(path, "model-a, change 17");
    expect((await readdir(folder)).sort()).toEqual(["people.hnsw", "people.hnsw.graph", "people.hnsw.nodes"]);
    const loaded = await ApproximateIndex.load(path, "model-a, change 17", options);
    expect(loaded.size).toBe(3000);
    for (const query of known) expect(loaded.search(query, { k: 5 })).toEqual(index.search(query, { k: 5 }));
    const bad = expect.objectContaining({ code: "BAD_FILE" });
    await expect(ApproximateIndex.load(path, "model-a, change 18", options)).rejects.toThrow(bad);
    await expect(
      ApproximateIndex.load(path, "model-a, change 17", { ...options, dimension: 64 }),
    ).rejects.toThrow(bad);
    const graph = await readFile(`${path}.graph`);
    await writeFile(`${path}.graph`, graph.subarray(0, graph.length / 2));
    await expect(ApproximateIndex.load(path, "model-a, change 17", options)).rejects.toThrow(bad);
    await rm(`${path}.graph`);
    await expect(ApproximateIndex.load(path, "model-a, change 17", options)).rejects.toThrow(bad);
    await writeFile(path, "{}");
    await expect(ApproximateIndex.load(path, "model-a, change 17", options)).rejects.toThrow(bad);
  });
});

test("without usearch the error says what is missing", () => {
  if (installed) expect(ApproximateIndex.open({ dimension: 4 }).size).toBe(0);
  else expect(() => ApproximateIndex.open({ dimension: 4 })).toThrow(/optional package usearch/);
});
