/**
 * t-SNE of MNIST beside scikit-learn and openTSNE: its 10,000 test images, or all 70,000, divided by 255 and brought to
 * 50 dimensions by PCA; or the float32 rows of a file, such as faces' vectors, as they are. Perplexity 30, 1,000 iterations, 2 threads, in turn in one run, each in a process of its own.
 *
 * npm run bench tsne [-- --all] [-- --rounds 3] [-- --only arcface,sklearn] [-- --points FILE.npy] [-- --threads 1]
 * SKLEARN_PYTHON and OPENTSNE_PYTHON name the Pythons that have them @default python3; a peer that fails is left out.
 *
 * Seconds are of t-SNE alone, from points to layout. KL is computed by one procedure for all: P from exact neighbours,
 * Q over all pairs.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { layoutQuality, nearestNeighbours, type Points, pca } from "arcface-ts/project";
import { ModelStore } from "../src/models/index.ts";
import { affinityMemory, rowAffinities, symmetrize } from "../src/project/tsne/affinities.ts";
import { Descent, descentMemory } from "../src/project/tsne/descent.ts";
import { ExactRepulsion } from "../src/project/tsne/exact-repulsion.ts";
import { Team } from "../src/project/tsne/team.ts";
import { loadMnist } from "../src/train/data/mnist.ts";
import { figure } from "./figures.ts";
import { describeMachine, median } from "./machine.ts";
import { readNpy, writeNpy } from "./npy.ts";

const PERPLEXITY = 30;
const K = 3 * PERPLEXITY;

interface Run {
  readonly version: string;
  readonly seconds: number;
  readonly ownDivergence: number;
  readonly peakMb: number;
}

const { values: flags } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    points: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "1" },
    only: { type: "string", default: "arcface,sklearn,opentsne" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "arcface-tsne-"));
try {
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare(): Promise<void> {
  const points = flags.points ? readNpy(flags.points) : await digits(flags.all);
  const pointsPath = join(folder, "points.npy");
  writeNpy(pointsPath, points);
  console.log(`${describeMachine()}\n${points.count} × ${points.dimension} points, ${flags.threads} threads`);
  const arms = flags.only.split(",");
  const runs = new Map<string, Run[]>(arms.map((arm) => [arm, []]));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const arm of arms) {
      const run = measure(arm, pointsPath);
      if (run) runs.get(arm)!.push(run);
      console.log(`  round ${round + 1}, ${arm}: ${run ? `${run.seconds.toFixed(1)} s` : "left out"}`);
    }
  }
  const divergence = await commonDivergence(points);
  const base = median(runs.get("arcface")?.map(({ seconds }) => seconds) ?? []);
  for (const [arm, done] of runs) {
    if (done.length === 0) continue;
    const layout = layoutOf(arm);
    const { trustworthiness, neighbourhoodPreservation } = await layoutQuality(points, layout);
    const seconds = median(done.map((run) => run.seconds));
    figure(`${arm}.seconds`, seconds);
    figure(`${arm}.kl`, divergence(layout));
    figure(`${arm}.megabytes`, median(done.map((run) => run.peakMb)));
    console.log(
      `${`${arm} ${done[0]!.version}`.padEnd(16)} ${seconds.toFixed(1)} s` +
        `${arm === "arcface" ? "" : ` (arcface ${(seconds / base).toFixed(2)}×)`}, ` +
        `KL ${divergence(layout).toFixed(4)} (its own figure ${done.at(-1)!.ownDivergence.toFixed(4)}), ` +
        `trustworthiness ${trustworthiness.toFixed(4)}, 10-neighbour preservation ${neighbourhoodPreservation.toFixed(4)}, ` +
        `peak ${median(done.map((run) => run.peakMb)).toFixed(0)} MB`,
    );
  }
}

async function digits(all: boolean): Promise<Points> {
  const { train, test } = await loadMnist(new ModelStore({ home: process.env["ARCFACE_HOME"] }));
  const images = all ? Buffer.concat([train.images, test.images]) : test.images;
  const pixels = {
    data: Float32Array.from(images, (v) => v / 255),
    count: images.length / 784,
    dimension: 784,
  };
  const { scores } = await pca(pixels, { components: 50 });
  return { data: scores, count: pixels.count, dimension: 50 };
}

function measure(arm: string, pointsPath: string): Run | undefined {
  const layoutPath = join(folder, `${arm}.f32`);
  const ours = ["--import", "tsx", join(import.meta.dirname, "tsne-peer.ts")];
  const python = process.env[arm === "sklearn" ? "SKLEARN_PYTHON" : "OPENTSNE_PYTHON"] ?? "python3";
  const [command, args] =
    arm === "arcface"
      ? [process.execPath, ours]
      : [python, [join(import.meta.dirname, "peers", "tsne.py"), arm]];
  try {
    const out = execFileSync(command, [...args, pointsPath, layoutPath, flags.threads], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    return JSON.parse(out.trim().split("\n").at(-1)!) as Run;
  } catch {
    return undefined;
  }
}

function layoutOf(arm: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(join(folder, `${arm}.f32`))).buffer);
}

/** KL(P ‖ Q) of any layout of these points, by the same P and over all pairs. */
async function commonDivergence(points: Points): Promise<(layout: Float32Array) => number> {
  const { count } = points;
  const { indices, distances } = await nearestNeighbours(points, K);
  const conditional = new Float32Array(count * K);
  const row = new Float64Array(K);
  for (let i = 0; i < count; i++) {
    rowAffinities(
      Float64Array.from(distances.subarray(i * K, (i + 1) * K), (d) => d * d),
      PERPLEXITY,
      row,
    );
    conditional.set(row, i * K);
  }
  const affinities = affinityMemory(count, K);
  symmetrize(count, indices, conditional, affinities);
  return (layout) => {
    const memory = descentMemory(count, 2);
    memory.layout.set(layout);
    const team = new Team(0, 1, Team.control());
    const exact = new ExactRepulsion(team, memory.layout, 2, memory.force, memory.partial);
    return new Descent(team, 2, affinities, exact, memory).divergence();
  };
}
