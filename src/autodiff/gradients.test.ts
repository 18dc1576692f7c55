import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { elementCount, seeded } from "../core/index.ts";
import { encodeOnnx, Session } from "../onnx/index.ts";
import { geometryOf } from "./convolution.ts";
import * as autodiff from "./index.ts";
import { compile, evaluate, type Form, gradients, probeBlockSize, Tape, type Value } from "./index.ts";
import { batchVariance } from "./ops/batch-variance.ts";
import { conv2dInputGradient } from "./ops/conv2d-input-gradient.ts";
import { conv2dWeightGradient } from "./ops/conv2d-weight-gradient.ts";
import { gate } from "./ops/gate.ts";
import { maxPoolGradient } from "./ops/max-pool-gradient.ts";
import { negativePart } from "./ops/negative-part.ts";
import { scatterRows } from "./ops/scatter-rows.ts";

const {
  abs,
  acos,
  add,
  batchNorm,
  broadcastTo,
  channelAffine,
  channelDot,
  channelSum,
  clamp,
  concat,
  conv2d,
  cos,
  divide,
  dropout,
  equal,
  exp,
  flatten,
  floor,
  gatherRows,
  globalAveragePool,
  greater,
  l2Norm,
  l2Normalize,
  less,
  linear,
  log,
  logSoftmax,
  matmul,
  maximum,
  maxPool,
  minimum,
  multiply,
  multiplyAdd,
  negate,
  oneHot,
  pad,
  planeDot,
  planeSum,
  prelu,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  sin,
  slice,
  softmaxCrossEntropy,
  sqrt,
  stopGradient,
  straightThrough,
  subtract,
  transpose,
  where,
} = autodiff;

/** One way to use an operation. */
interface Case {
  readonly name: string;
  /** Shapes of the float operands, which are drawn from `low` to `high`. */
  readonly shapes: readonly (readonly number[])[];
  readonly low?: number;
  readonly high?: number;
  /** Labels or indices, for operations that take them. */
  readonly labels?: readonly number[];
  build(operands: readonly Value[], labels: Value): Value;
  /** `none` where no gradient is to be had; `stopped` where it is 0 though the function changes. */
  readonly gradient?: "none" | "stopped";
}

const c = (name: string, shapes: Case["shapes"], build: Case["build"], more: Partial<Case> = {}): Case => ({
  name,
  shapes,
  build,
  ...more,
});
const maps = [2, 16, 6, 6] as const;
const conv = (
  name: string,
  x: readonly number[],
  w: readonly number[],
  options: { stride?: number; padding?: number; groups?: number },
): Case =>
  c(name, [x, w, [w[0]!]], ([image, kernel, bias]) => conv2d(image!, kernel!, { bias: bias!, ...options }));
const geometry = (x: Value, w: readonly number[], stride: number, groups: number) =>
  geometryOf(x.shape, w, { stride, padding: 1, groups });
