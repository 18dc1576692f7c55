import { expect, test } from "vitest";
import { cosine, normalize, seeded, type UnitVector } from "../core/index.ts";
import { meanDirection, personScore } from "../gallery/index.ts";
import { acceptedShare } from "../statistics/index.ts";
import { drawCrowd } from "../statistics/made-people.ts";
import { strangerThreshold } from "../verdict/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import { tallySeveralFaces } from "./several-faces.ts";
import { tallyPeople } from "./tally-people.ts";

/** Made-up people with so many faces each; what is true of one draw of them is true of the next. */
function people(count: number, faces: number, seed: number): UnitVector[][] {
  const crowd = drawCrowd(count, () => faces, seeded(seed)).faces;
  return Array.from({ length: count }, (_, p) =>
    crowd.slice(faces * p, faces * (p + 1)).map((face) => normalize(Float32Array.from(face))),
  );
}

/** The evidence of all pairs of some people. */
function curveOf(faces: readonly UnitVector[][]) {
  const measured = faces.flat().map(
    (embedding, i): MeasuredPicture => ({
      sha256: String(i),
      face: { kind: "face", embedding, norm: 1, score: 1 },
    }),
  );
  const person = faces.flatMap((own, p) => own.map(() => p));
  const { impostor } = tallyPeople(person, measured, faces.length, "people");
  return Array.from({ length: 200 }, (_, i) => {
    const at = impostor.threshold.indexOf(i / 200);
    const { rate, low, high } = acceptedShare(impostor, at);
    const fmrInterval: [number, number] = [low, high];
    return { cosine: i / 200, fmr: rate, fmrInterval, fnmr: 0, fnmrInterval: [0, 1] as [number, number] };
  });
}

test("strangers reach people with several faces no oftener than a gallery's threshold says, which is lower than for as many people", () => {
  const known = people(300, 5, 7);
  const severalFaces = tallySeveralFaces(known, []);
  // Of 0 every one counts as one, of 1 as many as there are faces; two deviations above what was counted, for this crowd.
  expect(severalFaces?.exponent).toBeCloseTo(0.384055, 5);
  const curve = curveOf(people(250, 2, 1));
  const size = { people: 8, faces: 40 };
  const plain = strangerThreshold({ curve }, size, 0.1, []);
  const { threshold, fpir } = strangerThreshold({ curve, severalFaces }, size, 0.1, []);
  expect(threshold).toBeLessThan(plain.threshold);
  expect(fpir.high).toBeLessThanOrEqual(0.1);
  let [accepted, asked] = [0, 0];
  for (let sample = 0; sample < 25; sample++) {
    const enrolled = people(8, 5, 300 + sample).map((faces) => ({ faces, mean: meanDirection(faces)! }));
    for (const [stranger] of people(120, 1, 700 + sample)) {
      asked++;
      const scores = enrolled.map(({ faces, mean }) =>
        personScore(Math.max(...faces.map((own) => cosine(own, stranger!))), cosine(mean, stranger!)),
      );
      if (Math.max(...scores) >= threshold) accepted++;
    }
  }
  expect(accepted / asked).toBeLessThanOrEqual(0.1);
});

test("nothing is said of several faces where few people have them", () => {
  expect(tallySeveralFaces(people(20, 1, 3), [])).toBeUndefined();
  expect(tallySeveralFaces(people(3, 2, 3), [])).toBeUndefined();
});
