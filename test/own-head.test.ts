import { seeded } from "arcface-ts";
import { evaluate, gradients, multiply, reduceSum, sin, subtract, Tape } from "arcface-ts/autodiff";
import { CENTRES, classCentres, cosinesBetween, type HeadInput, marginLoss } from "arcface-ts/train";
import { expect, test } from "vitest";

/** A margin of one's own: the own class's cosine is pushed down by m·sin(cos θ), a formula that no head here has. */
const ownHead = (input: HeadInput, margin: number) => {
  const cosines = cosinesBetween(input.features, classCentres(input));
  return marginLoss(input, cosines, 4, (own) => subtract(own, multiply(sin(own), margin)));
};

test("a margin head written with the doors alone computes its formula, and has its gradient", () => {
  const tape = new Tape();
  const features = tape.input("features", [1, 2]);
  const labels = tape.labels("labels", 1);
  const head = ownHead({ features, labels, classes: 2, random: seeded(1) }, 0.2);
  const [dFeatures] = gradients(head.loss, [features]);
  // The own class's centre lies along x, the other's along y: the cosines are 0.6 and 0.8.
  const given = { features: [3, 4], labels: [0], [CENTRES]: [1, 0, 0, 1] };
  const [logits, loss, gradient, length] = evaluate(
    tape,
    [head.logits, head.loss, dFeatures!, reduceSum(multiply(dFeatures!, features))],
    given,
  );
  const own = 4 * (0.6 - 0.2 * Math.sin(0.6));
  const expected = Math.log(1 + Math.exp(3.2 - own));
  // Features and centres are brought to length 1 with an ε of 1e-12 below the root.
  expect(logits![0]).toBeCloseTo(own, 6);
  expect(logits![1]).toBeCloseTo(3.2, 6);
  expect(loss![0]).toBeCloseTo(expected, 6);
  // A step along the gradient is across the feature: only its direction counts.
  expect(length![0]).toBeCloseTo(0, 6);
  const h = 1e-5;
  const at = (x: number) => evaluate(tape, [head.loss], { ...given, features: [x, 4] })[0]![0]!;
  expect(gradient![0]).toBeCloseTo((at(3 + h) - at(3 - h)) / (2 * h), 6);
});
