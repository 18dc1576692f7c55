import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formulaNoise } from "../../../../test/formula-weights.ts";
import { compile, evaluate, type Form, probeBlockSize, type Slot, Tape } from "../../../autodiff/index.ts";
import { StateSession } from "../../../onnx/index.ts";
import { adamW, clipped, lars, type Optimiser, sgd } from "./index.ts";
import { decayOf } from "./optimiser.ts";

/** A weight of six and a norm's scale of two after each step, by PyTorch: tools/make-training-fixtures.py. */
const FIXTURES = JSON.parse(
  readFileSync(new URL("../fixtures/optimisers.json", import.meta.url), "utf8"),
) as Readonly<Record<string, readonly (readonly number[])[]>>;

const STEPS = 5;
/** A few float32 roundings of numbers around 1. */
const DIGITS = 6;

const block = await probeBlockSize();
const forms: readonly (readonly [string, Form])[] = [
  ["plain", { kind: "plain", device: "cpu" }],
  ...(block ? [["blocked", { kind: "blocked", block }] as const] : []),
];

const OPTIMISERS: readonly (readonly [string, Optimiser, number?])[] = [
  ["sgd", sgd({ momentum: 0.9, weightDecay: 0.05 })],
  ["sgd without momentum", sgd({ momentum: 0, weightDecay: 0.05 })],
  ["nesterov", sgd({ momentum: 0.9, weightDecay: 0.05, nesterov: true })],
  ["adamw", adamW({ weightDecay: 0.05 })],
  ["clipped", sgd({ momentum: 0.9, weightDecay: 0.05 }), 0.5],
];

test.each(
  OPTIMISERS.flatMap(([name, optimiser, clip]) =>
    forms.map(([how, form]) => [name, how, optimiser, form, clip] as const),
  ),
)("%s moves as PyTorch's does, %s", async (name, _how, optimiser, form, clip) => {
  const rows = await moved(optimiser, form, clip);
  for (const [step, wanted] of FIXTURES[name]!.entries())
    for (const [i, value] of wanted.entries()) expect(rows[step]![i]).toBeCloseTo(value, DIGITS);
});

test.each(forms)(
  "lars moves a weight by a share of its length, and a norm as plain descent does, %s",
  async (_name, form) => {
    const options = { momentum: 0.9, weightDecay: 0.05, trust: 0.02 };
    const rows = await moved(lars(options), form);
    // The formula of the docstring, in doubles.
    const weight = Float64Array.from(formulaNoise("weight", 6));
    const scale = Float64Array.from(formulaNoise("scale", 2, (u) => 1 + u / 10));
    const memories = [new Float64Array(6), new Float64Array(2)];
    for (let step = 0; step < STEPS; step++) {
      const rate = 0.1 / (1 + step);
      for (const [which, values] of [weight, scale].entries()) {
        const decay = which === 0 ? options.weightDecay : 0;
        const g = formulaNoise(`${which === 0 ? "weight" : "scale"} gradient ${step}`, values.length);
        const [wLength, gLength] = [Math.hypot(...values), Math.hypot(...g)];
        const local = which === 0 ? (options.trust * wLength) / (gLength + decay * wLength) : 1;
        const memory = memories[which]!;
        for (const [i, value] of values.entries()) {
          memory[i] = options.momentum * memory[i]! + rate * local * (g[i]! + decay * value);
          values[i] = value - memory[i]!;
        }
      }
      for (const [i, value] of [...weight, ...scale].entries())
        expect(rows[step]![i]).toBeCloseTo(value, DIGITS);
    }
  },
);

test("large tensors move as small ones do", () => {
  // Beyond the size from which the blocked form updates them under another view.
  const tape = new Tape();
  const shape = [256, 256];
  const data = formulaNoise("large", 256 * 256);
  const value = tape.parameter("large", shape, () => data);
  const gradient = tape.constant(shape, data);
  const rate = tape.input("rate", []);
  sgd({ weightDecay: 0.1 }).update(tape, [{ parameter: tape.slots[0]!, gradient }], rate);
  const [next] = evaluate(tape, [tape.assignments.get(value)!], { rate: [0.5] });
  expect(next![7]).toBeCloseTo(data[7]! * (1 - 0.5 * 1.1), 6);
});

/** The two parameters after each step; gradients and rates as the fixture's. */
async function moved(optimiser: Optimiser, form: Form, clip?: number): Promise<number[][]> {
  const tape = new Tape();
  tape.parameter("weight", [6], () => formulaNoise("weight", 6));
  tape.parameter("scale", [2], () => formulaNoise("scale", 2, (u) => 1 + u / 10), { role: "scale" });
  const given = [tape.input("weight gradient", [6]), tape.input("scale gradient", [2])];
  const rate = tape.input("rate", []);
  const trained = tape.slots.map((parameter, i) => ({ parameter, gradient: given[i]! }));
  optimiser.update(tape, clip === undefined ? trained : clipped(trained, clip).trained, rate);
  const graph = compile(tape, {}, form);
  const carried = graph.slots.map(({ input, output, value, initial, toGraph }) => ({
    input,
    dims: value.shape,
    data: toGraph(initial()),
    ...(output !== undefined && { output }),
  }));
  await using session = await StateSession.open(graph.model, carried);
  const rows: number[][] = [];
  for (let step = 0; step < STEPS; step++) {
    await session.run({
      "weight gradient": { dims: [6], data: formulaNoise(`weight gradient ${step}`, 6) },
      "scale gradient": { dims: [2], data: formulaNoise(`scale gradient ${step}`, 2) },
      rate: { dims: [], data: Float32Array.of(0.1 / (1 + step)) },
    });
    const state = await session.read();
    rows.push([...state.get("weight")!, ...state.get("scale")!]);
  }
  return rows;
}

test("weights decay, biases unless they are told not to, and scales, shifts and slopes never", () => {
  const decays = (options: Parameters<typeof decayOf>[1]): number[] =>
    ["weight", "bias", "scale", "shift", "slope"].map((role) => decayOf({ role } as Slot, options));
  expect(decays({ weightDecay: 0.5 })).toEqual([0.5, 0.5, 0, 0, 0]);
  expect(decays({ weightDecay: 0.5, decayBias: false })).toEqual([0.5, 0, 0, 0, 0]);
  expect(decays({})).toEqual([0, 0, 0, 0, 0]);
});
