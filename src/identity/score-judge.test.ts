import { expect, test } from "vitest";
import { normalize } from "../core/index.ts";
import { meanByPeople, rateOfPeople } from "../statistics/index.ts";
import type { SeenPicture } from "./face-reader.ts";
import type { IdentityJudge } from "./judge.ts";
import type { IdentityPairs } from "./pairs/identity-pairs.ts";
import { type SourceRule, scoreJudge } from "./score-judge.ts";

const judge = { threshold: 0.5, calibration: undefined, uncalibrated: "a test" } as unknown as IdentityJudge;
/** A picture whose vector lies at an angle in the plane, in degrees. */
const at = (angle: number): SeenPicture => ({
  kind: "face",
  width: 1,
  height: 1,
  face: undefined,
  vectors: [
    Float32Array.from(normalize([Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)])),
  ],
});
const none: SeenPicture = { kind: "no-face", width: 1, height: 1 };
const cos = (angle: number): number => Math.cos((angle * Math.PI) / 180);

function score(
  people: Record<string, number[]>,
  pairs: readonly [person: number, angle: number | undefined, target?: number][],
  rule: SourceRule = "template",
) {
  const seen = new Map<string, SeenPicture>();
  const list: IdentityPairs = {
    rule: "test",
    people: Object.entries(people).map(([name, angles]) => ({
      name,
      pictures: angles.map((angle, i) => {
        seen.set(`${name}${i}`, at(angle));
        return `${name}${i}`;
      }),
    })),
    pairs: pairs.map(([person, angle, target], i) => {
      seen.set(`r${i}`, angle === undefined ? none : at(angle));
      if (target !== undefined) seen.set(`t${i}`, at(target));
      return { person, result: `r${i}`, ...(target !== undefined && { target: `t${i}` }) };
    }),
    unpaired: { sources: [], results: [] },
  };
  return scoreJudge(judge, 0, list, seen, rule);
}

test("one person's many results have no interval, to the last bit", () => {
  // Ten tenths add up to less than 1.
  const { summary } = score(
    { a: [0] },
    Array.from({ length: 10 }, (_, i) => [0, 5 + i / 10] as const),
  );
  expect(summary.cosine!.interval).toBeNull();
});

test("a result without a face has no cosine, and counts as not the same person and as not found", () => {
  const { pairs, summary } = score({ a: [0], b: [90] }, [
    [0, 10],
    [1, undefined],
  ]);
  expect(pairs[0]!.cosine).toBeCloseTo(cos(10), 6);
  expect(pairs[1]!.cosine).toBeNull();
  expect(summary).toMatchObject({ pairs: 2, scored: 1, failed: 1, people: 2 });
  expect(summary.same!.share.rate).toBe(0.5);
  expect(summary.retrieval!.top1.rate).toBe(0.5);
  expect(summary.retrieval!.top5.rate).toBe(0.5);
});

test.each([
  ["best", cos(5)],
  ["mean", (cos(5) + cos(35)) / 2],
  ["template", cos(20)],
] as const)("several sources of a person: %s", (rule, expected) => {
  const { pairs, summary } = score({ a: [5, 35] }, [[0, 0]], rule);
  expect(pairs[0]!.cosine).toBeCloseTo(expected, 6);
  expect(pairs[0]!.source).toBe("a");
  // Of one person there is nobody to be told from, and nothing to say about others.
  expect(summary.retrieval).toBeNull();
  expect(summary.cosine!.interval).toBeNull();
});

test("a mean and a share have their intervals by person, as the statistics give them", () => {
  const angles = [10, 20, 30, 40, 50, 70];
  const { summary } = score(
    { a: [0], b: [0], c: [0] },
    angles.map((angle, i) => [i % 3, angle]),
  );
  const expected = meanByPeople(angles.map((angle, i) => ({ value: cos(angle), a: i % 3, b: i % 3 })));
  expect(summary.cosine!.mean).toBeCloseTo(expected.mean, 6);
  expect(summary.cosine!.interval![0]).toBeCloseTo(expected.interval![0], 5);
  expect(summary.same!.share).toEqual(rateOfPeople([2, 2, 1], [2, 2, 2]));
  expect(summary.cosine!.quantiles.median).toBeCloseTo((cos(30) + cos(40)) / 2, 6);
  expect(summary.cosine!.quantiles.min).toBeCloseTo(cos(70), 6);
});

test("retrieval ranks a result among all people; a tie counts against it", () => {
  const people = { a: [0], b: [30], c: [60], d: [90], e: [120], f: [150], g: [180] };
  const { summary } = score(people, [
    [0, 1],
    [1, 29],
    [2, 45],
    [0, 178],
  ]);
  // The third lies halfway between two people; the fourth is nearest to everybody else.
  expect(summary.retrieval!.top1.rate).toBe(0.5);
  expect(summary.retrieval!.top5.rate).toBe(0.75);
});

test("the leak says how much of the target is left", () => {
  const { summary, pairs } = score({ a: [0], b: [90] }, [
    [0, 10, 100],
    [1, 150, 160],
  ]);
  expect(pairs[0]!.target!.cosine).toBeCloseTo(0, 6);
  expect(summary.leak!.target.mean).toBeCloseTo(cos(10) / 2, 6);
  expect(summary.leak!.margin.mean).toBeCloseTo((cos(10) + cos(60) - cos(10)) / 2, 6);
  expect(summary.leak!.nearerTarget.rate).toBe(0.5);
});

test("without a threshold nobody is said to be the same", () => {
  const { threshold: _, ...open } = judge;
  const { summary } = scoreJudge(
    open as IdentityJudge,
    0,
    {
      rule: "",
      people: [{ name: "a", pictures: ["s"] }],
      pairs: [{ person: 0, result: "r" }],
      unpaired: { sources: [], results: [] },
    },
    new Map([
      ["s", at(0)],
      ["r", at(0)],
    ]),
    "mean",
  );
  expect(summary.same).toBeNull();
  expect(summary.uncalibrated).toBe("a test");
});
