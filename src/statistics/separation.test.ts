import { describe, expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { drawPeople, separations } from "./separation.ts";

const at = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

describe("separation", () => {
  test("counts how often a genuine pair scores above an impostor pair", () => {
    // Angles of the genuine pairs: 10, 80; of the impostor pairs: 40, 120, 30, 110.
    const pairs = { people: 2, person: [0, 0, 1, 1], vectors: [at(0), at(10), at(40), at(120)] };
    const [own] = separations(pairs, []);
    // 10 beats all four, 80 beats 110 and 120.
    expect(own!.auc).toBeCloseTo(6 / 8, 10);
    const cosines = (angles: number[]) => angles.map((angle) => Math.cos((angle * Math.PI) / 180));
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2));
    const [g, n] = [cosines([10, 80]), cosines([40, 120, 30, 110])];
    const expected = (mean(g) - mean(n)) / Math.sqrt((variance(g) + variance(n)) / 2);
    expect(own!.dPrime).toBeCloseTo(expected, 5);
  });

  test("ties count half", () => {
    const pairs = { people: 2, person: [0, 0, 1], vectors: [at(0), at(0), at(0)] };
    expect(separations(pairs, [])[0]!.auc).toBe(0.5);
  });

  test("people who are not drawn do not count, those drawn twice count twice", () => {
    const vectors = [at(0), at(10), at(40), at(120), at(200), at(300)];
    const pairs = { people: 3, person: [0, 0, 1, 1, 2, 2], vectors };
    const two = { people: 2, person: [0, 0, 1, 1], vectors: vectors.slice(0, 4) };
    const [all] = separations(two, []);
    const [, without] = separations(pairs, [Uint16Array.of(1, 1, 0)]);
    expect(without).toEqual(all);
    const [, twice] = separations(two, [Uint16Array.of(2, 2)]);
    expect(twice!.auc).toBeCloseTo(all!.auc, 12);
  });
});

test("resamples are those of their seed and hold as many people as there are", () => {
  const draws = drawPeople(5, 40, seeded(3));
  expect(draws).toEqual(drawPeople(5, 40, seeded(3)));
  for (const draw of draws) expect(draw.reduce((a, b) => a + b)).toBe(5);
});
