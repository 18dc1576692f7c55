import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type FigureRun,
  figureOf,
  formatted,
  quotedFigures,
  ROOT,
  readRuns,
  readTemplate,
  renderFigures,
  undatedPages,
  unprovenTables,
} from "../tools/figure-runs.ts";

const runs = readRuns();
const run = (figures: Record<string, number>): FigureRun => ({
  command: "npm run bench made",
  commit: "0000000",
  machine: "made up",
  node: "20",
  date: "2026-01-01",
  figures,
});
const made = new Map([
  ["made", run({ accuracy: 99.4, ours: 33.8, theirs: 5.3, change: -0.397, error: 1.8e-7 })],
]);

test("docs/figures.md is what docs/figures/*.json give", () => {
  expect(readFileSync(join(ROOT, "docs", "figures.md"), "utf8")).toBe(renderFigures(runs));
});

test("every figure of the runs is shown", () => {
  const template = readTemplate();
  const shown = (id: string, key: string): boolean =>
    template.includes(`${id}:${key}|`) || template.includes(`${id}:${key}/`);
  expect(
    [...runs].flatMap(([id, { figures }]) =>
      Object.keys(figures)
        .filter((key) => !shown(id, key))
        .map((key) => `${id}:${key}`),
    ),
  ).toEqual([]);
});

test("numbers in README and docs that name their figure are what the runs say", () => {
  expect(quotedFigures(runs)).toEqual([]);
});

test("a number that went stale, a mark without a number and a figure that no run has are found", () => {
  const quoted = (text: string): string[] => quotedFigures(made, [{ name: "a.md", text }]);
  expect(
    quoted("It reads 99.40 %<!--figure:made:accuracy-->, 6.4×<!--figure:made:ours/made:theirs-->."),
  ).toEqual([]);
  expect(quoted("It reads 99.45 %<!--figure:made:accuracy-->.")).toEqual([
    "a.md: 99.45 is 99.40 by made:accuracy",
  ]);
  expect(quoted("Good<!--figure:made:accuracy-->.")).toEqual(["a.md: a mark that is behind no number"]);
  expect(() => quoted("1.0<!--figure:made:gone-->")).toThrow(
    "expected a figure of docs/figures, got made:gone",
  );
});

test("figures keep their decimals, thousands are set apart, and ratios come from both sides", () => {
  expect(
    renderFigures(
      made,
      "{{made:accuracy|2}} {{made:change|3}} {{made:error|e1}} {{made:ours/made:theirs|1}}",
    ),
  ).toBe("99.40 −0.397 1.8e-7 6.4");
  expect(formatted(35_800, "0")).toBe("35,800");
  expect(figureOf(made, "made:ours/made:theirs")).toBeCloseTo(6.377, 3);
});

test("a table of docs with numbers names their figures, or the day and the command or machine", () => {
  expect(unprovenTables()).toEqual([]);
});

test("a page of docs that tells of a speed names a figure or a day", () => {
  expect(undatedPages()).toEqual([]);
});

test("tables and pages of measured numbers without a mark and without a day are found", () => {
  const table = "| | ours |\n|---|---|\n| one query of 1,000 | 2.5 ms |";
  const tables = (text: string): string[] => unprovenTables([{ name: "docs/a.md", text }]);
  expect(tables(`# Speed\n\nFast:\n\n${table}\n`)).toEqual(["docs/a.md:5"]);
  expect(tables(`Of 2026-11-30:\n\n${table}\n`)).toEqual(["docs/a.md:3"]);
  expect(tables(`\`npm run bench search\`:\n\n${table}\n`)).toEqual(["docs/a.md:3"]);
  expect(tables(`\`npm run bench search\`, 2026-11-30:\n\n${table}\n`)).toEqual([]);
  expect(tables(`Fast:\n\n${table}\n\nTwo cores, 2026-11-30.\n`)).toEqual([]);
  expect(tables(`Fast:\n\n${table}\n\nTwo cores, 2026-11-30:\n\n${table}\n`)).toEqual(["docs/a.md:3"]);
  expect(tables(table.replace("2.5 ms", "2.5 ms<!--figure:search:one.100k.time-->"))).toEqual([]);
  expect(tables(table.replace("2.5 ms", "25"))).toEqual(["docs/a.md:1"]);
  expect(tables(table.replace("2.5 ms", "12 kB"))).toEqual(["docs/a.md:1"]);
  expect(tables(table.replace("2.5 ms", "fast, `--k 3`, [2](b.md#v1.5), Apache-2.0"))).toEqual([]);
  expect(tables(`<!--numbers: arithmetic-->\n\n${table}\n`)).toEqual([]);
  expect(tables(`<!--numbers: because-->\n\n${table}\n`)).toEqual(["docs/a.md:3"]);
  expect(tables(`\`\`\`\n\n\na = 1\n\`\`\`\n\n${table}\n`)).toEqual(["docs/a.md:7"]);

  const pages = (text: string): string[] => undatedPages([{ name: "docs/a.md", text }]);
  expect(pages("It takes 12 ms.")).toEqual(["docs/a.md"]);
  expect(pages("It takes 12 ms (2026-11-30).")).toEqual([]);
  expect(pages("It takes 12 ms<!--figure:made:ours-->, a crop has 112 × 112 pixels.")).toEqual([]);
});
