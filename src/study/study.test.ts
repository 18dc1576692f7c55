import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alignFace, asAlignedFace } from "../align/index.ts";
import { normalize, seeded } from "../core/index.ts";
import { RgbImage } from "../image/index.ts";
import { areaUnderCurve, equalErrorRate, operatingPointsOf } from "../statistics/index.ts";
import { chooseLookAlikes } from "./choose-look-alikes.ts";
import type { StudyFace } from "./collect-faces.ts";
import { judgeDeclaredPairs } from "./declared-pairs.ts";
import { FACTORS, mask, REGIONS } from "./factors.ts";
import { layOut } from "./layouts.ts";
import { findLookAlikes } from "./look-alikes.ts";
import { findNearDuplicates } from "./near-duplicates.ts";
import { PairScores } from "./pair-scores.ts";
import { html, inertJson } from "./report/html.ts";
import { retrieve } from "./retrieval.ts";
import { separateScores } from "./score-separation.ts";

/** A face of a person at an angle, in degrees, in the plane of the first two dimensions. */
function at(person: string, deg: number, name = `${person}/${deg}.jpg`): StudyFace {
  const rad = (deg * Math.PI) / 180;
  return {
    path: `/photographs/${name}`,
    name,
    person,
    box: { x: 10, y: 10, width: 50, height: 60 },
    landmarks: [
      { x: 20, y: 30 },
      { x: 40, y: 30 },
      { x: 30, y: 40 },
      { x: 22, y: 50 },
      { x: 38, y: 50 },
    ],
    score: 0.99,
    embedding: normalize(Float32Array.of(Math.cos(rad), Math.sin(rad))),
    sha256: name.length.toString(16).padStart(64, "0"),
    photograph: { width: 100, height: 100 },
    others: 0,
  };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-study-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("scores", () => {
  const faces = [at("ana", 0), at("ana", 10), at("bo", 30), at("bo", 100), at("cy", 180)];
  const scores = new PairScores(faces);

  test("the cosine of two faces does not depend on which comes first", () => {
    expect(scores.of(0, 2)).toBeCloseTo(Math.cos(Math.PI / 6), 6);
    expect(scores.of(2, 0)).toBe(scores.of(0, 2));
    expect(scores.of(3, 3)).toBe(1);
  });

  test("retrieval counts only faces whose person has another, and its figures are those of the ranks", () => {
    const { all, perPerson, neighbours } = retrieve(scores, 3);
    // ana's two find each other first; bo at 30° finds ana first and second, so bo at 100° third; bo at 100° finds bo first.
    expect(all).toEqual({ queries: 4, top1: 3 / 4, top3: 1, mAP: (1 + 1 + 1 / 3 + 1) / 4 });
    expect(perPerson[2]).toMatchObject({ person: "cy", faces: 1, queries: 0, top1: null, intraDeg: null });
    expect(perPerson[0]!.intraDeg).toBeCloseTo(10, 3);
    expect(neighbours[2]!.map(({ face }) => face)).toEqual([1, 0, 3]);
  });

  test("the neighbours of a face are the nearest others, those as near in their order, as many as there are", () => {
    for (const k of [1, 2, 4, 9]) {
      const expected = faces.map((_, query) =>
        [...faces.keys()]
          .filter((face) => face !== query)
          .sort((a, b) => scores.of(query, b) - scores.of(query, a) || a - b)
          .slice(0, k),
      );
      expect(retrieve(scores, k).neighbours.map((row) => row.map(({ face }) => face))).toEqual(expected);
    }
    const equal = new PairScores(["ana", "ana", "bo", "bo"].map((person, i) => at(person, 0, `${i}.jpg`)));
    expect(retrieve(equal, 2).neighbours.map((row) => row.map(({ face }) => face))).toEqual([
      [1, 2],
      [0, 2],
      [0, 1],
      [0, 1],
    ]);
  });

  test("the look-alikes are pairs of people, each with its share of impostor pairs below", () => {
    const found = findLookAlikes(scores, 10);
    expect(found.map(({ people }) => people)).toEqual([
      ["ana", "bo"],
      ["bo", "cy"],
      ["ana", "cy"],
    ]);
    // Eight impostor pairs, of which the highest has seven below it.
    expect(found[0]).toMatchObject({ faces: [1, 2], percentile: 7 / 8 });
    const [low, high] = found[0]!.percentileInterval!;
    expect(low).toBeLessThanOrEqual(7 / 8);
    expect(high).toBeGreaterThanOrEqual(7 / 8);
  });

  test("a person whose many faces fill the highest pairs does not hide the other look-alikes", () => {
    const crowd = Array.from({ length: 40 }, (_, i) => at(i % 2 ? "a" : "b", i * 0.01, `${i}.jpg`));
    const found = findLookAlikes(new PairScores([...crowd, at("c", 90), at("d", 100)]), 1000);
    expect(found).toHaveLength(6);
  });

  test("separation is that of the scores: AUC with ties by half, equal errors where they meet", () => {
    const separation = separateScores(Float32Array.of(0.5, 0.9), Float32Array.of(0.1, 0.5))!;
    expect(separation.auc).toBe(3.5 / 4);
    expect(separateScores(Float32Array.of(), Float32Array.of(1))).toBeUndefined();
  });

  test("the equal error rate is the one that an evaluation of the same scores gives", () => {
    const random = seeded(12);
    const draw = (count: number, shift: number) =>
      Float32Array.from({ length: count }, () => shift + random.next() - random.next());
    const [genuine, impostor] = [draw(13, 0.3), draw(29, 0)];
    const points = operatingPointsOf(genuine, impostor);
    const separation = separateScores(genuine, impostor)!;
    expect(separation.equalErrorRate).toBe(equalErrorRate(points).rate);
    expect(separation.equalErrorThreshold).toBe(equalErrorRate(points).threshold);
    expect(separation.auc).toBe(areaUnderCurve(points));
  });

  test("near-duplicates under two names are told from those of one person", () => {
    const twice = [at("ana", 0), at("ana", 1), at("bo", 90), { ...at("cy", 90), name: "cy/copy.jpg" }];
    const found = findNearDuplicates(twice, new PairScores(twice));
    expect(found.map(({ faces, samePerson }) => [faces, samePerson])).toEqual([
      [[2, 3], false],
      [[0, 1], true],
    ]);
  });
});

describe("declared pairs", () => {
  const scores = new PairScores([at("ana", 0), at("ana", 41), at("bo", 30), at("bo", 80)]);

  test("answer with both kinds of cosines, the AUC, the confused faces and the threshold's verdict", () => {
    const [pair] = judgeDeclaredPairs(scores, [["ana", "bo"]], 0.9);
    expect(pair!.genuine).toHaveLength(2);
    expect(pair!.between).toHaveLength(4);
    // Angles of 41° and 50° within, of 11°, 30°, 39° and 80° between: each face has one of the other nearest.
    expect(pair!.confused.map(({ face }) => face)).toEqual([0, 1, 2, 3]);
    expect(pair!.atThreshold).toEqual({
      threshold: 0.9,
      falseMatches: 1,
      falseNonMatches: 2,
      toldApart: false,
    });
    expect(pair!.auc).toBe(2 / 8);
  });

  test("a model without a threshold gives no verdict, and a person without faces is named", () => {
    expect(judgeDeclaredPairs(scores, [["ana", "bo"]], undefined)[0]!.atThreshold).toBeNull();
    expect(() => judgeDeclaredPairs(scores, [["ana", "zoe"]], 0.5)).toThrow('got "zoe"');
  });
});

test("the chosen look-alikes are one-to-one, by falling likeness, with the first photographs by name", () => {
  const faces = ["a", "b", "c", "d"].flatMap((person, i) =>
    [0, 1, 2].map((n) => at(person, [0, 10, 15, 120][i]! + n, `${person}/${n}.jpg`)),
  );
  const chosen = chooseLookAlikes(faces, 2, 2);
  expect(chosen.map(({ people }) => people)).toEqual([
    ["b", "c"],
    ["a", "d"],
  ]);
  expect(chosen[0]!.photographs.map(({ name }) => name)).toEqual([
    "b/0.jpg",
    "b/1.jpg",
    "c/0.jpg",
    "c/1.jpg",
  ]);
  expect(() => chooseLookAlikes(faces, 3, 2)).toThrow("expected at least 6 people");
});

describe("factors", () => {
  const random = seeded(3);
  const crop = asAlignedFace(
    new RgbImage(
      112,
      112,
      Uint8Array.from({ length: 112 * 112 * 3 }, () => random.below(256)),
    ),
  );
  const landmarks = at("x", 0).landmarks as never;

  test.each(FACTORS.map((factor) => [factor.id, factor] as const))(
    "%s changes the crop and leaves its size",
    async (_, factor) => {
      const changed = await factor.apply({ crop, image: crop, landmarks });
      expect([changed.width, changed.height]).toEqual([112, 112]);
      expect(changed.data).not.toEqual(crop.data);
    },
  );

  test.each<[string, (x: number, y: number) => [number, number]]>([
    [
      "turned",
      (x, y) => {
        const [cos, sin] = [Math.cos(Math.PI / 22.5), Math.sin(Math.PI / 22.5)];
        return [cos * x - sin * y, sin * x + cos * y];
      },
    ],
    ["shifted", (x, y) => [x + 0.1 * 2 * Math.hypot(10, 10), y]],
    ["zoomed", (x, y) => [0.88 * x, 0.88 * y]],
  ])("a crop is %s by as much as is said", async (id, move) => {
    const { apply } = FACTORS.find((factor) => factor.id === id)!;
    // About their middle; the outer two are the furthest from it.
    const points = [
      [-10, -10],
      [10, -10],
      [0, 0],
      [-8, 10],
      [8, 10],
    ].map(([x, y]) => ({ x: 56 + x!, y: 60 + y! }));
    const moved = points.map(({ x, y }) => {
      const [dx, dy] = move(x - 56, y - 60);
      return { x: 56 + dx, y: 60 + dy };
    });
    const changed = await apply({ crop, image: crop, landmarks: points as never });
    const expected = alignFace(crop, moved as never, 112);
    const off = changed.data.reduce((sum, value, i) => sum + Math.abs(value - expected.data[i]!), 0);
    expect(off / changed.data.length).toBeLessThan(0.01);
  });

  test("a mask covers its region in one grey and nothing else", () => {
    const covered = mask(crop, REGIONS["lower-face"]!);
    const top = 20 * 112 * 3;
    expect(covered.data.subarray(0, top)).toEqual(crop.data.subarray(0, top));
    const mouth = (92 * 112 + 56) * 3;
    expect(new Set(covered.data.subarray(mouth, mouth + 3)).size).toBe(1);
  });

  test("regions do not overlap", () => {
    for (let x = 0.005; x < 1; x += 0.01) {
      for (let y = 0.005; y < 1; y += 0.01) {
        const inside = Object.values(REGIONS).filter((region) => region(x, y));
        expect(inside.length).toBeLessThanOrEqual(1);
      }
    }
  });
});

test("one face, and a few, get a layout of finite places", async () => {
  for (const count of [1, 3, 5]) {
    const vectors = Array.from({ length: count }, (_, i) => at("x", i * 20).embedding);
    const [layout] = await layOut(vectors, { seed: 1 });
    expect(layout!.id).toBe("pca");
    expect([...layout!.x, ...layout!.y].every(Number.isFinite)).toBe(true);
  }
});

test("names never become markup, nor end the script element that data lie in", () => {
  expect(html`<b>${"<img src=x>"}</b>`.text).toBe("<b>&#60;img src=x&#62;</b>");
  expect(inertJson({ name: "</script><b>" }).text).not.toContain("</script>");
});
