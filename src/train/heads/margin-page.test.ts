import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arcFaceMargin } from "./margin-function.ts";

/** The numbers of docs/margin.md, computed anew. */
const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "margin.md"), "utf8");
/** Cells of the table row that begins with `first`. */
const row = (first: string): number[] =>
  page
    .split("\n")
    .find((line) => line.startsWith(`| ${first}`))!
    .split("|")
    .slice(2, -1)
    .map((cell) => Number(cell.trim().replace("−", "-")));

test("the page's factors of the analytic derivative are those of the formula", () => {
  const { slope } = arcFaceMargin(0.5, "plain-arccos");
  const factors = [0.1, 0.3, 1.2, Math.PI / 2, 2.6, 2.9].map((angle) => Number(slope(angle).toFixed(2)));
  expect(row("factor")).toEqual(factors);
});

test("the page's best probabilities by scale are those of features on perfect centres", () => {
  const best = (classes: number, scale: number): number =>
    1 / (1 + (classes - 1) * Math.exp(-scale * (1 + 1 / (classes - 1))));
  for (const [name, classes] of [
    ["10 ", 10],
    ["85,742", 85_742],
  ] as const) {
    const expected = [1, 10, 64].map((scale) => best(classes, scale));
    for (const [i, said] of row(name).entries()) expect(said / expected[i]!).toBeCloseTo(1, 2);
  }
});

test("the page's jump at π − m, its angle, and its price of a large scale are right", () => {
  const { value } = arcFaceMargin(0.5);
  const turn = Math.PI - 0.5;
  expect((turn * 180) / Math.PI).toBeCloseTo(151.4, 1);
  expect(value(turn - 1e-9)).toBeCloseTo(-1, 6);
  expect(value(turn + 1e-9)).toBeCloseTo(-1.117, 3);
  const probability = (scale: number): number =>
    1 / (1 + Math.exp(scale * (Math.cos(Math.PI / 3) - value((40 * Math.PI) / 180))));
  expect(probability(64)).toBeCloseTo(0.0002, 4);
  expect(probability(10)).toBeCloseTo(0.2, 2);
});