/** By file of ops/. The loss squares what comes out, so that no gradient is a constant. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  abs: [c("both signs", [[3, 4]], ([x]) => abs(x!))],
  acos: [c("inside", [[3, 4]], ([x]) => acos(x!), { low: -0.9, high: 0.9 })],
  add: [
    c(
      "same shapes",
      [
        [3, 4],
        [3, 4],
      ],
      ([a, b]) => add(a!, b!),
    ),
    c("a row", [[3, 4], [4]], ([a, b]) => add(a!, b!)),
    c(
      "a column and a row",
      [
        [3, 1],
        [1, 4],
      ],
      ([a, b]) => add(a!, b!),
    ),
    c("a number", [[3, 4]], ([a]) => add(a!, 2)),
    c("maps", [maps, maps], ([a, b]) => add(a!, maxPool(b!, 1))),
    c("one number for each of blocked maps", [maps, [16, 1, 3, 3], [2, 16, 1, 1]], ([x, w, number]) =>
      add(number!, conv2d(x!, w!, { padding: 1, groups: 16 })),
    ),
  ],
  "batch-norm": [
    c("maps", [maps, [16], [16]], ([x, s, b]) => batchNorm(x!, s!, b!).y),
    c("odd channels", [[2, 3, 4, 4], [3], [3]], ([x, s, b]) => batchNorm(x!, s!, b!).y),
    c("rows", [[6, 8], [8], [8]], ([x, s, b]) => batchNorm(x!, s!, b!).y),
    c("what else it gives", [maps, [16], [16]], ([x, s, b]) => batchNorm(x!, s!, b!).variance, {
      gradient: "stopped",
    }),
  ],
  "batch-variance": [
    c("maps", [maps], ([x]) => batchVariance(x!, multiply(channelSum(x!), 1 / 72)), { gradient: "none" }),
  ],
  "broadcast-to": [
    c("a row", [[4]], ([x]) => broadcastTo(x!, [3, 4])),
    c("over maps", [[2, 16, 1, 1]], ([x]) => broadcastTo(x!, maps)),
    c("a number", [[]], ([x]) => broadcastTo(x!, [3, 4])),
  ],
  "channel-affine": [
    c("scale", [maps, [16]], ([x, s]) => channelAffine(x!, s!)),
    c("and shift", [maps, [16], [16]], ([x, s, b]) => channelAffine(x!, s!, { shift: b! })),
    c("and maps", [maps, [16], [16], maps], ([x, s, b, a]) =>
      channelAffine(x!, s!, { shift: b!, added: a! }),
    ),
    c("maps without shift", [maps, [16], maps], ([x, s, a]) => channelAffine(x!, s!, { added: a! })),
  ],
  "channel-dot": [c("maps", [maps, maps], ([x, y]) => channelDot(x!, y!))],
  "channel-sum": [c("maps", [maps], ([x]) => channelSum(x!))],
  clamp: [c("within", [[3, 4]], ([x]) => clamp(x!, -0.5, 0.5))],
  concat: [
    c(
      "rows",
      [
        [2, 3],
        [4, 3],
      ],
      ([a, b]) => concat([a!, b!], 0),
    ),
    c(
      "columns",
      [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      (all) => concat(all, 1),
    ),
  ],
  conv2d: [
    conv("3×3", maps, [16, 16, 3, 3], { padding: 1 }),
    conv("5×5 over a grey picture", [2, 1, 8, 8], [16, 1, 5, 5], { padding: 2 }),
    conv("3×3 with stride", maps, [16, 16, 3, 3], { padding: 1, stride: 2 }),
    conv("3×3 with stride over odd maps", [2, 16, 7, 7], [16, 16, 3, 3], { padding: 1, stride: 2 }),
    conv("1×1", maps, [32, 16, 1, 1], {}),
    conv("1×1 with stride", maps, [16, 16, 1, 1], { stride: 2 }),
    conv("1×1 with stride over odd maps", [2, 16, 7, 7], [16, 16, 1, 1], { stride: 2 }),
    conv("depthwise", maps, [16, 1, 3, 3], { padding: 1, groups: 16 }),
    conv("depthwise with stride", maps, [16, 1, 3, 3], { padding: 1, groups: 16, stride: 2 }),
    conv("depthwise with stride over odd maps", [2, 16, 7, 7], [16, 1, 3, 3], {
      padding: 1,
      groups: 16,
      stride: 2,
    }),
    conv("depthwise as large as the map", [2, 16, 5, 5], [16, 1, 5, 5], { groups: 16 }),
    conv("groups of two", maps, [16, 2, 3, 3], { padding: 1, groups: 8 }),
    conv("few channels", [2, 3, 6, 6], [5, 3, 3, 3], { padding: 1, stride: 2 }),
    conv("an RGB picture", [2, 3, 8, 8], [16, 3, 3, 3], { padding: 1, stride: 2 }),
    conv("a kernel that is not square", [2, 3, 5, 6], [4, 3, 1, 3], {}),
    conv("over one pixel", [2, 16, 1, 1], [4, 16, 1, 1], {}),
    conv("leaving an edge out", [2, 16, 6, 6], [16, 16, 2, 2], { stride: 4 }),
    conv("3×3 with stride over odd rows", [2, 16, 7, 6], [16, 16, 3, 3], { padding: 1, stride: 2 }),
    conv("3×3 with stride over odd columns", [2, 16, 6, 7], [16, 16, 3, 3], { padding: 1, stride: 2 }),
    conv("leaving a row out, but no column", [2, 3, 6, 5], [5, 3, 3, 3], { stride: 2 }),
  ],
  "conv2d-input-gradient": [
    c("dense", [[2, 16, 3, 3], [16, 16, 3, 3], maps], ([dy, w, x]) =>
      conv2dInputGradient(dy!, w!, geometry(x!, w!.shape, 2, 1)),
    ),
    c("depthwise", [maps, [16, 1, 3, 3], maps], ([dy, w, x]) =>
      conv2dInputGradient(dy!, w!, geometry(x!, w!.shape, 1, 16)),
    ),
  ],
  "conv2d-weight-gradient": [
    c("dense", [maps, [2, 16, 3, 3]], ([x, dy]) =>
      conv2dWeightGradient(x!, dy!, geometry(x!, [16, 16, 3, 3], 2, 1)),
    ),
    c("depthwise", [maps, maps], ([x, dy]) =>
      conv2dWeightGradient(x!, dy!, geometry(x!, [16, 1, 3, 3], 1, 16)),
    ),
  ],
  cos: [c("angles", [[3, 4]], ([x]) => cos(x!))],
  divide: [
    c(
      "by a column",
      [
        [3, 4],
        [3, 1],
      ],
      ([a, b]) => divide(a!, b!),
      { low: 0.5, high: 2 },
    ),
    c("a number", [[3, 4]], ([b]) => divide(2, b!), { low: 0.5, high: 2 }),
  ],
  dropout: [c("nearly nothing", [[3, 4]], ([x]) => dropout(x!, 1e-9, "mask"))],
  equal: [
    c(
      "chooses",
      [
        [3, 4],
        [3, 4],
      ],
      ([a, b]) => where(equal(floor(a!), floor(b!)), a!, b!),
    ),
  ],
  exp: [c("numbers", [[3, 4]], ([x]) => exp(x!))],
  flatten: [c("maps", [maps], ([x]) => flatten(x!))],
  floor: [c("is flat", [[3, 4]], ([x]) => add(floor(x!), x!))],
  "gather-rows": [
    c("with a row twice", [[4, 3]], ([t], labels) => gatherRows(t!, labels), { labels: [2, 0, 2] }),
  ],
  "global-average-pool": [c("maps", [maps], ([x]) => globalAveragePool(x!))],
  greater: [
    c(
      "chooses",
      [
        [3, 4],
        [3, 4],
      ],
      ([a, b]) => where(greater(a!, b!), a!, b!),
    ),
  ],
  "l2-norm": [c("rows", [[3, 4]], ([x]) => l2Norm(x!))],
  "l2-normalize": [c("rows", [[3, 4]], ([x]) => l2Normalize(x!))],
  less: [
    c(
      "chooses",
      [
        [3, 4],
        [3, 4],
      ],
      ([a, b]) => where(less(a!, b!), a!, b!),
    ),
  ],
  linear: [c("with bias", [[3, 4], [5, 4], [5]], ([x, w, b]) => linear(x!, w!, b!))],
  log: [c("above zero", [[3, 4]], ([x]) => log(x!), { low: 0.5, high: 2 })],
  "log-softmax": [c("rows", [[3, 4]], ([x]) => logSoftmax(x!))],
  matmul: [
    c(
      "A·B",
      [
        [3, 4],
        [4, 2],
      ],
      ([a, b]) => matmul(a!, b!),
    ),
    c(
      "Aᵀ·B",
      [
        [4, 3],
        [4, 2],
      ],
      ([a, b]) => matmul(a!, b!, { transposeA: true }),
    ),
    c(
      "A·Bᵀ",
      [
        [3, 4],
        [2, 4],
      ],
      ([a, b]) => matmul(a!, b!, { transposeB: true }),
    ),
    c(
      "Aᵀ·Bᵀ",
      [
        [4, 3],
        [2, 4],
      ],
      ([a, b]) => matmul(a!, b!, { transposeA: true, transposeB: true }),
    ),
  ],
  "max-pool": [
    c("2×2", [maps], ([x]) => maxPool(x!, 2)),
    c("2×2 with an edge left over", [[2, 16, 7, 7]], ([x]) => maxPool(x!, 2)),
    c("2×2 over odd channels", [[2, 3, 7, 7]], ([x]) => maxPool(x!, 2)),
    c("every other pixel", [maps], ([x]) => maxPool(x!, 1, 2)),
    c("every other pixel of odd maps", [[2, 16, 7, 7]], ([x]) => maxPool(x!, 1, 2)),
  ],
  "max-pool-gradient": [
    c(
      "with ties",
      [maps, [2, 16, 3, 3]],
      ([x, dy]) => {
        const steps = floor(multiply(x!, 2));
        return maxPoolGradient(steps, maxPool(steps, 2), dy!, { kernel: 2, stride: 2 });
      },
      { gradient: "none" },
    ),
  ],
  maximum: [c("a row", [[3, 4], [4]], ([a, b]) => maximum(a!, b!))],
  minimum: [c("a row", [[3, 4], [4]], ([a, b]) => minimum(a!, b!))],
  multiply: [
    c(
      "a column",
      [
        [3, 4],
        [3, 1],
      ],
      ([a, b]) => multiply(a!, b!),
    ),
    c("gates over maps", [maps, [2, 16, 1, 1]], ([x, gate]) => multiply(maxPool(x!, 1), sigmoid(gate!))),
    c("gates over blocked maps", [maps, [16, 1, 3, 3], [2, 16, 1, 1]], ([x, w, gate]) =>
      multiply(conv2d(x!, w!, { padding: 1, groups: 16 }), gate!),
    ),
    c("one per channel over blocked maps", [maps, [16, 1, 3, 3], [16, 1, 1]], ([x, w, gate]) =>
      multiply(conv2d(x!, w!, { padding: 1, groups: 16 }), gate!),
    ),
    c("one per column over blocked maps", [maps, [16, 1, 3, 3], [6]], ([x, w, gate]) =>
      multiply(conv2d(x!, w!, { padding: 1, groups: 16 }), gate!),
    ),
  ],
  "multiply-add": [
    c("few", [[3, 4], [], [3, 4]], ([x, f, y]) => multiplyAdd(x!, f!, y!)),
    c(
      "many",
      [
        [64, 512],
        [64, 512],
      ],
      ([x, y]) => multiplyAdd(x!, 0.3, y!),
    ),
  ],
  negate: [c("numbers", [[3, 4]], ([x]) => negate(x!))],
  "one-hot": [
    c("and none", [[3, 4]], ([x], labels) => multiply(x!, oneHot(labels, 4)), { labels: [2, -1, 0] }),
  ],
  pad: [c("both ends", [[3, 4]], ([x]) => pad(x!, 1, 2, 1))],
  "plane-dot": [
    c("maps", [maps, maps], ([x, y]) => planeDot(x!, y!)),
    c(
      "odd channels",
      [
        [2, 3, 4, 4],
        [2, 3, 4, 4],
      ],
      ([x, y]) => planeDot(x!, y!),
    ),
  ],
  "plane-sum": [c("maps", [maps], ([x]) => planeSum(x!))],
  prelu: [
    c("a slope per channel", [maps, [16]], ([x, a]) => prelu(x!, a!)),
    c("one slope for all", [maps, [1]], ([x, a]) => prelu(x!, a!)),
    c("rows", [[3, 4], [4]], ([x, a]) => prelu(x!, a!)),
  ],
  "reduce-max": [
    c("of rows", [[3, 4]], ([x]) => reduceMax(x!, [1])),
    c("of all", [[3, 4]], ([x]) => reduceMax(x!)),
  ],
  "reduce-mean": [c("of columns", [[3, 4]], ([x]) => reduceMean(x!, [0], { keep: true }))],
  "reduce-sum": [
    c("of rows", [[3, 4]], ([x]) => reduceSum(x!, [1])),
    c("of everything blocked", [maps, [16, 1, 3, 3]], ([x, w]) => reduceSum(conv2d(x!, w!, { groups: 16 }))),
  ],
  gate: [
    c("maps behind an operation on blocks", [maps, [16]], ([x, s]) => gate(x!, channelAffine(x!, s!))),
    c("both on blocks", [maps, [16]], ([x, s]) => gate(channelAffine(x!, s!), channelAffine(x!, s!))),
    c(
      "rows",
      [
        [3, 4],
        [3, 4],
      ],
      ([x, y]) => gate(x!, y!),
    ),
  ],
  "negative-part": [
    c("maps behind an operation on blocks", [maps, [16]], ([x, s]) => negativePart(channelAffine(x!, s!))),
    c("both signs", [[3, 4]], ([x]) => negativePart(x!)),
  ],
  relu: [c("both signs", [[3, 4]], ([x]) => relu(x!))],
  reshape: [c("maps to rows", [[2, 3, 4]], ([x]) => reshape(x!, [6, 4]))],
  "scatter-rows": [
    c("with a place twice", [[3, 2]], ([x], labels) => scatterRows(x!, labels, 4), { labels: [2, 0, 2] }),
  ],
  sigmoid: [c("both signs", [[3, 4]], ([x]) => sigmoid(x!))],
  sin: [c("angles", [[3, 4]], ([x]) => sin(x!))],
  slice: [c("the middle", [[3, 5]], ([x]) => slice(x!, 1, 1, 4))],
  "softmax-cross-entropy": [
    c("with a row that does not count", [[3, 4]], ([x], labels) => softmaxCrossEntropy(x!, labels), {
      labels: [2, -1, 0],
    }),
    c("with no row that counts", [[3, 4]], ([x], labels) => softmaxCrossEntropy(x!, labels), {
      labels: [-1, -1, -1],
    }),
  ],
  sqrt: [c("above zero", [[3, 4]], ([x]) => sqrt(x!), { low: 0.5, high: 2 })],
  "stop-gradient": [c("stops", [[3, 4]], ([x]) => stopGradient(x!), { gradient: "stopped" })],
  "straight-through": [
    c(
      "flows where there is nothing to see",
      [
        [3, 4],
        [3, 4],
      ],
      ([a, b]) => straightThrough(add(floor(a!), stopGradient(b!)), b!),
    ),
  ],
  subtract: [c("a row", [[3, 4], [4]], ([a, b]) => subtract(a!, b!))],
  transpose: [c("three axes", [[2, 3, 4]], ([x]) => transpose(x!, [2, 0, 1]))],
  where: [c("with numbers", [[3, 4], [4]], ([x, y]) => where(less(x!, 0), y!, 3))],
};

/** The step of central differences: their error is of its square, so 1e-10 before rounding at 1e-16 / 1e-5. */
const STEP = 1e-5;
/** For analytic gradients in float64 against the differences. */
const DIFFERENCE = 1e-6;
/** Sums of at most a few hundred float32 products in another order. */
const FLOAT32 = 2e-5;

