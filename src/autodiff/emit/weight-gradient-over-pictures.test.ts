import { expect, test } from "vitest";
import { elementCount, seeded } from "../../core/index.ts";
import { encodeOnnx, Session } from "../../onnx/index.ts";
import { geometryOf } from "../convolution.ts";
import { compile, evaluate, type Form, probeBlockSize, Tape } from "../index.ts";
import { conv2dWeightGradient } from "../ops/conv2d-weight-gradient.ts";

/** Sums of a few hundred products in float32, after additions of neighbours; a wrong tap is off by a tenth and more. */
const FLOAT32 = 2e-6;

const block = (await probeBlockSize()) ?? 0;
const [few, many] = [8 * block, 16 * block];
const sharedByTwo: Form = { kind: "blocked", block, threads: 2 };
const sharedByMany: Form = { kind: "blocked", block, threads: 64 };

test.skipIf(block === 0).each([
  ["frequencies along rows", { n: 2 * block, i: few, o: few, height: 4, width: 3 }, sharedByTwo, 4 + 4 + 4],
  ["frequencies along rows of odd maps", { n: block, i: few, o: few, height: 5, width: 2 }, sharedByTwo, 12],
  ["frequencies along both axes", { n: 2 * block, i: many, o: many, height: 2, width: 4 }, sharedByTwo, 56],
  ["both axes of odd maps", { n: block, i: many, o: many, height: 3, width: 5 }, sharedByTwo, 56],
  ["a batch that fills no block", { n: block + 1, i: few, o: few, height: 4, width: 3 }, sharedByTwo, 1],
  [
    "more threads than it is shared among",
    { n: block, i: few, o: few, height: 4, width: 3 },
    sharedByMany,
    1,
  ],
])("the gradient of a 3×3 kernel is the reference's: %s", async (_name, sizes, form, convolutions) => {
  const { n, i, o, height, width } = sizes;
  const tape = new Tape();
  const shapes = { x: [n, i, height, width], dy: [n, o, height, width] };
  const geometry = geometryOf(shapes.x, [o, i, 3, 3], { stride: 1, padding: 1, groups: 1 });
  const dw = conv2dWeightGradient(tape.input("x", shapes.x), tape.input("dy", shapes.dy), geometry);
  const random = seeded(3);
  const draw = (shape: readonly number[]): Float32Array =>
    Float32Array.from({ length: elementCount(shape) }, () => random.next() - 0.5);
  const given = { x: draw(shapes.x), dy: draw(shapes.dy) };
  const numbers = { x: Float64Array.from(given.x), dy: Float64Array.from(given.dy) };
  const [expected] = evaluate(tape, [dw], numbers) as [Float64Array];
  const { model } = compile(tape, { dw }, form);
  expect(model.nodes.filter(({ op }) => op === "Conv").length).toBe(convolutions);
  await using session = await Session.open(encodeOnnx(model));
  const feeds = { x: { dims: shapes.x, data: given.x }, dy: { dims: shapes.dy, data: given.dy } };
  const got = (await session.run(feeds))["dw"]!.data;
  const length = (values: Float64Array): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  expect(got.length).toBe(expected.length);
  expect(length(expected.map((value, at) => value - got[at]!)) / length(expected)).toBeLessThan(FLOAT32);
});
