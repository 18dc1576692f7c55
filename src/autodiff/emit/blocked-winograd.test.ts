import { expect, test } from "vitest";
import { elementCount, seeded } from "../../core/index.ts";
import { encodeOnnx, Session } from "../../onnx/index.ts";
import { compile, conv2d, evaluate, gradients, multiply, probeBlockSize, reduceSum, Tape } from "../index.ts";

/** Sums of a thousand products in float32, after additions of neighbours; a wrong tap is off by a tenth and more. */
const FLOAT32 = 2e-6;

const block = await probeBlockSize();

test.skipIf(block === undefined).each([
  { maps: "even maps", x: [2, 128, 4, 2], w: [144, 128, 3, 3] },
  { maps: "odd maps", x: [1, 144, 3, 5], w: [128, 144, 3, 3] },
])("3×3 convolutions of many channels and their gradients are the reference's over $maps", async (sizes) => {
  const tape = new Tape();
  const random = seeded(3);
  const shapes = [sizes.x, sizes.w, [sizes.w[0]!]];
  const operands = shapes.map((shape, i) => tape.input(`x${i}`, shape));
  const drawn = shapes.map((shape) =>
    Float32Array.from({ length: elementCount(shape) }, () => random.next() - 0.5),
  );
  const [x, w, bias] = operands;
  const y = conv2d(x!, w!, { padding: 1, bias: bias! });
  const wanted = [y, ...gradients(reduceSum(multiply(y, y)), operands).map((gradient) => gradient!)];
  const given = Object.fromEntries(drawn.map((values, i) => [`x${i}`, Float64Array.from(values)]));
  const reference = evaluate(tape, wanted, given);
  const outputs = Object.fromEntries(wanted.map((value, i) => [`out${i}`, value]));
  const { model } = compile(tape, outputs, { kind: "blocked", block: block! });
  expect(model.nodes.filter(({ op }) => op === "Conv").length).toBeGreaterThan(2 * 16);
  await using session = await Session.open(encodeOnnx(model));
  const feeds = drawn.map((data, i) => [`x${i}`, { dims: shapes[i]!, data }] as const);
  const results = await session.run(Object.fromEntries(feeds));
  for (const [i, expected] of reference.entries()) {
    const got = results[`out${i}`]!.data;
    expect(got.length).toBe(expected.length);
    const length = (values: Float64Array): number =>
      Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    expect(length(expected.map((value, at) => value - got[at]!)) / length(expected)).toBeLessThan(FLOAT32);
  }
});
