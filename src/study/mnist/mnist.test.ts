import { expect, test } from "vitest";
import { ModelStore } from "../../models/index.ts";
import { loadMnist } from "../../train/data/index.ts";
import { HeadConfigSchema } from "../../train/heads/index.ts";
import { classScores } from "./class-scores.ts";
import { digitBatches } from "./digit-batches.ts";
import { accuracyOf } from "./measure-digits.ts";
import { settlePlan } from "./plan.ts";
import { runMnist } from "./run-mnist.ts";

const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });

test("an epoch over four thousand digits learns to read them", async () => {
  const mnist = await loadMnist(store);
  const plan = settlePlan({ heads: ["arcface"], epochs: 1, digits: 4000, openSetEpochs: 0, embedding: 16 });
  const stages = new Set<string>();
  const { heads, features, labels } = await runMnist(mnist, plan, {
    onProgress: ({ stage }) => stages.add(stage),
  });
  const report = heads["arcface"]!;
  expect(report.testAccuracy).toBeGreaterThan(0.85);
  expect(report.marginDeg).toBeGreaterThan(20);
  expect(report.interDeg).toBeGreaterThan(report.intraDeg);
  expect(report.verification.genuinePairs + report.verification.impostorPairs).toBe((3000 * 2999) / 2);
  expect(stages).toEqual(new Set(["arcface: train", "arcface: embed", "arcface: measure"]));
  expect(features.get("arcface")).toHaveLength(4000 * 16);
  expect(labels).toHaveLength(4000);
});

test("the same seed gives the same numbers, another one others", async () => {
  const mnist = await loadMnist(store);
  const measured = async (seed: number) => {
    const plan = settlePlan({ heads: ["arcface"], epochs: 1, digits: 1000, embedding: 8, seed });
    const { heads, features } = await runMnist(mnist, plan);
    const { seconds: _, imagesPerSecond: __, ...report } = heads["arcface"]!;
    return { report, features: features.get("arcface")! };
  };
  const first = await measured(3);
  expect(first.report.openSet!.classes).toBe(3);
  expect(await measured(3)).toEqual(first);
  expect((await measured(4)).features).not.toEqual(first.features);
});

test("measuring stops when it is asked to, not only training", async () => {
  const mnist = await loadMnist(store);
  const plan = settlePlan({ heads: ["softmax"], epochs: 1, digits: 1000, openSetEpochs: 0, embedding: 4 });
  for (const last of ["softmax: train", "softmax: embed", "softmax: measure"]) {
    const controller = new AbortController();
    const seen: string[] = [];
    const run = runMnist(mnist, plan, {
      signal: controller.signal,
      onProgress({ stage }) {
        if (stage === last) controller.abort();
        seen.push(stage);
      },
    });
    await expect(run, last).rejects.toMatchObject({ code: "ABORTED" });
    expect(
      seen.filter((stage) => stage === last),
      last,
    ).toHaveLength(1);
  }
});

test("a batch depends on its step alone, and digits are moved by at most two pixels", async () => {
  const { train } = await loadMnist(store);
  const [one, other] = [digitBatches(train, 8, 5), digitBatches(train, 8, 5)];
  one(0);
  const third = one(3);
  const again = other(3);
  expect(again.images).toEqual(third.images);
  expect(again.labels).toEqual(third.labels);
  expect(Math.min(...third.images)).toBe(-1);
  expect(Math.max(...third.images)).toBeLessThanOrEqual(1);
});

test("classes are told by logits under softmax, by cosines to the nearest centre elsewhere", () => {
  const of = (shape: number[], ...values: number[]) => ({ shape, floats: () => Float32Array.from(values) });
  const weights = new Map([
    ["head.weight", of([2, 2], 5, 0, 0, 1)],
    ["head.bias", of([2], 0, 0)],
  ]);
  const features = Float32Array.of(1, 2);
  const plain = classScores(HeadConfigSchema.parse({ head: "softmax" }), weights, features, 2);
  expect([...plain]).toEqual([5, 2]);
  const cosines = classScores(HeadConfigSchema.parse({ head: "cosface" }), weights, features, 2);
  expect([...cosines]).toEqual([1, 2]);
  expect(accuracyOf(cosines, Uint8Array.of(1))).toBe(1);
  expect(accuracyOf(plain, Uint8Array.of(1))).toBe(0);
});
