/**
 * A small MobileFaceNet trained on the people of LFW that are in no pair of folds 1 and 2, verified on those 1,200
 * pairs, beside the same network as it is drawn. LFW is far too small to train a good one: the figure shows that
 * training works, not what it can reach.
 *
 * npm run bench train-faces [-- STEPS]
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPack, packFolder, parseTrainConfig, train } from "arcface-ts/train";
import { openCheckpoint } from "../src/checkpoints/index.ts";
import { seeded } from "../src/core/index.ts";
import { initialise, mobileFaceNet, parametersOf, type Weights } from "../src/networks/index.ts";
import { exactAccuracy } from "../src/statistics/index.ts";
import { examplesOf } from "../src/train/data/index.ts";
import { embedExamples } from "../src/train/run/embed-examples.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

const STEPS = Number(process.argv[2] ?? 500);
const SEED = 1;
const EMBEDDING = 128;
const network = mobileFaceNet({ embedding: EMBEDDING });

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
}

const lfw = join(sharedFolder(), "data", "lfw");
const pairs = readPairs(join(lfw, "pairs.txt")).slice(0, 1200);
const away = new Set(pairs.flatMap(({ a, b }) => [a, b].map((picture) => picture.replace(/_\d{4}$/, ""))));
const folder = mkdtempSync(join(tmpdir(), "arcface-lfw-"));
try {
  console.log(describeMachine());
  const training = join(folder, "training.pack");
  const report = await packFolder(linkPeople(join(folder, "people")), training);
  console.log(
    `training: ${report.examples} faces of ${report.classes} people, none of them in folds 1 and 2`,
  );
  const tests = join(folder, "tests.pack");
  await packFolder(linkPictures(join(folder, "pictures")), tests);
  const run = join(folder, "run");
  const config = parseTrainConfig({
    data: training,
    network: network.id,
    embedding: EMBEDDING,
    head: { head: "arcface", marginRad: 0.3, scale: 32 },
    batch: 32,
    steps: STEPS,
    optimiser: { name: "adamw", weightDecay: 0.05 },
    learningRate: 1e-3,
    warmupSteps: Math.round(STEPS / 20),
    augmentation: { flip: 0.5, shiftPx: 3, scale: 0.04, colour: 0.15 },
    validation: { heldOut: 0 },
    checkpointEvery: STEPS,
    logEvery: Math.ceil(STEPS / 10),
    seed: SEED,
  });
  const started = performance.now();
  await train({
    out: run,
    config,
    onEvent: (event) => event.kind === "step" && console.log(JSON.stringify(event)),
  });
  const minutes = (performance.now() - started) / 60_000;
  const drawn = initialise(network, seeded(SEED));
  const shapes = new Map(parametersOf(network).map(({ name, shape }) => [name, shape]));
  const initial: Weights = new Map(
    [...drawn].map(([name, values]) => [name, { shape: shapes.get(name)!, floats: () => values.slice() }]),
  );
  const step = `step-${String(STEPS).padStart(8, "0")}`;
  using trained = openCheckpoint(join(run, "checkpoints", step, "weights.safetensors"));
  console.log(`at initialisation: ${await verified(tests, initial)}`);
  console.log(
    `after ${STEPS} steps of 32 (${minutes.toFixed(1)} min): ${await verified(tests, trained.tensors)}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

/** Accuracy on each of the two folds with the threshold of the other. */
async function verified(pack: string, weights: Weights): Promise<string> {
  const set = openPack(pack);
  const all = examplesOf(set, [...set.classes.keys()]);
  const vectors = await embedExamples(network, weights, all);
  const place = new Map(set.classes.map((name, i) => [name, i]));
  const scored = pairs.filter(({ a, b }) => place.has(a) && place.has(b));
  const scores = scored.map(({ a, b }) => {
    const [i, j] = [place.get(a)! * EMBEDDING, place.get(b)! * EMBEDDING];
    let dot = 0;
    for (let k = 0; k < EMBEDDING; k++) dot += vectors[i + k]! * vectors[j + k]!;
    return dot;
  });
  set.close();
  const same = Uint8Array.from(scored, (pair) => (pair.same ? 1 : 0));
  const fold = Uint16Array.from(scored, (pair) => (pairs.indexOf(pair) < 600 ? 0 : 1));
  const { mean, folds } = exactAccuracy({ scores: Float64Array.from(scores), same }, fold);
  const each = folds.map(({ accuracy }) => (100 * accuracy).toFixed(1)).join(" and ");
  return `${(100 * mean).toFixed(1)} % of ${scored.length} pairs right (${each} % on the two folds)`;
}

/** People in no pair of the two folds, with two pictures at least, as links. */
function linkPeople(out: string): string {
  for (const name of readdirSync(join(lfw, "images"))) {
    const pictures = readdirSync(join(lfw, "images", name));
    if (away.has(name) || pictures.length < 2) continue;
    mkdirSync(join(out, name), { recursive: true });
    for (const picture of pictures) symlinkSync(join(lfw, "images", name, picture), join(out, name, picture));
  }
  return out;
}

/** Every picture of the pairs as a class of its own, so that it is found again by name. */
function linkPictures(out: string): string {
  for (const picture of new Set(pairs.flatMap(({ a, b }) => [a, b]))) {
    mkdirSync(join(out, picture), { recursive: true });
    const person = picture.replace(/_\d{4}$/, "");
    symlinkSync(join(lfw, "images", person, `${picture}.jpg`), join(out, picture, `${picture}.jpg`));
  }
  return out;
}

function readPairs(path: string): Pair[] {
  const [, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [name = "", first = "", second = "", third] = line.trim().split(/\s+/);
    const picture = (person: string, number: string): string => `${person}_${number.padStart(4, "0")}`;
    return third === undefined
      ? { a: picture(name, first), b: picture(name, second), same: true }
      : { a: picture(name, first), b: picture(second, third), same: false };
  });
}
