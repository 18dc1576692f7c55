import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formulaNoise, formulaWeights } from "../../test/formula-weights.ts";
import { elementCount } from "../core/index.ts";
import { encodeOnnx, Session } from "../onnx/index.ts";
import {
  knownNetworks,
  type Network,
  networkById,
  ONNX_INPUT,
  ONNX_OUTPUT,
  type OnnxOptions,
  parametersOf,
  toOnnx,
} from "./index.ts";
import { flatten, l2Norm, linear, sequence } from "./layer.ts";

/** Values that PyTorch computed: tools/make-network-fixtures.py. */
interface Fixture {
  readonly tensors: number;
  readonly names: string;
  readonly embedding: readonly number[];
}

/** Sums of tens of thousands of float32 products in another order; folding rounds the weights once more. */
const RELATIVE = 1e-4;
const COSINE = 0.999_999;

describe.each(knownNetworks())("$id", (network) => {
  const fixture = readFixture(network.id);

  test("has the tensors of the reference code, by name and shape", () => {
    const lines = parametersOf(network).map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
    expect(lines).toHaveLength(fixture.tensors);
    // The same order as Python's sort, by code point.
    const digest = createHash("sha256").update(lines.sort().join("\n")).digest("hex");
    expect(digest).toBe(fixture.names);
  });

  test("computes what PyTorch computes", { timeout: 120_000 }, async () => {
    const [embedding] = await embed(network, 1);
    expectParity(embedding!, fixture.embedding);
  });
});

describe("toOnnx", () => {
  const small = networkById("mobilefacenet")!;
  const wanted = readFixture("mobilefacenet").embedding;

  test.each<[string, OnnxOptions]>([
    ["batch norms as operations", { foldBatchNorm: false }],
    ["PReLU as one operation", { prelu: "plain" }],
    ["both", { foldBatchNorm: false, prelu: "plain" }],
    ["a fixed batch", { batch: 1 }],
  ])("computes the same with %s", async (_what, options) => {
    const [embedding] = await embed(small, 1, options);
    expectParity(embedding!, wanted);
  });

  test.each(["ir-se-50", "iresnet-18"])(
    "computes what PyTorch computes for %s with Winograd's convolutions",
    async (id) => {
      const network = networkById(id)!;
      const [embedding] = await embed(network, 1, { convolution: "winograd" });
      expectParity(embedding!, readFixture(id).embedding);
      const model = toOnnx(network, formulaWeights(network), { convolution: "winograd" });
      const direct = model.nodes.filter((node) => {
        const shape = node.attributes["kernel_shape"];
        return shape?.kind === "ints" && shape.value.join() === "3,3";
      });
      // The first convolution has three channels; the others left have a stride or a map of odd size.
      expect(direct.length).toBe(id === "ir-se-50" ? 9 : 7);
    },
  );

  test("merges every batch norm of a MobileFaceNet, and of an IR-SE-50 all but those in front of padding", () => {
    const count = (network: Network): number =>
      toOnnx(network, formulaWeights(network)).nodes.filter((node) => node.op === "BatchNormalization")
        .length;
    expect(count(small)).toBe(0);
    expect(count(networkById("ir-se-50")!)).toBe(24);
  });

  test("takes any number of pictures at once", async () => {
    const rows = await embed(small, 3);
    const [alone] = await embed(small, 1);
    expect(rows).toHaveLength(3);
    expectParity(rows[0]!, [...alone!]);
    expect(cosine(rows[1]!, rows[0]!)).toBeLessThan(0.9999);
  });

  test("normalises on request, in place of what the reference code does", async () => {
    const [raw] = await embed(small, 1, { normalize: false });
    expect(Math.hypot(...raw!)).not.toBeCloseTo(1, 2);
    expect(cosine(raw!, wanted)).toBeGreaterThan(COSINE);
    const [unit] = await embed(networkById("mbf")!, 1, { normalize: true });
    expect(Math.hypot(...unit!)).toBeCloseTo(1, 5);
  });

  test("normalises inside a network, whatever is asked of its end", async () => {
    const network: Network = {
      ...networkById("lenet++")!,
      input: [1, 2, 1],
      embedding: 2,
      layer: sequence(["", flatten], ["", l2Norm], ["fc", linear(2, 2, { bias: false })]),
    };
    const weights = new Map([["fc.weight", { shape: [2, 2], floats: () => Float32Array.of(2, 0, 0, 1) }]]);
    await using session = await Session.open(encodeOnnx(toOnnx(network, weights)));
    const picture = { dims: [1, 1, 2, 1], data: Float32Array.of(3, 4) };
    const { data } = (await session.run({ [ONNX_INPUT]: picture }))[ONNX_OUTPUT]!;
    expect(data[0]).toBeCloseTo(1.2, 6);
    expect(data[1]).toBeCloseTo(0.8, 6);
  });

  test("stores weights as halves in half the bytes, for nearly the same embedding", async () => {
    const whole = encodeOnnx(toOnnx(small, formulaWeights(small)));
    const half = encodeOnnx(toOnnx(small, formulaWeights(small), { precision: "float16" }));
    expect(half.length).toBeLessThan(0.57 * whole.length);
    const [embedding] = await embed(small, 1, { precision: "float16" });
    expect(cosine(embedding!, wanted)).toBeGreaterThan(0.9999);
  });

  test("names the weights that are missing or of another shape", () => {
    const weights = new Map(formulaWeights(small));
    weights.delete("linear.weight");
    weights.set("bn.weight", { shape: [511], floats: () => new Float32Array(511) });
    expect(() => toOnnx(small, weights)).toThrow(/no linear\.weight, bn\.weight of \[511\] for \[512\]/);
  });
});

function readFixture(id: string): Fixture {
  return JSON.parse(readFileSync(new URL(`./fixtures/${id}.json`, import.meta.url), "utf8")) as Fixture;
}

/** Embeddings of `count` pictures: the fixture's, then others. */
async function embed(network: Network, count: number, options?: OnnxOptions): Promise<Float32Array[]> {
  const model = encodeOnnx(toOnnx(network, formulaWeights(network), options));
  const pixels = elementCount(network.input);
  const data = new Float32Array(count * pixels);
  for (let i = 0; i < count; i++)
    data.set(formulaNoise(i === 0 ? "input" : `input ${i}`, pixels), i * pixels);
  await using session = await Session.open(model);
  const result = await session.run({ [ONNX_INPUT]: { dims: [count, ...network.input], data } });
  const { dims, data: rows } = result[ONNX_OUTPUT]!;
  expect(dims).toEqual([count, network.embedding]);
  return Array.from({ length: count }, (_, i) =>
    rows.slice(i * network.embedding, (i + 1) * network.embedding),
  );
}

function expectParity(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  const distance = Math.hypot(...wanted.map((value, i) => value - got[i]!));
  expect(distance / Math.hypot(...wanted)).toBeLessThan(RELATIVE);
  expect(cosine(got, wanted)).toBeGreaterThanOrEqual(COSINE);
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const rows = Array.from(a, (value, i) => [value, b[i]!] as const);
  const dot = rows.reduce((sum, [x, y]) => sum + x * y, 0);
  return dot / (Math.hypot(...Array.from(a)) * Math.hypot(...Array.from(b)));
}
