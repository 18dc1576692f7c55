import { describe, expect, test } from "vitest";
import { formulaNoise } from "../../../test/formula-weights.ts";
import { gatherRows, linear, multiply, reduceMean, softmaxCrossEntropy } from "../../autodiff/index.ts";
import type { Network } from "../../networks/index.ts";
import { ONNX_INPUT, ONNX_OUTPUT, parametersOf, toOnnx } from "../../networks/index.ts";
import {
  batchNorm,
  conv,
  dropout,
  flatten,
  linear as linearLayer,
  maxPool,
  prelu,
  sequence,
} from "../../networks/layer.ts";
import { encodeOnnx, probeProvider, Session } from "../../onnx/index.ts";
import { draw, recordStep, type StepHead, sgd, TrainingStep, type TrainingStepOptions } from "./index.ts";

const CLASSES = 3;
const BATCH = 8;

const network: Network = {
  id: "tiny",
  title: "two convolutions",
  input: [1, 8, 8],
  embedding: 6,
  unitOutput: false,
  layer: sequence(
    ["conv1", conv(1, 8, 3, { padding: 1, bias: true })],
    ["prelu1", prelu(8)],
    ["pool1", maxPool(2, 2)],
    ["conv2", conv(8, 16, 3, { padding: 1 })],
    ["bn2", batchNorm(16)],
    ["drop", dropout(0.25)],
    ["", flatten],
    ["fc", linearLayer(16 * 16, 6)],
  ),
};

const head: StepHead = (tape, features, labels) => {
  const weight = tape.parameter("head.weight", [CLASSES, 6], () => formulaNoise("head", CLASSES * 6));
  const logits = linear(features, weight);
  return { loss: softmaxCrossEntropy(logits, labels), logits };
};

const options: TrainingStepOptions = {
  network,
  head,
  batch: BATCH,
  optimiser: sgd({ weightDecay: 1e-3 }),
  seed: 5,
};

/** Pictures with a bright spot whose place tells the class. */
function batchOf(seed: number) {
  const images = formulaNoise(`images ${seed}`, BATCH * 64, (u) => u / 4);
  const labels = Int32Array.from({ length: BATCH }, (_, i) => (i + seed) % CLASSES);
  for (const [i, label] of labels.entries())
    for (const at of [0, 1, 8, 9]) images[i * 64 + 20 * label + at]! += 1;
  return { images, labels, learningRate: 0.02 };
}

