import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { normalize } from "../core/index.ts";
import { type MeasuredPicture, measureVerification, type PairList } from "../evaluate/index.ts";
import type { Pipeline } from "../models/index.ts";
import { writeEvaluation } from "./evaluation-page.ts";

const at = (degrees: number): MeasuredPicture => {
  const angle = (degrees * Math.PI) / 180;
  const embedding = normalize(Float32Array.of(Math.cos(angle), Math.sin(angle)));
  return { sha256: String(degrees), face: { kind: "face", embedding, norm: 1 + degrees, score: 0.9 } };
};

test("the page shows the worst errors of each kind, escapes every name, and needs nothing but itself", async () => {
  const name = (i: number): string => `/nowhere/<script>alert(${i})</script>&"'.jpg`;
  const list: PairList = {
    protocol: "<b>made up</b>, 4 pairs",
    pictures: Array.from({ length: 8 }, (_, i) => ({ name: name(i), source: name(i) })),
    a: Uint32Array.of(0, 2, 4, 6),
    b: Uint32Array.of(1, 3, 5, 7),
    same: Uint8Array.of(1, 1, 0, 0),
    person: Uint32Array.of(0, 0, 1, 1, 2, 3, 4, 5),
    people: 6,
    fold: Uint16Array.of(0, 1, 0, 1),
  };
  // Genuine pairs 5° and 80° apart, impostor pairs 10° and 100°: one of each is wrong wherever the threshold lies.
  const measured = [at(0), at(5), at(0), at(80), at(0), at(10), at(0), at(100)];
  const report = measureVerification(list, measured);
  const folder = await mkdtemp(join(tmpdir(), "arcface-page-"));
  const pipeline: Pipeline = {
    model: {
      id: 'a"<i>',
      sha256: "0".repeat(64),
      output: "y",
      dimension: 2,
    },
    feed: { layout: "NCHW", sizePx: 112, channels: "RGB", mean: [0, 0, 0], scale: [1, 1, 1] },
    alignment: { template: "arcface-5-point", version: 1, crop: 1 },
    detector: { id: "mtcnn", sha256: "cd".repeat(32), minFacePx: null, maxSidePx: null, turned: false },
    flip: false,
  };
  const page = await writeEvaluation({ pipeline, list, measured, report, summary: ["<one>", "two"] }, folder);
  expect((await readdir(folder)).sort()).toEqual(["det.svg", "index.html", "roc.svg", "scores.svg"]);
  const text = await readFile(page, "utf8");
  expect(text).not.toMatch(/<script|<b>made up|<i>|<one>/);
  expect(text).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  expect(text).toContain("default-src &#39;none&#39;");
  expect(text.match(/alert\(\d\)/g)!.length).toBeGreaterThanOrEqual(2);
  const wrong = report.falseMatches + report.falseNonMatches;
  expect(wrong).toBe(1);
});
