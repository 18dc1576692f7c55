/**
 * Labeled Faces in the Wild, end to end from the JPEG files: 6,000 official pairs in 10 folds, the threshold of each
 * fold chosen on the other nine, no flip. A photograph without a face makes its pair count as "different".
 *
 * npm run bench lfw [-- MODEL…]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chooseFace, cosine, ModelStore, RecognizerPool, type UnitVector } from "arcface";
import { describeMachine, sharedFolder } from "./machine.ts";

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
}

const lfw = join(sharedFolder(), "data", "lfw");
const pairs = readPairs(join(lfw, "pairs.txt"));
const paths = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].sort();
const models = process.argv.length > 2 ? process.argv.slice(2) : ["mobilefacenet-192", "fr-feature-512"];
console.log(`${describeMachine()}\n${pairs.length} pairs, ${paths.length} photographs`);
for (const model of models) await evaluate(model);

async function evaluate(model: string): Promise<void> {
  const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
  await using pool = await RecognizerPool.open({ model, store });
  const started = performance.now();
  const vectors = new Map<string, UnitVector>();
  for await (const result of pool.faces(paths)) {
    if (result.kind === "failed") throw result.error;
    const face = chooseFace(result.photograph.faces, "central", result.photograph);
    if (face) vectors.set(result.path, face.embedding);
  }
  const seconds = (performance.now() - started) / 1000;
  const scores = pairs.map(({ a, b }) => {
    const [x, y] = [vectors.get(a), vectors.get(b)];
    return x && y ? cosine(x, y) : -1;
  });
  const folds = Array.from({ length: 10 }, (_, fold) => pairs.map((_, i) => Math.floor(i / 600) === fold));
  const accuracies = folds.map((inFold) => {
    const threshold = bestThreshold(scores, (i) => !inFold[i]);
    const right = scores.filter((score, i) => inFold[i] && score >= threshold === pairs[i]!.same).length;
    return right / 600;
  });
  const mean = accuracies.reduce((a, b) => a + b) / 10;
  const deviation = Math.sqrt(accuracies.reduce((sum, a) => sum + (a - mean) ** 2, 0) / 10);
  const threshold = bestThreshold(scores, () => true);
  const falseMatches = scores.filter((score, i) => !pairs[i]!.same && score >= threshold).length;
  const falseNonMatches = scores.filter((score, i) => pairs[i]!.same && score < threshold).length;
  console.log(
    `${model}: accuracy ${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)} %, ` +
      `${paths.length - vectors.size} faces missed; best threshold ${threshold.toFixed(3)} on all pairs ` +
      `(${falseMatches} false matches, ${falseNonMatches} false non-matches of 3000 each); ${(paths.length / seconds).toFixed(1)} photographs/s with ${pool.workers} workers`,
  );
}

/** The threshold that decides most of the chosen pairs rightly; the middle of its range of equal accuracy. */
function bestThreshold(scores: readonly number[], chosen: (pair: number) => boolean): number {
  const ranked = scores
    .map((score, i) => ({ score, same: pairs[i]!.same, i }))
    .filter(({ i }) => chosen(i))
    .sort((a, b) => b.score - a.score);
  let right = ranked.filter(({ same }) => !same).length;
  let best = { right, from: 1, to: ranked[0]!.score };
  ranked.forEach(({ score, same }, i) => {
    right += same ? 1 : -1;
    const next = ranked[i + 1]?.score ?? -1;
    if (right > best.right && next < score) best = { right, from: score, to: next };
  });
  return (best.from + best.to) / 2;
}

function readPairs(path: string): Pair[] {
  const [, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const photograph = (name: string, number: string): string =>
    join(lfw, "images", name, `${name}_${number.padStart(4, "0")}.jpg`);
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    const [name, first, second, third] = fields as [string, string, string, string];
    return fields.length === 3
      ? { a: photograph(name, first), b: photograph(name, second), same: true }
      : { a: photograph(name, first), b: photograph(second, third), same: false };
  });
}