describe("a training step", () => {
  test("learns what pictures tell apart", async () => {
    await using step = await TrainingStep.open(options);
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) losses.push((await step.run(batchOf(i))).loss);
    expect(losses[0]).toBeGreaterThan(0.7);
    expect(Math.max(...losses.slice(-5))).toBeLessThan(0.1);
  });

  test("goes on from a state to the last bit", async () => {
    await using whole = await TrainingStep.open(options);
    await using second = await TrainingStep.open({ ...options, weights: new Map() });
    for (let i = 0; i < 3; i++) await whole.run(batchOf(i));
    const half = await whole.state();
    const expected: number[] = [];
    for (let i = 3; i < 6; i++) expected.push((await whole.run(batchOf(i))).loss);
    second.load(half);
    expect(second.steps).toBe(3);
    const got: number[] = [];
    for (let i = 3; i < 6; i++) got.push((await second.run(batchOf(i))).loss);
    expect(got).toEqual(expected);
    const [a, b] = [await whole.state(), await second.state()];
    expect([...b.keys()]).toEqual([...a.keys()]);
    for (const [name, tensor] of a) expect(b.get(name)!.floats(), name).toEqual(tensor.floats());
    expect(a.get("bn2.num_batches_tracked")!.floats()).toEqual(Float32Array.of(6));
    expect(a.get("step")!.floats()).toEqual(Float32Array.of(6));
  });

  test("draws other weights and other dropout from another seed", async () => {
    await using a = await TrainingStep.open(options);
    await using b = await TrainingStep.open({ ...options, seed: 6 });
    const [one, other] = [await a.run(batchOf(0)), await b.run(batchOf(0))];
    expect(one.loss).not.toBe(other.loss);
  });

  test("gives blocked and standard operations the same losses", async () => {
    await using fast = await TrainingStep.open(options);
    await using plain = await TrainingStep.open({ ...options, form: { kind: "plain", device: "cpu" } });
    for (let i = 0; i < 5; i++) {
      const [a, b] = [await fast.run(batchOf(i)), await plain.run(batchOf(i))];
      // The same sums in another order, over five steps.
      expect(a.loss).toBeCloseTo(b.loss, 4);
      expect(a.outputs["logits"]!.dims).toEqual([BATCH, CLASSES]);
    }
    const [a, b] = [await fast.state(), await plain.state()];
    for (const [name, tensor] of a) {
      const [x, y] = [tensor.floats(), b.get(name)!.floats()];
      for (const [i, value] of x.entries()) expect(value, name).toBeCloseTo(y[i]!, 3);
    }
  });

  test("with convolutions in half precision is otherwise the same", async () => {
    // A CPU computes such a graph in single precision, its casts left out: this is the graph, and a GPU's test the rounding.
    const half = { kind: "plain", device: "cpu", half: true } as const;
    await using mixed = await TrainingStep.open({ ...options, form: half });
    await using single = await TrainingStep.open(options);
    for (let i = 0; i < 5; i++)
      expect((await mixed.run(batchOf(i))).loss).toBeCloseTo((await single.run(batchOf(i))).loss, 4);
  });

  test("refuses mixed precision on a CPU", async () => {
    await expect(TrainingStep.open({ ...options, precision: "mixed" })).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  test("has a state that the network runs from in evaluation", async () => {
    await using step = await TrainingStep.open(options);
    for (let i = 0; i < 60; i++) await step.run(batchOf(i));
    const state = await step.state();
    for (const { name, shape } of parametersOf(network)) expect(state.get(name)!.shape).toEqual(shape);
    await using session = await Session.open(encodeOnnx(toOnnx(network, state)));
    const { images, labels } = batchOf(100);
    const result = await session.run({ [ONNX_INPUT]: { dims: [BATCH, 1, 8, 8], data: images } });
    const features = result[ONNX_OUTPUT]!.data;
    const weight = state.get("head.weight")!.floats();
    const best = Array.from({ length: BATCH }, (_, row) => {
      const scores = Array.from({ length: CLASSES }, (_, k) =>
        Array.from({ length: 6 }, (_, i) => features[row * 6 + i]! * weight[k * 6 + i]!).reduce(
          (x, y) => x + y,
        ),
      );
      return scores.indexOf(Math.max(...scores));
    });
    expect(best).toEqual([...labels]);
  });

  test("does not learn from rows without a class", async () => {
    await using step = await TrainingStep.open({ ...options, optimiser: sgd({ momentum: 0 }) });
    const before = (await step.state()).get("head.weight")!.floats();
    const { loss } = await step.run({ ...batchOf(0), labels: new Int32Array(BATCH).fill(-1) });
    expect(loss).toBe(0);
    expect((await step.state()).get("head.weight")!.floats()).toEqual(before);
  });

  test("cuts gradients to a length and tells their length before", async () => {
    const plain = { ...options, optimiser: sgd({ momentum: 0 }) };
    await using free = await TrainingStep.open(plain);
    await using cut = await TrainingStep.open({ ...plain, gradientNorm: 0.01 });
    const start = await free.state();
    await free.run(batchOf(0));
    const { outputs } = await cut.run(batchOf(0));
    const [a, b] = [await free.state(), await cut.state()];
    const norm = outputs["gradientNorm"]!.data[0]!;
    const distance = (state: typeof a): number => {
      const trained = recordStep(plain, (name) => start.get(name)!.floats()).trained;
      const squares = trained.map(({ parameter: { name } }) => {
        const [x, y] = [start.get(name)!.floats(), state.get(name)!.floats()];
        return x.reduce((sum, v, i) => sum + (v - y[i]!) ** 2, 0);
      });
      return Math.sqrt(squares.reduce((x, y) => x + y)) / 0.02;
    };
    expect(distance(a) / norm).toBeCloseTo(1, 3);
    expect(distance(b) / 0.01).toBeCloseTo(1, 2);
  });

  test("feeds what a head declares, and names what is missing", async () => {
    const sampled: StepHead = (tape, features, labels) => {
      const weight = tape.parameter("head.weight", [CLASSES, 6], () => formulaNoise("head", CLASSES * 6));
      const rows = gatherRows(weight, tape.labels("sampled classes", 2));
      const jitter = tape.random("jitter", [BATCH, 1], { kind: "normal", mean: 1, std: 0.1 });
      return { loss: softmaxCrossEntropy(linear(multiply(features, jitter), rows), labels), drawn: jitter };
    };
    await using step = await TrainingStep.open({ ...options, head: sampled });
    const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 2);
    await expect(step.run({ ...batchOf(0), labels })).rejects.toThrow(
      "training step: expected the input sampled classes, got none",
    );
    const inputs = { "sampled classes": Int32Array.of(2, 0) };
    const before = (await step.state()).get("head.weight")!.floats();
    const { outputs } = await step.run({ ...batchOf(0), labels, inputs });
    const after = (await step.state()).get("head.weight")!.floats();
    const changed = [0, 1, 2].map((row) => before[row * 6] !== after[row * 6]);
    // Row 1 was not sampled: it shrinks by its decay, and moves no other way.
    expect(changed).toEqual([true, true, true]);
    expect(after[6]! / before[6]!).toBeCloseTo(1 - 0.02 * 1e-3, 7);
    const expected = new Float32Array(BATCH);
    const place = recordStep({ ...options, head: sampled }, () => new Float32Array(0)).tape.inputs;
    draw(
      { kind: "normal", mean: 1, std: 0.1 },
      expected,
      5,
      0,
      place.findIndex(({ name }) => name === "jitter"),
    );
    expect(outputs["drawn"]!.data).toEqual(expected);
  });

  test("refuses the state of another network, pictures of another size, and a loss that leaves a weight out", async () => {
    await using step = await TrainingStep.open(options);
    const state = new Map(await step.state());
    state.delete("fc.weight");
    expect(() => step.load(state)).toThrow("tiny: expected a state of this training step, got no fc.weight");
    state.set("fc.weight", { shape: [6, 9], floats: () => new Float32Array(54) });
    expect(() => step.load(state)).toThrow("got fc.weight of [6, 9] for [6, 256]");
    await expect(step.run({ ...batchOf(0), images: new Float32Array(3) })).rejects.toThrow(
      "images: expected 512 floats, got 3 in a Float32Array",
    );
    const idle: StepHead = (tape, features) => {
      tape.parameter("head.idle", [1], () => new Float32Array(1));
      return { loss: reduceMean(features) };
    };
    await expect(TrainingStep.open({ ...options, head: idle })).rejects.toThrow(
      "head.idle: expected a loss that depends on it, got one that does not",
    );
  });

  test("keeps its memory over many steps", { timeout: 120_000 }, async () => {
    await using step = await TrainingStep.open(options);
    const batch = batchOf(0);
    const resident: number[] = [];
    for (let i = 0; i < 3000; i++) {
      await step.run({ ...batch, learningRate: 1e-4 });
      if (i % 500 === 499) resident.push(process.memoryUsage().rss / 2 ** 20);
    }
    // A leak of one copy of this network's 40 kB a step would be 80 MB over the last 2,000.
    expect(resident.at(-1)! - resident[1]!).toBeLessThan(40);
  });
});

