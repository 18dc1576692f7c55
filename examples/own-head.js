/**
 * A margin head of one's own, written with the package's doors alone: Li-ArcFace, linear in the angle.
 *
 * Formula   s·(π − 2·(θ_y + m)) / π for the own class, s·(π − 2·θ_j) / π for the others
 * Source    Li et al., AirFace, arXiv:1907.12256
 *
 * node examples/own-head.js
 */
import assert from "node:assert/strict";
import { seeded } from "arcface-ts";
import { acos, add, divide, multiply, softmaxCrossEntropy, subtract } from "arcface-ts/autodiff";
import { digitNet } from "arcface-ts/networks";
import { classCentres, cosinesBetween, ownClass, sgd, TrainingStep } from "arcface-ts/train";

const CLASSES = 4;
const BATCH = 16;
const MARGIN_RAD = 0.3;
const SCALE = 16;

/** From features [N, D] and labels [N] to a loss; runs when the step is recorded, not in every step. */
function liArcFace(_tape, features, labels) {
  const centres = classCentres({ features, labels, classes: CLASSES, random: seeded(1) });
  const angles = acos(cosinesBetween(features, centres));
  const withMargin = add(angles, MARGIN_RAD);
  const own = ownClass(labels, CLASSES);
  const target = own.replace(angles, own.pick(withMargin));
  const logits = multiply(divide(subtract(Math.PI, multiply(target, 2)), Math.PI), SCALE);
  return { loss: softmaxCrossEntropy(logits, labels) };
}

/** Pictures of noise with a bright square, whose place tells the class. */
function batchOf(random) {
  const images = Float32Array.from({ length: BATCH * 28 * 28 }, () => random.next() / 4);
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  for (const [i, label] of labels.entries())
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) images[(i * 28 + 10 + y) * 28 + 6 * label + x] += 1;
  return { images, labels, learningRate: 0.01 };
}

const step = await TrainingStep.open({
  network: digitNet({ embedding: 16 }),
  head: liArcFace,
  optimiser: sgd({ momentum: 0.9 }),
  batch: BATCH,
  seed: 1,
});
try {
  const random = seeded(2);
  const losses = [];
  for (let i = 0; i < 40; i++) losses.push((await step.run(batchOf(random))).loss);
  console.log(
    `loss ${losses[0].toFixed(2)} at first, ${losses.at(-1).toFixed(2)} after ${losses.length} steps`,
  );
  assert.ok(losses.at(-1) < losses[0] / 2, "the network learns with it");
} finally {
  await step.close();
}