const folder = readdirSync(new URL("./ops", import.meta.url)).map((file) => file.replace(/\.ts$/, ""));
const block = await probeBlockSize();
const forms: readonly (readonly [string, Form])[] = [
  ["plain", { kind: "plain", device: "cpu" }],
  ["plain as for a GPU", { kind: "plain", device: "webgpu" }],
  ...(block ? [["blocked", { kind: "blocked", block }] as const] : []),
];

test("every operation has a case", () => {
  expect(folder.filter((name) => !CASES[name])).toEqual([]);
  expect(Object.keys(CASES).filter((name) => !folder.includes(name))).toEqual([]);
});

describe.each(
  Object.entries(CASES).flatMap(([op, cases]) => cases.map((one) => [op, one.name, one] as const)),
)("%s: %s", (_op, _name, one) => {
  const { tape, loss, operands, given } = recorded(one);
  const found = one.gradient === "none" ? [] : gradients(loss, operands);
  const wanted = [loss, ...found.filter((g) => g !== undefined)];
  const reference = evaluate(tape, wanted, given);

  const differences = (): void => {
    for (const [i, operand] of operands.entries()) {
      const gradient = found[i]
        ? evaluate(tape, [found[i]], given)[0]!
        : new Float64Array(elementCount(operand.shape));
      expect(gradient.length).toBe(elementCount(operand.shape));
      if (one.gradient === "stopped") {
        expect(Math.max(...gradient.map(Math.abs))).toBe(0);
        continue;
      }
      if (one.name === "flows where there is nothing to see") continue;
      for (const at of someOf(gradient.length)) {
        const difference = differenceAt(tape, loss, given, `x${i}`, at);
        expect(Math.abs(gradient[at]! - difference)).toBeLessThan(DIFFERENCE * (1 + Math.abs(difference)));
      }
    }
  };
  if (one.gradient !== "none") test("has the gradient of its differences", differences);

  test.each(forms)("computes the same %s", async (_form, form) => {
    const outputs = Object.fromEntries(wanted.map((value, i) => [`out${i}`, value]));
    const { model, inputs } = compile(tape, outputs, form);
    await using session = await Session.open(encodeOnnx(model));
    const feeds = Object.fromEntries(
      inputs.map(({ name, shape, type }) => [
        name,
        {
          dims: shape,
          data: type === "int" ? Int32Array.from(given[name]!) : Float32Array.from(given[name]!),
        },
      ]),
    );
    const results = await session.run(feeds);
    for (const [i, expected] of reference.entries()) {
      const got = results[`out${i}`]!.data;
      expect(got.length).toBe(expected.length);
      const scale = Math.hypot(...expected) || 1;
      expect(Math.hypot(...expected.map((v, at) => v - got[at]!)) / scale).toBeLessThan(FLOAT32);
    }
  });
});

