import { expect, test } from "vitest";
import { seeded } from "../../core/index.ts";
import { acceptedShare, tallyScores } from "../../statistics/index.ts";
import { allPairs, drawCrowd } from "../../statistics/made-people.ts";
import { strangerThreshold } from "./stranger-threshold.ts";

const score = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);

/** What a calibration says of people like those of the galleries below. */
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
      const { threshold, atMost } = strangerThreshold({ curve }, enrolled.length, 0.05, []);
      expect(atMost).toBeLessThanOrEqual(0.05);
      for (const stranger of drawCrowd(150, () => 1, seeded(900 + sample)).faces) {
        asked++;
        if (enrolled.some((face) => score(face, stranger) >= threshold)) accepted++;
      }
    }
    expect(accepted / asked).toBeLessThanOrEqual(0.05);
  },
);

test("it rises where a gallery's own people resemble each other more, and not for a pair of twins", () => {
  const plain = strangerThreshold({ curve }, 20, 0.05, []);
  const alike = strangerThreshold({ curve }, 20, 0.05, new Array(40).fill(plain.threshold + 0.05));
  expect(alike.threshold).toBeGreaterThan(plain.threshold + 0.05);
  expect(alike.takenForAnother).toBe(0);
  const twins = strangerThreshold({ curve }, 20, 0.05, [0.99, 0.99, ...new Array(38).fill(0)]);
  expect(twins).toMatchObject({ threshold: plain.threshold, askedAmongOthers: 40, takenForAnother: 2 });
});

test("where the calibration cannot bound so few strangers for so many faces it says what it can", () => {
  const { atMost, threshold } = strangerThreshold({ curve }, 1_000_000, 0.001, []);
  expect(threshold).toBe(curve.at(-1)!.cosine);
  expect(atMost).toBe(1);
});