describe("random inputs", () => {
  test("have the moments asked for, and depend on seed, run and input", () => {
    const length = 20_000;
    const drawn = (distribution: Parameters<typeof draw>[0], seed = 1, run = 2, input = 3): Float32Array => {
      const values = new Float32Array(length);
      draw(distribution, values, seed, run, input);
      return values;
    };
    const mean = (values: Float32Array): number => values.reduce((sum, v) => sum + v, 0) / length;
    const normal = drawn({ kind: "normal", mean: 3, std: 2 });
    expect(mean(normal)).toBeCloseTo(3, 1);
    expect(Math.sqrt(mean(normal.map((v) => (v - 3) ** 2)))).toBeCloseTo(2, 1);
    const kept = drawn({ kind: "bernoulli", probability: 0.4 });
    expect(mean(kept)).toBeCloseTo(0.4, 1);
    expect(new Set(kept)).toEqual(new Set([0, 1]));
    const even = drawn({ kind: "uniform", low: -1, high: 1 });
    expect(mean(even)).toBeCloseTo(0, 1);
    expect(mean(even.map((v) => v * v))).toBeCloseTo(1 / 3, 1);
    expect(drawn({ kind: "uniform", low: -1, high: 1 })).toEqual(even);
    for (const other of [
      [2, 2, 3],
      [1, 3, 3],
      [1, 2, 4],
    ] as const) {
      const values = drawn({ kind: "uniform", low: -1, high: 1 }, ...other);
      expect(Math.abs(mean(values.map((v, i) => v * even[i]!)))).toBeLessThan(0.02);
    }
  });
});

