import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { acceptedShare, tallyScores } from "../statistics/index.ts";
import { allPairs, drawCrowd } from "../statistics/made-people.ts";
import { strangersAt, strangerThreshold } from "./stranger-threshold.ts";

const score = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);

/** A calibration of people like those of the galleries below. */
const curve = (() => {
  const pairs = allPairs(drawCrowd(250, () => 2, seeded(1)));
  const grid = Array.from({ length: 200 }, (_, i) => i / 200);
  const { impostor } = tallyScores(pairs, grid);
  return grid.map((cosine) => {
    const { rate, low, high } = acceptedShare(impostor, impostor.threshold.indexOf(cosine));
    return {
      cosine,
      fmr: rate,
      fmrInterval: [low, high] as [number, number],
      fnmr: 0,
      fnmrInterval: [0, 1] as [number, number],
    };
  });
})();

const TWENTY = { people: 20, faces: 20 };

test.each([
  [5, 1],
  [5, 4],
  [20, 2],
])(
  "of a gallery of %d people with %d faces it lets no more strangers through than it says",
  (people, faces) => {
    let accepted = 0;
    let asked = 0;
    for (let sample = 0; sample < 20; sample++) {
      const enrolled = drawCrowd(people, () => faces, seeded(100 + sample)).faces;
      const size = { people, faces: enrolled.length };
      const { threshold, fpir } = strangerThreshold({ curve }, size, 0.05, []);
      expect(fpir.high).toBeLessThanOrEqual(0.05);
      for (const stranger of drawCrowd(150, () => 1, seeded(900 + sample)).faces) {
        asked++;
        if (enrolled.some((face) => score(face, stranger) >= threshold)) accepted++;
      }
    }
    expect(accepted / asked).toBeLessThanOrEqual(0.05);
  },
);

test("it rises where a gallery's own people resemble each other more, and not for a pair of twins", () => {
  const plain = strangerThreshold({ curve }, TWENTY, 0.05, []);
  const alike = strangerThreshold({ curve }, TWENTY, 0.05, new Array(40).fill(plain.threshold + 0.05));
  expect(alike.threshold).toBeGreaterThan(plain.threshold + 0.05);
  expect(alike).toMatchObject({ takenForAnother: 0, source: "own-people" });
  const twins = strangerThreshold({ curve }, TWENTY, 0.05, [0.99, 0.99, ...new Array(38).fill(0)]);
  expect(twins).toMatchObject({
    threshold: plain.threshold,
    source: "calibration",
    askedAmongOthers: 40,
    takenForAnother: 2,
  });
});

test("thirty people of a gallery are enough to ask, twenty-nine are not; at most they ask for the highest threshold", () => {
  const among = (people: number) =>
    strangerThreshold({ curve }, { people, faces: people }, 0.05, new Array(people).fill(1));
  expect(among(29)).toMatchObject({ source: "calibration", takenForAnother: 29 });
  expect(among(30)).toMatchObject({ source: "own-people", threshold: curve.at(-1)!.cosine });
});

test("a threshold above the curve lets through what its last point does", () => {
  const last = strangersAt({ curve }, TWENTY, 0.05, [], curve.at(-1)!.cosine).fpir;
  expect(strangersAt({ curve }, TWENTY, 0.05, [], 1).fpir).toEqual(last);
});

test("one person under two names does not move the threshold of a gallery, small or large, at any target", () => {
  for (const target of [0.001, 0.01, 0.1])
    for (const people of [2, 4, 29, 30, 200]) {
      const size = { people, faces: people };
      const others = [1, 1, ...new Array(people - 2).fill(0)];
      const { threshold, takenForAnother } = strangerThreshold({ curve }, size, target, others);
      expect(threshold).toBe(strangerThreshold({ curve }, size, target, []).threshold);
      expect(takenForAnother).toBe(2);
    }
});

test("where the calibration cannot bound so few strangers for so many faces it says what it can", () => {
  const size = { people: 1_000_000, faces: 1_000_000 };
  const { fpir, threshold } = strangerThreshold({ curve }, size, 0.001, []);
  expect(threshold).toBe(curve.at(-1)!.cosine);
  expect(fpir.high).toBe(1);
});

test("of a threshold that somebody chose it says what the pairs say of the cosine below, and who of the gallery reaches it", () => {
  const chosen = strangersAt({ curve }, TWENTY, 0.05, [0.2, 0.3, 0.41], 0.4049);
  const { fmr, fmrInterval } = curve.find(({ cosine }) => cosine === 0.4)!;
  expect(chosen).toMatchObject({
    threshold: 0.4049,
    source: "given",
    fpir: { rate: 1 - (1 - fmr) ** 20, low: fmrInterval[0], high: Math.min(1, 20 * fmrInterval[1]) },
    askedAmongOthers: 3,
    takenForAnother: 1,
  });
  expect(strangersAt({ curve }, TWENTY, 0.05, [], -0.5).fpir).toEqual({ rate: 1, low: 0, high: 1 });
});

test("where somebody has several faces nothing is known of how many strangers reach the score at least", () => {
  expect(strangerThreshold({ curve }, TWENTY, 0.9, []).fpir.low).toBeGreaterThan(0);
  expect(strangerThreshold({ curve }, { people: 10, faces: 20 }, 0.9, []).fpir.low).toBe(0);
});
