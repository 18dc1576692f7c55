import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesSource, encodeCheckpoint, floatTensorOf, memoryTensor } from "../src/checkpoints/index.ts";
import { readZip, writeZip } from "../src/checkpoints/zip/index.ts";
import { BUILT_IN_CARDS, readOwnModel } from "../src/models/index.ts";
import { networkById, parametersOf } from "../src/networks/index.ts";
import { formulaWeights } from "./formula-weights.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

let folder: string;
/** Weights of a MobileFaceNet under `model`, and again under `ema`. */
let averaged: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "arcface-under-"));
  averaged = join(folder, "averaged.pth");
  writeFileSync(averaged, twice(["model", "ema"]));
  writeFileSync(join(folder, "twins.pth"), twice(["student", "teacher"]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTRACT = { channels: "RGB", mean: [127.5], scale: [127.5] };

describe("--under", () => {
  test("inspect takes the weights that are asked for, and says where others lie", async () => {
    const usual = await arcface(["inspect", averaged]);
    expect(usual.out).toMatch(/^under {7}model$/m);
    expect(usual.out).toMatch(/^elsewhere {3}ema \(--under takes one\)$/m);
    const other = await arcface(["inspect", averaged, "--under", "ema", "--json"]);
    expect(JSON.parse(other.out)).toMatchObject({ under: ["ema"], network: { id: "mobilefacenet" } });
    const none = await arcface(["inspect", averaged, "--under", "swa"]);
    expect([none.code, none.err]).toEqual([
      3,
      expect.stringMatching(/averaged\.pth: .*expected tensors under "swa", got them under model, ema\n$/),
    ]);
  });

  test("a file of two networks with no usual name is not guessed at", async () => {
    const { code, err } = await arcface(["inspect", join(folder, "twins.pth")]);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /expected one network, got several of 333 tensors, under student, teacher: choose with/,
      ),
    ]);
  });

  test("weights of another place are another model: their vectors are not compared with the first's", async () => {
    const [usual, ema] = [
      await readOwnModel(averaged, BUILT_IN_CARDS, CONTRACT),
      await readOwnModel(averaged, BUILT_IN_CARDS, { ...CONTRACT, under: "ema" }),
    ];
    expect(usual.id).toMatch(/^averaged\.pth@[0-9a-f]{12}$/);
    expect(ema.id).toMatch(/^averaged\.pth:ema@[0-9a-f]{12}$/);
    expect(ema.file.sha256).not.toBe(usual.file.sha256);
  });

  test("convert writes the weights that are asked for", async () => {
    const out = join(folder, "ema.safetensors");
    const { code, out: text } = await arcface([
      "convert",
      averaged,
      "--under",
      "ema",
      "--out",
      out,
      "--json",
    ]);
    expect([code, JSON.parse(text)]).toEqual([0, expect.objectContaining({ network: "mobilefacenet" })]);
  });

  test("a format without places is not read as if nothing had been asked for", async () => {
    const plain = join(folder, "plain.safetensors");
    await arcface(["convert", averaged, "--out", plain]);
    for (const command of ["inspect", "convert"]) {
      const args = [
        command,
        plain,
        "--under",
        "ema",
        ...(command === "convert" ? ["--out", join(folder, "y.pth")] : []),
      ];
      const { code, err } = await arcface(args);
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(
          /plain\.safetensors: expected a PyTorch file for weights under ema, got one of format safetensors/,
        ),
      ]);
    }
  });

  test("a graph has no places", async () => {
    const graph = join(folder, "graph.onnx");
    await arcface(["convert", averaged, "--out", graph]);
    const { code, err } = await arcface([
      "convert",
      graph,
      "--under",
      "ema",
      "--out",
      join(folder, "x.onnx"),
    ]);
    expect([code, err]).toEqual([2, expect.stringMatching(/expected weights for --under ema, got a graph/)]);
  });
});

/** A PyTorch file with one network's weights under each of two names. */
function twice(places: readonly string[]): Buffer {
  const network = networkById("mobilefacenet")!;
  const weights = formulaWeights(network);
  const tensors = parametersOf(network).map(({ name, shape, role }) =>
    role === "count"
      ? memoryTensor(name, "int64", [], new Uint8Array(8))
      : floatTensorOf(name, shape, weights.get(name)!.floats()),
  );
  const flat = Buffer.concat([...encodeCheckpoint("pytorch-zip", tensors)]);
  const parts = [...readZip(bytesSource(flat)).values()].map(({ name, offset, size }) => ({
    name,
    bytes: () => flat.subarray(offset, offset + size),
  }));
  const nested = parts.map((part) =>
    part.name.endsWith("data.pkl") ? { ...part, bytes: () => nest(part.bytes(), places) } : part,
  );
  return Buffer.concat([...writeZip(nested)]);
}

/** A pickle of a dictionary that holds what another pickle says under each of some names. */
function nest(pickle: Buffer, places: readonly string[]): Buffer {
  const value = pickle.subarray(2, pickle.length - 1);
  const items = places.flatMap((name) => [
    Buffer.from(`X${String.fromCharCode(name.length)}\0\0\0${name}`),
    value,
    Buffer.from("s"),
  ]);
  return Buffer.concat([pickle.subarray(0, 2), Buffer.from("}"), ...items, Buffer.from(".")]);
}
