import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  bytesSource,
  encodeCheckpoint,
  memoryTensor,
  openCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from "../src/checkpoints/index.ts";
import { elementCount, seeded } from "../src/core/index.ts";
import {
  identifyNetwork,
  initialise,
  networkById,
  ONNX_INPUT,
  ONNX_OUTPUT,
  parametersOf,
  toOnnx,
} from "../src/networks/index.ts";
import { encodeOnnx, type FloatTensor, Session } from "../src/onnx/index.ts";
import { formulaNoise } from "./formula-weights.ts";
import { sharedFile } from "./shared-files.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-journey-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a checkpoint's way to an embedding", () => {
  const pth = sharedFile("models/mobilefacenet.pt");
  const onnx = sharedFile("models/MobileFaceNet.onnx");

  test.skipIf(!pth || !onnx)(
    "mobilefacenet.pt gives the embeddings of its authors' own ONNX file (needs ../shared/models)",
    async () => {
      using checkpoint = openCheckpoint(pth!);
      const found = identifyNetwork(shapesOf(checkpoint.tensors));
      expect(found).toMatchObject({ kind: "known", prefix: "", unused: [] });
      if (found.kind !== "known") return;
      expect(found.network).toMatchObject({
        id: "mobilefacenet-foamliu",
        embedding: 128,
        input: [3, 112, 112],
      });
      const ours = await run(encodeOnnx(toOnnx(found.network, checkpoint.tensors)), 2);
      const theirs = await run(readFileSync(onnx!), 2);
      expect(ours.dims).toEqual([2, 128]);
      for (let row = 0; row < 2; row++) {
        const rows = [ours, theirs].map(({ data }) => data.slice(128 * row, 128 * (row + 1)));
        expect(cosine(rows[0]!, rows[1]!)).toBeGreaterThan(0.9999);
      }
    },
  );

  test.each(["pytorch-zip", "safetensors"] as const)(
    "a trained network comes back from %s recognised and whole",
    (format) => {
      const network = networkById("mobilefacenet")!;
      const drawn = initialise(network, seeded(7));
      const tensors = parametersOf(network).map(({ name, shape, role }) => {
        const values = drawn.get(name);
        return role === "count" || !values
          ? memoryTensor(name, "int64", [], new Uint8Array(8))
          : memoryTensor(name, "float32", shape, new Uint8Array(values.buffer));
      });
      const bytes = Buffer.concat([...encodeCheckpoint(format, tensors)]);
      using checkpoint = readCheckpoint(bytesSource(bytes));
      expect(identifyNetwork(shapesOf(checkpoint.tensors))).toMatchObject({
        kind: "known",
        network: { id: network.id },
      });
      for (const [name, values] of drawn) {
        const same = Buffer.from(values.buffer).equals(checkpoint.tensors.get(name)!.bytes());
        expect(same, name).toBe(true);
      }
    },
  );

  test("a checkpoint of 175 MB is opened at once and read within two seconds", { timeout: 60_000 }, () => {
    const network = networkById("ir-se-50")!;
    const tensors = parametersOf(network).map(({ name, shape, role }) => {
      const count = elementCount(shape);
      return role === "count"
        ? memoryTensor(name, "int64", [], new Uint8Array(8))
        : memoryTensor(name, "float32", shape, new Uint8Array(4 * count));
    });
    const path = join(folder, "large.pth");
    writeCheckpoint(path, "pytorch-zip", tensors);
    const start = performance.now();
    using checkpoint = openCheckpoint(path);
    const opened = performance.now() - start;
    let floats = 0;
    for (const tensor of checkpoint.tensors.values()) floats += tensor.floats().length;
    const read = performance.now() - start;
    expect(floats).toBe(43_797_696 + 26_368 + 54);
    expect(opened).toBeLessThan(500);
    expect(read).toBeLessThan(2_000);
  });
});

function shapesOf(tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>) {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

/** The only output for `count` made-up pictures. */
async function run(model: Uint8Array, count: number): Promise<FloatTensor> {
  await using session = await Session.open(model);
  const data = formulaNoise("pictures", count * 3 * 112 * 112);
  const [input = ONNX_INPUT] = session.inputs;
  const [output = ONNX_OUTPUT] = session.outputs;
  const rows: FloatTensor[] = [];
  // The authors' file takes one picture at a time.
  for (let i = 0; i < count; i++) {
    const picture = data.slice(i * 37_632, (i + 1) * 37_632);
    rows.push((await session.run({ [input]: { dims: [1, 3, 112, 112], data: picture } }))[output]!);
  }
  const width = rows[0]!.data.length;
  const all = new Float32Array(count * width);
  for (const [i, row] of rows.entries()) all.set(row.data, i * width);
  return { dims: [count, width], data: all };
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}
