import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { normalize, seeded } from "../core/index.ts";
import { madePipeline } from "../gallery/made-faces.ts";
import { readCalibration, writeCalibration } from "../models/index.ts";
import { acceptedShare, rejectedShare } from "../statistics/index.ts";
import { calibrate } from "./calibrate.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import { tallyPeople } from "./tally-people.ts";

/** Some people with a number of pictures each, some of them without a face. */
const crowd = fc.record({
  pictures: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 14 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
  spread: fc.double({ min: 0, max: 2, noNaN: true }),
  failing: fc.constantFrom(0, 0.1),
});

function drawn({ pictures, seed, spread, failing }: typeof crowd extends fc.Arbitrary<infer C> ? C : never) {
  const random = seeded(seed);
  const person: number[] = [];
  const measured: MeasuredPicture[] = [];
  for (const [own, count] of pictures.entries()) {
    const centre = Array.from({ length: 4 }, () => random.next() - 0.5);
    for (let i = 0; i < count; i++) {
      person.push(own);
      const embedding = normalize(Float32Array.from(centre, (x) => x + spread * (random.next() - 0.5)));
      const face =
        random.next() < failing
          ? { kind: "no-face" as const }
          : { kind: "face" as const, embedding, norm: 1, score: 1 };
      measured.push({ sha256: "ab".repeat(32), face });
    }
  }
  return { person, measured, people: pictures.length };
}

const WEIGHINGS = ["people", "pairs"] as const;

test.each(WEIGHINGS)(
  "rates over %s are in [0, 1], fall, and end at exactly 1 and 0",
  (weighing) => {
    fc.assert(
      fc.property(crowd, (made) => {
        const { person, measured, people } = drawn(made);
        const { genuine, impostor } = tallyPeople(person, measured, people, weighing);
        for (const rates of [genuine, impostor]) {
          if (rates.pairs === 0) continue;
          for (const [at, share] of rates.share.entries()) {
            if (rates.accepted[at] === rates.pairs && share !== 1) expect(share).toBe(1);
            if (rates.accepted[at] === 0 && share !== 0) expect(share).toBe(0);
            if (at > 0 && !(share <= rates.share[at - 1]!))
              expect(share).toBeLessThanOrEqual(rates.share[at - 1]!);
            if (at % 97 !== 0) continue;
            for (const { rate, low, high } of [acceptedShare(rates, at), rejectedShare(rates, at)]) {
              expect(low).toBeGreaterThanOrEqual(0);
              expect(low).toBeLessThanOrEqual(rate);
              expect(rate).toBeLessThanOrEqual(high);
              expect(high).toBeLessThanOrEqual(1);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  },
  180_000,
);

test("a calibration of random people, each weighing the same, keeps to its own format", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "arcface-")), "made.json");
  let calibrated = 0;
  for (let seed = 1; seed <= 15; seed++) {
    const random = seeded(seed);
    const pictures = Array.from({ length: 8 }, () => 2 + Math.floor(6 * random.next()));
    const { person, measured, people } = drawn({ pictures, seed, spread: 0.1, failing: 0 });
    const tallied = tallyPeople(person, measured, people, "people");
    const data = { protocol: "made people", sha256: "ab".repeat(32), pictures: person.length, people };
    const evidence = { tallied, data: { ...data, failures: 0, weighing: "people" as const } };
    const calibration = calibrate(evidence, madePipeline(12, "made"), { targetFmr: 0.3 });
    await writeCalibration(path, calibration);
    expect(await readCalibration(path)).toEqual(calibration);
    calibrated++;
  }
  expect(calibrated).toBe(15);
}, 180_000);
