import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalize, seeded, type UnitVector } from "../core/index.ts";
import { clusterByDensity } from "./cluster-by-density.ts";
import { clusterFaces } from "./cluster-faces.ts";
import type { FaceToCluster } from "./face-to-cluster.ts";
import { scoreClustering } from "./score-clustering.ts";

/** Vectors at given angles in the plane, in degrees. */
const at = (degrees: number): UnitVector =>
  normalize(Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)));
const faces = (...list: readonly (readonly [number, string])[]): FaceToCluster[] =>
  list.map(([degrees, photograph]) => ({ embedding: at(degrees), photograph }));
const cos = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);

/** People as random directions in 64 dimensions, their faces around them: cosine about 0.6 within, 0 between. */
function crowd(people: number, each: number): { faces: FaceToCluster[]; labels: string[] } {
  const random = seeded(21);
  const bell = (): number => random.next() + random.next() + random.next() - 1.5;
  const centres = Array.from({ length: people }, () => Array.from({ length: 64 }, bell));
  const list = centres.flatMap((centre, p) =>
    Array.from({ length: each }, (_, n) => ({
      label: `person ${p}`,
      face: {
        embedding: normalize(Float32Array.from(centre, (v) => v + 0.8 * bell())),
        photograph: `${p}-${n}.jpg`,
      },
    })),
  );
  return { faces: list.map(({ face }) => face), labels: list.map(({ label }) => label) };
}

