/**
 * MNIST with and without the margin, over seeds; and the scale of the heads that need one, chosen without test digits.
 *
 * npm run bench mnist -- [--seeds 5] [--heads softmax,normalised-softmax,arcface] [--epochs 2] [--open-set]
 * npm run bench mnist -- --scales 8,16,30,64 [--heads normalised-softmax,arcface]
 *
 * `--digits 10000` trains on so many of the 60,000 digits only.
 * Scales are held against each other on the last 10,000 of the training digits, which training then leaves out.
 * The control is normalised softmax at ArcFace's scale: what ArcFace has beyond it is the margin's own doing.
 */
import { parseArgs } from "node:util";
import { ModelStore } from "../src/models/index.ts";
import { type HeadReport, runMnist, settlePlan } from "../src/study/mnist/index.ts";
import { type Digits, loadMnist, selectDigits } from "../src/train/data/index.ts";
import { HeadConfigSchema } from "../src/train/heads/index.ts";
import { figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";

const { values: flags } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    scales: { type: "string" },
    heads: { type: "string" },
    epochs: { type: "string", default: "2" },
    digits: { type: "string", default: "60000" },
    "open-set": { type: "boolean", default: false },
  },
});
const epochs = Number(flags.epochs);
const digits = Number(flags.digits);
const mnist = await loadMnist(new ModelStore({ home: process.env["ARCFACE_HOME"] }));
console.log(describeMachine());
async function chooseScales(scales: readonly number[]): Promise<void> {
  const held = 10_000;
  const { train } = mnist;
  const range = (from: number, to: number): Digits =>
    selectDigits(
      train,
      Array.from({ length: to - from }, (_, i) => from + i),
    );
  const split = { train: range(0, train.count - held), test: range(train.count - held, train.count) };
  for (const head of (flags.heads ?? "normalised-softmax,cosface,arcface").split(",")) {
    for (const scale of scales) {
      const plan = { ...settlePlan({ heads: [head], epochs, digits, openSetEpochs: 0 }) };
      const heads = [HeadConfigSchema.parse({ ...plan.heads[0], scale })];
      const report = (await runMnist(split, { ...plan, heads })).heads[head]!;
      console.log(`${head}, scale ${scale}: ${describe(report)}`);
    }
  }
}

async function compareHeads(seeds: number): Promise<void> {
  const names = (flags.heads ?? "softmax,normalised-softmax,arcface").split(",");
  const figures = new Map<string, number[]>();
  for (let seed = 1; seed <= seeds; seed++) {
    const openSetEpochs = flags["open-set"] ? Math.ceil(epochs / 2) : 0;
    const { heads } = await runMnist(
      mnist,
      settlePlan({ heads: names, seed, epochs, digits, openSetEpochs }),
    );
    for (const [name, report] of Object.entries(heads)) {
      console.log(`seed ${seed}, ${name}: ${describe(report)}`);
      for (const [figure, value] of Object.entries(figuresOf(report))) {
        const key = `${name}, ${figure}`;
        figures.set(key, [...(figures.get(key) ?? []), value]);
      }
    }
  }
  console.log(`\nmean over ${seeds} seeds, and its 95 % interval by Student's t`);
  for (const [key, values] of figures) {
    figure(key.replaceAll(", ", "."), values.reduce((sum, value) => sum + value, 0) / values.length);
    console.log(`${key}: ${interval(values)}`);
  }
}

function figuresOf(report: HeadReport): Readonly<Record<string, number>> {
  const { testAccuracy, marginDeg, intraDeg, silhouette, verification, openSet } = report;
  return {
    "accuracy %": 100 * testAccuracy,
    "margin °": marginDeg,
    "to the own centre °": intraDeg,
    silhouette,
    "TAR at FAR 0.001 %": 100 * (verification.tarAtFar["0.001"] ?? Number.NaN),
    ...(openSet && { "unseen digits, pairs told right %": 100 * openSet.verification.accuracy }),
  };
}

const describe = (report: HeadReport): string =>
  Object.entries(figuresOf(report))
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join(", ");

/** Quantiles of Student's t at 0.975 for 1 to 9 degrees of freedom. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

function interval(values: readonly number[]): string {
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  if (n < 2) return mean.toFixed(3);
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1));
  const half = (T[n - 2] ?? 1.96) * (deviation / Math.sqrt(n));
  return `${mean.toFixed(3)} [${(mean - half).toFixed(3)}, ${(mean + half).toFixed(3)}]`;
}

if (flags.scales) await chooseScales(flags.scales.split(",").map(Number));
else await compareHeads(Number(flags.seeds));
