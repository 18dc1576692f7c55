import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { clopperPearson, falseMatchRate, tallyScores } from "./index.ts";
import { drawCrowd, sparsePairs } from "./made-people.ts";
import {
  likelihoodCoverage,
  meanCoverage,
  probeCoverage,
  REGIMES,
  shareCoverage,
  verificationCoverage,
} from "./measure-coverage.ts";

/** Of more than a hundred intervals that hold the truth in 95 of 100 samples, one strays so far by chance in one run of ten. */
const DEVIATIONS = 3.2;

describe.each(REGIMES)("of $name, 95 % intervals", (regime) => {
  test("of every rate, threshold and curve hold the truth as often as that, and so does 'at most'", () => {
    expect(verificationCoverage(regime, 60).tooSeldom(DEVIATIONS)).toEqual([]);
  });
});

test.each([
  { of: "groups, searches and what is left after rejecting", measure: shareCoverage, samples: 80 },
  { of: "likelihood ratios", measure: likelihoodCoverage, samples: 40 },
  { of: "a probe's d′ and differences of it", measure: probeCoverage, samples: 80 },
  { of: "means over faces and pairs that share people", measure: meanCoverage, samples: 200 },
])("intervals of $of hold the truth as often as 95 of 100", ({ measure, samples }) => {
  expect(measure(samples).tooSeldom(DEVIATIONS)).toEqual([]);
});

test("intervals of a list like LFW's are hardly wider than those of independent pairs", () => {
  let [own, naive] = [0, 0];
  for (let sample = 0; sample < 30; sample++) {
    const pairs = sparsePairs(
      drawCrowd(300, () => 2, seeded(sample)),
      225,
      seeded(sample),
    );
    const { rate, low, high } = falseMatchRate(tallyScores(pairs, [0.4]), 0.4);
    own += high - low;
    const independent = clopperPearson(Math.round(rate * 225), 225);
    naive += independent.high - independent.low;
  }
  expect(own / naive).toBeLessThan(1.15);
});