describe("faces", () => {
  test("are grouped by person, and who is alone stays alone", async () => {
    const { faces: all, labels } = crowd(40, 5);
    const groups = await clusterFaces(
      [...all, { embedding: crowd(41, 1).faces[40]!.embedding, photograph: "x" }],
      {
        threshold: 0.3,
      },
    );
    expect(groups.map((group) => group.length)).toEqual([...new Array<number>(40).fill(5), 1]);
    expect(scoreClustering(groups, labels)).toEqual({
      faces: 200,
      people: 40,
      bCubed: { precision: 1, recall: 1, f: 1 },
      pairwise: { precision: 1, recall: 1, f: 1 },
    });
  });

  test("of one photograph are never one person, however alike, not even through others", async () => {
    expect(await clusterFaces(faces([0, "a"], [0, "a"]), { threshold: 0.5 })).toEqual([[0], [1]]);
    // The third is like both of photograph a; it goes to the nearer, and the other stays out.
    expect(await clusterFaces(faces([0, "a"], [4, "a"], [3, "b"]), { threshold: 0.5 })).toEqual([
      [1, 2],
      [0],
    ]);
    const anyFaces = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 90 }), fc.constantFrom("a", "b", "c", "d")),
      {
        maxLength: 16,
      },
    );
    await fc.assert(
      fc.asyncProperty(anyFaces, async (list) => {
        const groups = await clusterFaces(faces(...list), { threshold: cos(30) });
        expect(groups.flat().sort((a, b) => a - b)).toEqual(list.map((_, i) => i));
        for (const group of groups) {
          expect(new Set(group.map((i) => list[i]![1])).size).toBe(group.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("are not chained: groups that touch in one pair stay two", async () => {
    // 0, 5 and 40, 45 with a threshold of 38°: the pair 5, 40 lies above it, the mean of the four pairs below.
    const chain = faces([0, "a"], [5, "b"], [40, "c"], [45, "d"]);
    expect(await clusterFaces(chain, { threshold: cos(38) })).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test("in another order make the same groups", async () => {
    const { faces: all } = crowd(12, 4);
    const order = seeded(4).shuffle(all.map((_, i) => i));
    const groups = await clusterFaces(all, { threshold: 0.45 });
    const again = await clusterFaces(
      order.map((i) => all[i]!),
      { threshold: 0.45 },
    );
    const named = (list: readonly (readonly number[])[]) =>
      list.map((group) => [...group].sort((a, b) => a - b).join()).sort();
    expect(named(again.map((group) => group.map((i) => order[i]!)))).toEqual(named(groups));
  });

  test("none, one, and what cannot be compared", async () => {
    expect(await clusterFaces([], { threshold: 0.4 })).toEqual([]);
    expect(await clusterFaces(faces([0, "a"]), { threshold: 0.4 })).toEqual([[0]]);
    const odd = [...faces([0, "a"]), { embedding: normalize(Float32Array.of(1, 1, 1)), photograph: "b" }];
    await expect(clusterFaces(odd, { threshold: 0.4 })).rejects.toMatchObject({ code: "SHAPE" });
    await expect(clusterFaces([], { threshold: Number.NaN })).rejects.toMatchObject({ code: "USAGE" });
    const controller = new AbortController();
    controller.abort();
    await expect(
      clusterFaces(faces([0, "a"]), { threshold: 0, signal: controller.signal }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });
});

test("scores are B-cubed's and the pairs', worked out by hand; unknown faces do not count", () => {
  // Groups {a a b ?} {a b}: precision (2·⅔ + ⅓ + ½ + ½)/5, recall (2·⅔ + ½ + ⅓ + ½)/5.
  const scores = scoreClustering(
    [
      [0, 1, 2, 3],
      [4, 5],
    ],
    ["a", "a", "b", undefined, "a", "b"],
  )!;
  expect(scores).toMatchObject({ faces: 5, people: 2 });
  expect(scores.bCubed.precision!).toBeCloseTo((4 / 3 + 1 / 3 + 1) / 5, 12);
  expect(scores.bCubed.recall).toBeCloseTo((4 / 3 + 1 / 2 + 1 / 3 + 1 / 2) / 5, 12);
  // Pairs together: 3 + 1, of which one right; pairs of people: 3 + 1.
  expect(scores.pairwise).toEqual({ precision: 0.25, recall: 0.25, f: 0.25 });
});

test("there is no score where no grouping could be wrong: nobody known, one person, or a face of each", () => {
  expect(scoreClustering([[0]], [undefined])).toBeUndefined();
  expect(scoreClustering([[0], [1]], ["a", "b"])).toBeUndefined();
  expect(scoreClustering([[0, 1]], ["a", "b"])).toBeUndefined();
  expect(scoreClustering([[0, 1]], ["a", "a"])).toBeUndefined();
});

test("where nothing was grouped no pair was wrong, so there is no precision of pairs and no recall", () => {
  const scores = scoreClustering([[0], [1], [2]], ["a", "a", "b"])!;
  expect(scores.pairwise).toEqual({ precision: null, recall: 0, f: 0 });
  expect(scores.bCubed).toMatchObject({ precision: 1, recall: 2 / 3 });
});

describe("faces grouped by density", () => {
  test("are chained: each near the next, the ends far apart", async () => {
    const chain = faces([0, "a"], [20, "b"], [40, "c"], [60, "d"], [170, "e"]);
    expect(await clusterByDensity(chain, { threshold: cos(21) })).toEqual([[0, 1, 2, 3], [4]]);
    expect(await clusterFaces(chain, { threshold: cos(21) })).toEqual([[0, 1], [2, 3], [4]]);
  });

  test("reach no further from faces that are not dense, and such a face goes to the nearest dense one", async () => {
    const list = faces([0, "a"], [10, "b"], [20, "c"], [39, "d"], [58, "e"]);
    // With three to be dense, 39° sees 20° and 58°, 58° only 39°: it is taken along and takes nobody.
    expect(await clusterByDensity(list, { threshold: cos(19.5), least: 3 })).toEqual([[0, 1, 2, 3, 4]]);
    expect(await clusterByDensity(list, { threshold: cos(19.5), least: 4 })).toEqual([
      [0],
      [1],
      [2],
      [3],
      [4],
    ]);
  });

  test("are people as a crowd of them is made", async () => {
    const { faces: all, labels } = crowd(40, 5);
    const groups = await clusterByDensity(all, { threshold: 0.5 });
    expect(scoreClustering(groups, labels)!.bCubed.precision).toBe(1);
    expect(scoreClustering(groups, labels)!.bCubed.recall).toBeGreaterThan(0.9);
  });

  test("hold no two faces of one photograph, and every face once", async () => {
    const anyFaces = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 90 }), fc.constantFrom("a", "b", "c", "d")),
      { maxLength: 16 },
    );
    await fc.assert(
      fc.asyncProperty(anyFaces, fc.integer({ min: 1, max: 4 }), async (list, least) => {
        const groups = await clusterByDensity(faces(...list), { threshold: cos(15), least });
        expect(groups.flat().sort((a, b) => a - b)).toEqual(list.map((_, i) => i));
        for (const group of groups) expect(new Set(group.map((i) => list[i]![1])).size).toBe(group.length);
      }),
      { numRuns: 50, seed: 7 },
    );
  });

  test("want a number of faces that makes sense", async () => {
    await expect(clusterByDensity(faces([0, "a"]), { threshold: 0.5, least: 0 })).rejects.toThrow(
      /at least 1/,
    );
  });
});

describe("what is known of pairs", () => {
  const groupings = { linkage: clusterFaces, density: clusterByDensity };
  for (const [name, group] of Object.entries(groupings)) {
    test(`goes before vectors and photographs: ${name}`, async () => {
      const all = faces([0, "a"], [5, "b"], [90, "c"], [95, "d"], [180, "a"]);
      const known = [
        { kind: "different", faces: [0, 1] },
        { kind: "same", faces: [3, 0] },
        { kind: "same", faces: [4, 0] },
      ] as const;
      expect(await group(all, { threshold: cos(30) })).toEqual([[0, 1], [2, 3], [4]]);
      const groups = await group(all, { threshold: cos(30), known });
      const of = (face: number) => groups.findIndex((members) => members.includes(face));
      expect(of(0)).not.toBe(of(1));
      expect([of(3), of(4)]).toEqual([of(0), of(0)]);
    });

    test(`is never contradicted, through any chain: ${name}`, async () => {
      const pair = fc.tuple(fc.constantFrom("same" as const, "different" as const), fc.nat(11), fc.nat(11));
      await fc.assert(
        fc.asyncProperty(fc.array(pair, { maxLength: 12 }), async (pairs) => {
          const { faces: all } = crowd(4, 3);
          const known = pairs.map(([kind, a, b]) => ({ kind, faces: [a, b] as const }));
          const groups = await group(all, { threshold: 0.3, known }).catch((error: { code: string }) => {
            expect(error.code).toBe("CONFLICT");
            return undefined;
          });
          for (const {
            kind,
            faces: [a, b],
          } of known) {
            if (!groups) continue;
            const one = groups.some((members) => members.includes(a) && members.includes(b));
            expect([kind, one]).toEqual([kind, kind === "same"]);
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  test("is refused in words where it contradicts itself, or is of no face", async () => {
    const known = [
      { kind: "same", faces: [0, 1] },
      { kind: "same", faces: [1, 2] },
      { kind: "different", faces: [2, 0] },
    ] as const;
    const all = faces([0, "a"], [5, "b"], [9, "c"]);
    await expect(clusterFaces(all, { threshold: 0, known })).rejects.toThrow(
      "faces 2 and 0 said to be two people, and one by other pairs",
    );
    await expect(
      clusterFaces(all, { threshold: 0, known: [{ kind: "same", faces: [0, 3] }] }),
    ).rejects.toMatchObject({ code: "USAGE" });
  });
});
