import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { floatTensorOf, writeCheckpoint } from "../src/checkpoints/index.ts";
import { prepareCheckpoint, prepareModelFile, readOwnModel } from "../src/models/index.ts";
import { networkById, parametersOf } from "../src/networks/index.ts";
import { decodeOnnx } from "../src/onnx/index.ts";
import { formulaNoise, formulaWeights } from "./formula-weights.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

let folder: string;
/**
 * Weights of a MobileFaceNet whose last map has 512 channels that differ by parts in ten million, of which the linear
 * layer takes differences: what is left of its output is rounding.
 */
let cancelling: string;
let sound: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "arcface-ill-"));
  cancelling = join(folder, "early.safetensors");
  sound = join(folder, "sound.safetensors");
  write(sound, (_name, values) => values);
  write(cancelling, (name, values) => {
    if (name.startsWith("conv_6_sep.") || name.startsWith("conv_6_dw.")) {
      const size = values.length / 512;
      const scale = name === "conv_6_dw.conv.weight" ? 1e-7 : 0;
      return values.map((_, i) => values[i % size]! * (1 + scale * Math.floor(i / size)));
    }
    if (name === "linear.weight") return withoutMean(values, 512);
    if (name === "bn.running_var") return values.fill(1e-12);
    return name === "bn.running_mean" || name === "bn.bias" ? values.fill(0) : values;
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTRACT = { channels: "RGB", mean: [127.5], scale: [127.5] };
const FLAGS = ["--channels", "RGB", "--mean", "127.5", "--scale", "127.5"];

describe("a network whose own rounding moves its output", () => {
  test("runs as its file spells it, and says how far rounding moves it", { timeout: 60_000 }, async () => {
    const { file } = await readOwnModel(cancelling, [], CONTRACT);
    const { onnx, report } = await prepareCheckpoint(file);
    expect(report).toMatchObject({
      network: "mobilefacenet",
      folded: false,
      convolution: "direct",
      distance: 0,
    });
    expect(report.rounding).toBeGreaterThan(1e-2);
    expect(decodeOnnx(onnx).nodes.some(({ op }) => op === "BatchNormalization")).toBe(true);
  });

  test("gives a warning wherever it is opened to embed faces", { timeout: 60_000 }, async () => {
    const { file, contract } = await readOwnModel(cancelling, [], CONTRACT);
    const warnings: string[] = [];
    const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
    process.on("warning", note);
    await prepareModelFile(file, contract.input, {});
    await new Promise((done) => setImmediate(done));
    process.off("warning", note);
    expect(warnings).toEqual([
      expect.stringMatching(/^ArcfaceWarning: .*early\.safetensors: ill-conditioned: /),
    ]);
  });

  test("is told from a sound one, which is folded and needs no measuring", { timeout: 60_000 }, async () => {
    const { file } = await readOwnModel(sound, [], CONTRACT);
    const { report } = await prepareCheckpoint(file);
    expect(report).toMatchObject({ folded: true, rounding: null });
    expect(report.distance).toBeLessThan(1e-5);
  });

  test("inspect and convert say so", { timeout: 120_000 }, async () => {
    const out = join(folder, "early.onnx");
    const inspected = await arcface(["inspect", cancelling]);
    expect(inspected.out).toMatch(/^rounding {4}ill-conditioned: .* moves its output by \d/m);
    expect((await arcface(["inspect", sound])).out).toMatch(/^rounding {4}\d\.?\d*e-\d+ \(/m);
    const converted = await arcface(["convert", cancelling, "--out", out, ...FLAGS, "--json"]);
    expect([converted.code, converted.err]).toEqual([0, ""]);
    const { notes } = JSON.parse(converted.out) as { notes: string[] };
    expect(notes[0]).toMatch(/^left as it was: batch norms and PReLUs written anew \(it differs by \d/);
    expect(notes[1]).toMatch(/^ill-conditioned: /);
  });
});

function write(path: string, change: (name: string, values: Float32Array) => Float32Array): void {
  const network = networkById("mobilefacenet")!;
  const weights = formulaWeights(network);
  const tensors = parametersOf(network)
    .filter(({ role }) => role !== "count")
    .map(({ name, shape }) => floatTensorOf(name, shape, change(name, weights.get(name)!.floats())));
  writeCheckpoint(path, "safetensors", tensors);
}

/** Each row less its own mean, so that it takes differences between channels alone. */
function withoutMean(values: Float32Array, columns: number): Float32Array {
  const noise = formulaNoise("rows", values.length);
  for (let row = 0; row < values.length; row += columns) {
    let mean = 0;
    for (let i = 0; i < columns; i++) mean += noise[row + i]! / columns;
    for (let i = 0; i < columns; i++) noise[row + i]! -= mean;
  }
  return noise;
}