test.each<[string, (tape: Tape, x: Value) => unknown, string]>([
  ["labels among numbers", (tape, x) => add(x, tape.labels("l", 4)), "add: expected floats, got int [4]"],
  [
    "a row as the factor of all",
    (tape, x) => multiplyAdd(x, tape.input("f", [4]), x),
    "multiply-add: expected a single number as factor, got float [4]",
  ],
  [
    "a sum of two shapes",
    (tape, x) => multiplyAdd(x, 2, tape.input("y", [4])),
    "multiply-add: expected two of one shape, got float [3, 4] and float [4]",
  ],
  ["padding of an axis that is not there", (_, x) => pad(x, 2, 1, 0), "pad: expected floats with an axis 2"],
  ["negative padding", (_, x) => pad(x, 0, -1, 0), "pad: expected floats with an axis 0"],
])("refuses %s", (_what, build, sentence) => {
  const tape = new Tape();
  const x = tape.input("x", [3, 4]);
  const message = expect.stringContaining(sentence);
  expect(() => build(tape, x)).toThrow(expect.objectContaining({ code: "SHAPE", message }));
});

test("a straight-through estimate has the value of the first and the gradient of the second", () => {
  const tape = new Tape();
  const [a, b] = [tape.input("a", [2]), tape.input("b", [2])];
  const loss = reduceSum(multiply(straightThrough(a, b), tape.constant([2], Float32Array.of(3, 5))));
  const [da, db] = gradients(loss, [a, b]);
  expect(da).toBeUndefined();
  const [value, gradient] = evaluate(tape, [loss, db!], { a: [1, 2], b: [7, 8] });
  expect([...value!]).toEqual([13]);
  expect([...gradient!]).toEqual([3, 5]);
});