const gpu = await probeProvider("webgpu");

test("without a GPU that WebGPU can use a step in WebGPU says so", async (context) => {
  context.skip(gpu === undefined, "WebGPU has something to compute on here");
  await expect(TrainingStep.open({ ...options, device: "webgpu" })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringMatching(/^device webgpu: expected a GPU with a driver .* got: [^/]*$/),
  });
});

test("on a GPU the losses are the CPU's, and the state comes back", async (context) => {
  context.skip(gpu !== undefined, `no WebGPU here: ${gpu}`);
  await using cpu = await TrainingStep.open(options);
  await using step = await TrainingStep.open({ ...options, device: "webgpu" });
  for (let i = 0; i < 5; i++) {
    const [a, b] = [await cpu.run(batchOf(i)), await step.run(batchOf(i))];
    expect(b.loss).toBeCloseTo(a.loss, 3);
  }
  const [a, b] = [await cpu.state(), await step.state()];
  for (const [name, tensor] of a)
    for (const [i, value] of tensor.floats().entries())
      expect(b.get(name)!.floats()[i]).toBeCloseTo(value, 2);
});

test("on a GPU with half-precision arithmetic a step in mixed precision learns", async (context) => {
  context.skip(gpu !== undefined, `no WebGPU here: ${gpu}`);
  await using single = await TrainingStep.open({ ...options, device: "webgpu" });
  await using step = await TrainingStep.open({ ...options, device: "webgpu", precision: "mixed" });
  const [a, b] = [await single.run(batchOf(0)), await step.run(batchOf(0))];
  expect(b.loss).not.toBe(a.loss);
  expect(b.loss).toBeCloseTo(a.loss, 2);
  const losses: number[] = [];
  for (let i = 1; i < 60; i++) losses.push((await step.run(batchOf(i))).loss);
  expect(Math.max(...losses.slice(-5))).toBeLessThan(0.1);
});

test("on a GPU gradients smaller than half precision knows are not lost in mixed precision", async (context) => {
  context.skip(gpu !== undefined, `no WebGPU here: ${gpu}`);
  const faint: StepHead = (tape, features, labels) => {
    const found = head(tape, features, labels);
    return { ...found, loss: multiply(found.loss, 1e-9) };
  };
  const moved = async (precision: "single" | "mixed"): Promise<Float32Array> => {
    const how = { head: faint, optimiser: sgd({ momentum: 0 }), device: "webgpu", precision } as const;
    await using step = await TrainingStep.open({ ...options, ...how });
    const before = (await step.state()).get("conv1.weight")!.floats();
    await step.run({ ...batchOf(0), learningRate: 1e9 });
    const after = (await step.state()).get("conv1.weight")!.floats();
    return after.map((v, i) => v - before[i]!);
  };
  const [a, b] = [await moved("mixed"), await moved("single")];
  expect(Math.hypot(...b)).toBeGreaterThan(0.01);
  const apart = Math.hypot(...a.map((v, i) => v - b[i]!)) / Math.hypot(...b);
  expect(apart).toBeLessThan(0.1);
  expect(apart).toBeGreaterThan(0);
});
