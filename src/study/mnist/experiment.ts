import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import writeFileAtomic from "write-file-atomic";
import { FaceError, normalize, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { centreAngles, type LabelledFeatures } from "../../evaluate/index.ts";
import type { ModelStore } from "../../models/index.ts";
import { renderPng } from "../../plot/index.ts";
import { embedTsne } from "../../project/index.ts";
import { loadMnist } from "../../train/data/index.ts";
import { HEADS } from "../../train/heads/index.ts";
import { drawMnist } from "./draw-mnist.ts";
import { type MnistPlan, settlePlan } from "./plan.ts";
import { type HeadReport, type MnistRun, runMnist } from "./run-mnist.ts";

/** Folder for the experiment's results, and what they say of their origin. */
export interface ExperimentOptions extends WorkOptions {
  readonly out: string;
  readonly store: ModelStore;
  /** Written into the report. */
  readonly version: string;
  /** Commit of the code, 40 hexadecimal digits, where it is known. */
  readonly commit?: string | undefined;
  /** Threads of the layout. @default one per core */
  readonly threads?: number | undefined;
}

/** The contents of `mnist.json`. */
export interface MnistReport {
  readonly experiment: "mnist";
  readonly version: string;
  readonly commit: string | null;
  readonly seed: number;
  readonly epochs: number;
  readonly openSetEpochs: number;
  readonly embedding: number;
  readonly layout: "t-SNE" | "features";
  readonly heads: Readonly<Record<string, HeadReport>>;
}

/** The report, and the paths of what was written. */
export interface Reproduced {
  readonly report: MnistReport;
  readonly files: readonly string[];
}

/**
 * The article's experiment: trains, measures, draws, and writes `mnist.json`, `mnist.svg` and `mnist.png`.
 *
 * Computes on the calling thread; {@link reproduceMnist} does it in a worker.
 *
 * Throws    FaceError USAGE, STORAGE, ABORTED, DIVERGED, and as {@link loadMnist}
 */
export async function mnistExperiment(plan: MnistPlan, options: ExperimentOptions): Promise<Reproduced> {
  const settled = settlePlan(plan);
  await storing(options.out, async () => await mkdir(options.out, { recursive: true }));
  const run = await runMnist(await loadMnist(options.store, options), settled, options);
  const { seed, epochs, openSetEpochs, embedding } = settled;
  const report: MnistReport = {
    experiment: "mnist",
    version: options.version,
    commit: options.commit ?? null,
    seed,
    epochs,
    openSetEpochs,
    embedding,
    layout: embedding === 2 ? "features" : "t-SNE",
    heads: run.heads,
  };
  const svg = await drawRun(run, report, options);
  options.onProgress?.({ stage: "draw", done: 0, total: 1 });
  const files: [string, string | Uint8Array][] = [
    ["mnist.json", `${JSON.stringify(report, undefined, 2)}\n`],
    ["mnist.svg", svg],
    ["mnist.png", renderPng(svg, 1.5)],
  ];
  options.onProgress?.({ stage: "draw", done: 1, total: 1 });
  // A run that was stopped leaves nothing behind: the files are written together at the end.
  await setImmediate();
  throwIfAborted(options.signal);
  for (const [name, data] of files) {
    const path = join(options.out, name);
    const bytes = typeof data === "string" ? data : Buffer.from(data);
    await storing(path, async () => await writeFileAtomic(path, bytes));
  }
  return { report, files: files.map(([name]) => join(options.out, name)) };
}

async function drawRun(run: MnistRun, report: MnistReport, options: ExperimentOptions): Promise<string> {
  const { embedding, seed } = report;
  const spaces = [];
  for (const [name, features] of run.features) {
    const labelled = { features, dimension: embedding, labels: run.labels };
    const layout = embedding === 2 ? features : await layoutOf(name, labelled, seed, options);
    const title = HEADS.find((head) => head.name === name)!.title;
    spaces.push({ title, report: run.heads[name]!, layout, angles: centreAngles(labelled) });
  }
  const digits = run.labels.length.toLocaleString("en");
  return drawMnist({
    spaces,
    labels: run.labels,
    origin: embedding === 2,
    title:
      embedding === 2 ? "MNIST: the features themselves" : `MNIST: t-SNE of ${embedding}-number features`,
    note: `${digits} test digits; one network, trained ${report.epochs} ${report.epochs === 1 ? "epoch" : "epochs"} from seed ${seed} under each head.`,
  });
}

/** Directions are laid out, because angles are what the spaces are compared by. */
async function layoutOf(
  name: string,
  { features, dimension }: LabelledFeatures,
  seed: number,
  { signal, onProgress, threads }: ExperimentOptions,
): Promise<Float32Array> {
  const data = new Float32Array(features.length);
  for (let at = 0; at < data.length; at += dimension)
    data.set([...normalize(features.subarray(at, at + dimension))], at);
  const points = { data, count: features.length / dimension, dimension };
  const { layout } = await embedTsne(points, {
    seed,
    signal,
    onProgress:
      onProgress && ((progress) => onProgress({ ...progress, stage: `${name}: ${progress.stage}` })),
    ...(threads && { threads }),
  });
  return layout;
}

async function storing<T>(path: string, write: () => Promise<T>): Promise<T> {
  return await write().catch((cause: unknown) => {
    throw new FaceError("STORAGE", { where: path, expected: "a place to write", cause });
  });
}
