import { expect, test } from "vitest";
import { normalize, seeded, type UnitVector } from "../core/index.ts";
import { tallyLookAlikes } from "./look-alikes.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import { tallyPeople } from "./tally-people.ts";

const DIMENSION = 16;

/** Families of people: members are near to each other, and two pictures of one are nearer. */
function families(count: number, members: number): UnitVector[][] {
  const random = seeded(5);
  const draw = (): number[] =>
    Array.from({ length: DIMENSION }, () => random.next() + random.next() + random.next() - 1.5);
  const near = (to: readonly number[], spread: number): number[] => {
    const noise = draw();
    return to.map((x, i) => x + spread * noise[i]!);
  };
  return Array.from({ length: count }, () => draw()).flatMap((family) =>
    Array.from({ length: members }, () => near(family, 0.8)).map((person) =>
      [0, 1].map(() => normalize(Float32Array.from(near(person, 0.3)))),
    ),
  );
}

test("among look-alikes false matches are more frequent, and the nearest hundredth more than the nearest tenth", () => {
  const faces = families(100, 3);
  const measured = faces.flat().map(
    (embedding, i): MeasuredPicture => ({
      sha256: String(i),
      face: { kind: "face", embedding, norm: 1, score: 1 },
    }),
  );
  const person = faces.flatMap((own, p) => own.map(() => p));
  const { impostor } = tallyPeople(person, measured, faces.length, "people");
  const among = (threshold: number): number => impostor.share[impostor.threshold.indexOf(threshold)]!;
  const [tenth, hundredth] = tallyLookAlikes(faces, []);
  expect([tenth!.nearest, hundredth!.nearest]).toEqual([0.1, 0.01]);
  // A person's nearest tenth is 30 of 299, and two are a pair when either is near the other.
  expect(tenth!.pairs).toBeGreaterThan((300 * 30) / 2);
  expect(tenth!.pairs).toBeLessThan(300 * 30);
  for (const threshold of [0.5, 0.6, 0.7]) {
    const [near, nearest] = [tenth!.fmr(threshold).rate, hundredth!.fmr(threshold).rate];
    expect(near).toBeGreaterThan(3 * among(threshold));
    expect(nearest).toBeGreaterThan(1.5 * near);
  }
});

test("two people who are known to be one are no look-alikes, and of few people nothing is said", () => {
  const faces = families(100, 3);
  const twin = faces.map((own, p) => (p === 1 ? faces[0]! : own));
  const [, plain] = tallyLookAlikes(twin, []);
  const [, without] = tallyLookAlikes(twin, [[1, 0]]);
  expect(plain!.fmr(0.99).rate).toBeGreaterThan(0);
  expect(without!.fmr(0.99).rate).toBe(0);
  expect(without!.pairs).toBeLessThanOrEqual(plain!.pairs + 6);
  expect(tallyLookAlikes(faces.slice(0, 150), [])).toEqual([]);
});