/** A case on a tape of its own; the loss weighs every element of the result by another number. */
function recorded(one: Case) {
  const tape = new Tape();
  const random = seeded(7);
  const { low = -1, high = 1 } = one;
  const given: Record<string, Float64Array> = {};
  const operands = one.shapes.map((shape, i) => {
    // float32 numbers, so that both sides begin with the same.
    given[`x${i}`] = Float64Array.from({ length: elementCount(shape) }, () =>
      Math.fround(low + (high - low) * random.next()),
    );
    return tape.input(`x${i}`, shape);
  });
  const labels = tape.labels("labels", one.labels?.length ?? 1);
  given["labels"] = Float64Array.from(one.labels ?? [0]);
  const y = one.build(operands, labels);
  for (const { name, shape, drawn } of tape.inputs)
    if (drawn) given[name] = new Float64Array(elementCount(shape)).fill(1);
  const weights = Float32Array.from({ length: elementCount(y.shape) }, () => 0.5 + random.next());
  const weighted = multiply(multiply(y, y), tape.constant(y.shape, weights));
  return { tape, loss: reduceSum(add(weighted, y)), operands, given };
}

function differenceAt(
  tape: Tape,
  loss: Value,
  given: Readonly<Record<string, Float64Array>>,
  name: string,
  at: number,
): number {
  const moved = [-STEP, STEP].map((step) => {
    const values = Float64Array.from(given[name]!);
    values[at] = values[at]! + step;
    return evaluate(tape, [loss], { ...given, [name]: values })[0]![0]!;
  });
  return (moved[1]! - moved[0]!) / (2 * STEP);
}

/** Up to twelve places spread over a tensor. */
function someOf(length: number): number[] {
  const count = Math.min(length, 12);
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
}
