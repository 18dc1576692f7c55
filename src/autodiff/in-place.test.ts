import { expect, test } from "vitest";
import { elementCount, seeded } from "../core/index.ts";
import { type CarriedTensor, StateSession } from "../onnx/index.ts";
import {
  add,
  type CompiledGraph,
  compile,
  conv2d,
  flatten,
  gradients,
  linear,
  multiply,
  multiplyAdd,
  prelu,
  probeBlockSize,
  reduceMean,
  Tape,
  type Value,
} from "./index.ts";

const block = await probeBlockSize();
const drawn = (seed: number, shape: readonly number[], scale: number) => (): Float32Array => {
  const random = seeded(seed);
  return Float32Array.from({ length: elementCount(shape) }, () => (random.next() - 0.5) * scale);
};

/** Two convolutions and a product, whose weights are read on the way back too, and their descent. */
function descent(more: (tape: Tape, weight: Value, next: Value) => void = () => undefined): CompiledGraph {
  const tape = new Tape();
  const images = tape.input("images", [2, 8, 8, 8]);
  const shapes = { first: [64, 8, 3, 3], second: [64, 64, 3, 3], product: [32, 64 * 64] };
  const [first, second, product] = Object.entries(shapes).map(([name, shape], i) =>
    tape.parameter(name, shape, drawn(i, shape, 0.1)),
  ) as [Value, Value, Value];
  const slope = tape.parameter("slope", [64], () => new Float32Array(64).fill(0.25));
  const maps = prelu(conv2d(images, first, { padding: 1 }), slope);
  const features = linear(flatten(conv2d(maps, second, { padding: 1 })), product);
  const loss = reduceMean(multiply(features, features));
  const weights = [first, second, product];
  for (const [i, gradient] of gradients(loss, weights).entries()) {
    const next = multiplyAdd(gradient!, -0.5, weights[i]!);
    tape.assign(weights[i]!, next);
    if (i === 1) more(tape, weights[i]!, next);
  }
  return compile(tape, { loss }, { kind: "blocked", block: block! });
}

async function states(graph: CompiledGraph, inPlace: boolean): Promise<Float32Array[]> {
  const carried = graph.slots.map(({ input, output, outputShape, value, toGraph, initial, ...slot }) => {
    const common = { input, dims: value.shape, data: toGraph(initial()) };
    if (output === undefined) return common;
    const placed = { output, outputDims: outputShape!, inPlace: inPlace && slot.inPlace === true };
    return { ...common, ...placed } satisfies CarriedTensor;
  });
  await using session = await StateSession.open(graph.model, carried);
  const images = { dims: [2, 8, 8, 8], data: drawn(9, [2, 8, 8, 8], 2)() };
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) losses.push((await session.run({ images }))["loss"]!.data[0]!);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  return [Float32Array.from(losses), ...(await session.read()).values()];
}

test.skipIf(block === undefined)(
  "weights written over themselves become what they become beside",
  async () => {
    const graph = descent();
    const written = graph.slots.filter(({ inPlace }) => inPlace).map(({ name }) => name);
    expect(written).toEqual(["second", "product"]);
    expect(await states(graph, true)).toEqual(await states(graph, false));
  },
);

test.skipIf(block === undefined)(
  "a weight that is wanted beside its next value is not written over",
  async () => {
    const graph = descent((tape, weight, next) => {
      const zeros = (): Float32Array => new Float32Array(elementCount(weight.shape));
      tape.assign(tape.state("both", weight.shape, zeros), add(weight, multiply(next, weight)));
    });
    const written = graph.slots.filter(({ inPlace }) => inPlace).map(({ name }) => name);
    expect(written).toEqual(["product"]);
  },
);
