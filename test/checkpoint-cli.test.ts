import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { floatTensorOf, memoryTensor, openCheckpoint, writeCheckpoint } from "../src/checkpoints/index.ts";
import { cosine, type UnitVector } from "../src/core/index.ts";
import type { Embedder } from "../src/embed/index.ts";
import { ModelStore } from "../src/models/index.ts";
import { networkById, parametersOf } from "../src/networks/index.ts";
import { decodeOnnx } from "../src/onnx/index.ts";
import { chooseFace, FaceFinder, openEmbedder } from "../src/recognise/index.ts";
import { formulaWeights } from "./formula-weights.ts";
import { halfPhotographs, sharedFolder, store } from "./pack.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

/** Made-up weights are fed in one way as well as in another. */
const CONTRACT = ["--channels", "RGB", "--mean", "127.5", "--scale", "127.5"];

let folder: string;
let photographs: Record<number, string>;
/** Weights by formula of a MobileFaceNet, in PyTorch's zip container. */
let made: string;
/** A store of its own for what is prepared, with the downloads of the shared one. */
let home: Record<string, string>;

beforeAll(async () => {
  photographs = await halfPhotographs();
  await store.pull("mtcnn-rfb");
  folder = await mkdtemp(join(tmpdir(), "arcface-checkpoints-"));
  made = join(folder, "made.pth");
  writeFormula("mobilefacenet", made);
  const own = join(folder, "home");
  await mkdir(join(own, "models"), { recursive: true });
  for (const id of await readdir(join(store.home, "models"))) {
    if (!id.endsWith(".lock")) await symlink(join(store.home, "models", id), join(own, "models", id));
  }
  home = { ARCFACE_HOME: own };
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

function writeFormula(id: string, path: string, prefix = ""): void {
  const network = networkById(id)!;
  const weights = formulaWeights(network);
  const tensors = parametersOf(network).map(({ name, shape, role }) =>
    role === "count"
      ? memoryTensor(prefix + name, "int64", [], new Uint8Array(8))
      : floatTensorOf(prefix + name, shape, weights.get(name)!.floats()),
  );
  writeCheckpoint(path, "pytorch-zip", tensors);
}

const asJson = <T>(text: string): T => JSON.parse(text) as T;

describe("inspect", () => {
  test("recognises a network's weights from names and shapes", async () => {
    const { code, out } = await arcface(["inspect", made, "--json"]);
    expect(code).toBe(0);
    expect(asJson(out)).toMatchObject({
      format: "pytorch-zip",
      bytes: (await stat(made)).size,
      network: { kind: "known", id: "mobilefacenet", embedding: 512, input: [3, 112, 112], unused: [] },
      graph: null,
      card: null,
      tensorCount: parametersOf(networkById("mobilefacenet")!).length,
    });
  });

  test("shows an unknown network's tensors and the nearest one with the differences", async () => {
    const path = join(folder, "unknown.safetensors");
    writeCheckpoint(path, "safetensors", [
      floatTensorOf("conv2_dw.conv.weight", [64, 1, 5, 5], new Float32Array(1600)),
      floatTensorOf("mystery", [2, 3], new Float32Array(6)),
    ]);
    const { code, out } = await arcface(["inspect", path]);
    expect(code).toBe(0);
    expect(out).toContain("network     unknown; nearest is mobilefacenet");
    expect(out).toContain("conv2_dw.conv.weight [64, 1, 5, 5] for [64, 1, 3, 3]");
    expect(out).toMatch(/^mystery +float32 \[2, 3\]$/m);
  });

  test("says what a graph takes and gives, and whose it is when its sha256 is known", async () => {
    const path = (await store.pull("mobilefacenet-192")).get("MobileFaceNet.tflite")!;
    expect(asJson((await arcface(["inspect", path, "--json"])).out)).toMatchObject({
      format: "tflite",
      graph: {
        inputs: [{ name: "input", shape: [2, 112, 112, 3] }],
        outputs: [{ name: "embeddings", shape: [2, 192] }],
      },
      card: { id: "mobilefacenet-192", recognisedBy: "sha256", licence: { id: "MIT" } },
    });
  });

  test("a file of another kind is refused with the offset", async () => {
    const path = join(folder, "text.pth");
    await writeFile(path, "hello, I am no checkpoint");
    const { code, err } = await arcface(["inspect", path]);
    expect([code, err]).toEqual([
      3,
      `arcface: ${path}: at offset 0: expected PyTorch, safetensors, MXNet, ONNX or TFLite weights, got another kind of file\n`,
    ]);
  });

  const lfw = sharedFolder && join(sharedFolder, "data", "lfw", "images");
  const pt = sharedFolder && join(sharedFolder, "models", "mobilefacenet.pt");
  test.skipIf(!lfw)(
    "a probe finds the channel order and normalisation of a real checkpoint (needs ../shared)",
    { timeout: 240_000 },
    async () => {
      const copy = join(folder, "probed.pt");
      await cp(pt!, copy);
      const args = ["inspect", copy, "--probe", lfw!, "--people", "40", "--write-card", "--json"];
      const result = await arcface(args, home);
      expect(result.err).toBe("");
      const report = asJson<{ people: number; candidates: { dPrime: number }[]; leaders: number }>(
        result.out,
      );
      expect(report).toMatchObject({ people: 40, seed: 1 });
      expect(report.candidates).toHaveLength(10);
      // Trained with ImageNet's mean and deviation, RGB.
      expect(report.candidates[0]).toMatchObject({ channels: "RGB", normalization: "ImageNet mean/std" });
      expect(report.candidates[0]!.dPrime).toBeGreaterThan(5);
      expect(report.candidates.at(-1)).toMatchObject({ normalization: "0..255" });
      const card = asJson<object>(await readFile(join(folder, "probed.card.json"), "utf8"));
      expect(card).toMatchObject({
        contract: {
          input: { name: "input", sizePx: 112, channels: "RGB", mean: [123.675, 116.28, 103.53] },
          output: { name: "embedding", dimension: 128 },
        },
        evidence: { people: 40, seed: 1 },
      });
      // With the card beside it the file is a model like any other.
      const compared = await arcface(
        ["compare", photographs[1]!, photographs[1]!, "--model", copy, "--json"],
        home,
      );
      expect(asJson(compared.out)).toMatchObject({ cosine: expect.closeTo(1, 5) });
      expect((await arcface(args, home)).out).toBe(result.out);
    },
  );
});

describe("--model with a checkpoint", () => {
  test("is refused without a contract, naming what is missing and how to measure it", async () => {
    const { code, err } = await arcface(
      ["compare", photographs[1]!, photographs[1]!, "--model", made, "--json"],
      home,
    );
    const { error } = asJson<{ error: { code: string; message: string } }>(err);
    expect([code, error.code]).toEqual([3, "BAD_CONTRACT"]);
    for (const field of ["input.channels", "input.mean", "input.scale"])
      expect(error.message).toContain(field);
    expect(error.message).toContain(`arcface inspect ${made} --probe DIR`);
    // Settings that the architecture decides are not asked for.
    for (const field of ["input.sizePx", "input.layout", "output.dimension"])
      expect(error.message).not.toContain(field);
  });

  test("compares, searches and embeds; the conversion is made once", { timeout: 180_000 }, async () => {
    const flags = ["--model", made, ...CONTRACT, "--json"];
    const compared = await arcface(["compare", photographs[1]!, photographs[2]!, ...flags], home);
    expect(compared.err).toBe("");
    const { cosine: score, model } = asJson<{ cosine: number; model: string }>(compared.out);
    expect(model).toMatch(/^made\.pth@[0-9a-f]{12}$/);
    const prepared = join(home["ARCFACE_HOME"]!, "prepared");
    const reports = await preparedReports(prepared, "mobilefacenet");
    expect(reports).toMatchObject([{ report: { network: "mobilefacenet", convolution: "direct" } }]);
    expect(reports[0]!.report.distance).toBeLessThan(1e-4);
    const before = (await stat(join(prepared, reports[0]!.onnx))).mtimeMs;
    const again = await arcface(["compare", photographs[1]!, photographs[2]!, ...flags], home);
    expect(asJson<{ cosine: number }>(again.out).cosine).toBe(score);
    expect((await stat(join(prepared, reports[0]!.onnx))).mtimeMs).toBe(before);

    const out = join(folder, "faces.jsonl");
    await arcface(["embed", photographs[1]!, photographs[2]!, "--out", out, "--jobs", "1", ...flags], home);
    const [, first] = (await readFile(out, "utf8")).split("\n");
    expect(asJson<{ embedding: number[] }>(first!).embedding).toHaveLength(512);
    // A photograph is not a hit for itself, a copy of it is.
    const copy = join(folder, "copy.jpg");
    await cp(photographs[2]!, copy);
    const found = await arcface(["search", copy, "--in", out, "-k", "1", ...flags], home);
    expect(asJson<{ hits: { path: string; cosine: number }[] }>(found.out).hits[0]).toMatchObject({
      path: photographs[2],
      cosine: expect.closeTo(1, 4),
    });
  });

  test("a contract that contradicts the network is refused", async () => {
    const args = [
      "compare",
      photographs[1]!,
      photographs[1]!,
      "--model",
      made,
      ...CONTRACT,
      "--dimension",
      "128",
    ];
    const { code, err } = await arcface(args, home);
    expect(code).toBe(3);
    expect(err).toContain("output.dimension: expected 512, as mobilefacenet has it, got 128");
  });

  test("weights of an unknown network, or of one for digits, are refused by name", async () => {
    const digits = join(folder, "digits.pth");
    writeFormula("lenet++", digits);
    const grey = await arcface(
      ["compare", photographs[1]!, photographs[1]!, "--model", digits, ...CONTRACT],
      home,
    );
    expect(grey.code).toBe(3);
    expect(grey.err).toContain("expected a network for colour pictures, got lenet++");
    const unknown = join(folder, "unknown.safetensors");
    const other = await arcface(["compare", photographs[1]!, photographs[1]!, "--model", unknown], home);
    expect([other.code, other.err.includes("the nearest is mobilefacenet")]).toEqual([3, true]);
  });

  test("a preset is of one network: another's weights do not take it; the card itself cannot be downloaded", async () => {
    const preset = ["--preset", "ir-se-50/bgr"];
    const wrong = await arcface(
      ["compare", photographs[1]!, photographs[1]!, "--model", made, ...preset],
      home,
    );
    expect(wrong.err).toContain("expected weights of ir-se-50 for preset ir-se-50/bgr, got mobilefacenet");
    const card = await arcface(["compare", photographs[1]!, photographs[1]!, "--model", "ir-se-50"], home);
    expect([card.code, card.err.includes("give the path of the file as --model")]).toEqual([2, true]);
  });

  test("IR-SE-50 by its usual name is fed as it was trained; as pSp feeds it on request", {
    timeout: 240_000,
  }, async () => {
    const path = join(folder, "model_ir_se50.pth");
    writeFormula("ir-se-50", path, "module.");
    const report = asJson<object>((await arcface(["inspect", path, "--json"])).out);
    expect(report).toMatchObject({
      prefix: "module.",
      network: { id: "ir-se-50", parameters: 43_797_696, gmacs: expect.closeTo(6.3, 2) },
      card: {
        id: "ir-se-50",
        recognisedBy: "name",
        presets: ["ir-se-50/bgr", "ir-se-50/rgb"],
        licence: { id: "MIT", commercial: "unknown" },
      },
      tensorCount: 397,
    });
    const opened = async (preset?: string): Promise<Embedder> => {
      const store = new ModelStore({ home: home["ARCFACE_HOME"] });
      return (await openEmbedder(store, path, { preset })).embedder as Embedder;
    };
    const trained = await opened();
    const psp = await opened("ir-se-50/rgb");
    expect(trained.contract.input).toMatchObject({ channels: "BGR", mean: [127.5, 127.5, 127.5] });
    expect(psp.contract.input).toMatchObject({ channels: "RGB", scale: [127.5, 127.5, 127.5] });
    expect(trained.contract.output).toEqual({ name: "embedding", dimension: 512, normalized: true });
    await Promise.all([trained.close(), psp.close()]);
  });
});

describe("convert", () => {
  test("to ONNX: folded, any batch, length 1, agreeing with what it came from; the card says how it is fed", async () => {
    const out = join(folder, "converted.onnx");
    const result = await arcface(["convert", made, "--out", out, "--no-normalize", ...CONTRACT, "--json"]);
    expect(result.err).toBe("");
    const report = asJson<{ distance: number }>(result.out);
    expect(report).toMatchObject({ to: "onnx", network: "mobilefacenet", notes: [] });
    expect(report.distance).toBeLessThan(1e-5);
    const graph = decodeOnnx(await readFile(out));
    const ops = new Set(graph.nodes.map(({ op }) => op));
    expect([ops.has("BatchNormalization"), ops.has("PRelu"), ops.has("ReduceL2")]).toEqual([
      false,
      false,
      false,
    ]);
    expect(graph.inputs[0]!.dims).toEqual(["N", 3, 112, 112]);
    expect(asJson(await readFile(join(folder, "converted.card.json"), "utf8"))).toMatchObject({
      contract: {
        input: { name: "input", layout: "NCHW", sizePx: 112, channels: "RGB", mean: [127.5, 127.5, 127.5] },
        output: { name: "embedding", dimension: 512, normalized: false },
      },
    });
    const args = ["compare", photographs[1]!, photographs[2]!, "--json", "--model"];
    const direct = await arcface([...args, made, ...CONTRACT], home);
    const converted = await arcface([...args, out], home);
    expect(asJson<{ cosine: number }>(converted.out).cosine).toBeCloseTo(
      asJson<{ cosine: number }>(direct.out).cosine,
      5,
    );
  });

  test("operations are left as they are on request, and weights stored as halves", async () => {
    const [full, half] = [join(folder, "full.onnx"), join(folder, "half.onnx")];
    const keep = ["--keep-batch-norm", "--plain-prelu", "--normalize"];
    await arcface(["convert", made, "--out", full, ...keep]);
    await arcface(["convert", made, "--out", half, ...keep, "--fp16"]);
    const ops = new Set(decodeOnnx(await readFile(full)).nodes.map(({ op }) => op));
    expect(["BatchNormalization", "PRelu", "ReduceL2"].every((op) => ops.has(op))).toBe(true);
    expect((await stat(half)).size / (await stat(full)).size).toBeLessThan(0.6);
  });

  test("batch norms of a graph from elsewhere are merged away, and the output stays", async () => {
    const [kept, merged] = [join(folder, "kept.onnx"), join(folder, "merged.onnx")];
    await arcface(["convert", made, "--out", kept, "--keep-batch-norm", "--plain-prelu"]);
    const report = asJson<{ distance: number; notes: string[] }>(
      (await arcface(["convert", kept, "--out", merged, "--json"])).out,
    );
    expect(report.notes).toEqual([]);
    expect(report.distance).toBeLessThan(1e-5);
    const norms = async (path: string) =>
      decodeOnnx(await readFile(path)).nodes.filter(({ op }) => op === "BatchNormalization").length;
    expect(await norms(kept)).toBeGreaterThan(40);
    expect(await norms(merged)).toBe(0);
  });

  test("between PyTorch and safetensors and back every byte stays, in the order of the keys", async () => {
    const [middle, back] = [join(folder, "middle.safetensors"), join(folder, "back.pth")];
    await arcface(["convert", made, "--out", middle]);
    expect((await arcface(["convert", middle, "--out", back])).code).toBe(0);
    expect(Buffer.compare(await readFile(back), await readFile(made))).toBe(0);
  });

  test("what lies beside a known network is left out, so that PyTorch takes the rest strictly", async () => {
    const [mixed, clean] = [join(folder, "mixed.pth"), join(folder, "clean.pth")];
    using checkpoint = openCheckpoint(made);
    const head = floatTensorOf("head.weight", [2, 2], new Float32Array(4));
    const wrapped = [...checkpoint.tensors.values()].map((t) => ({ ...t, name: `backbone.${t.name}` }));
    writeCheckpoint(mixed, "pytorch-zip", [...wrapped, head]);
    const { notes } = asJson<{ notes: string[] }>(
      (await arcface(["convert", mixed, "--out", clean, "--json"])).out,
    );
    expect(notes[0]).toBe("left out, as no part of mobilefacenet: head.weight");
    using cleaned = openCheckpoint(clean);
    expect([...cleaned.tensors.keys()]).toEqual([...checkpoint.tensors.keys()]);
  });

  test("TFLite and ONNX graphs become ONNX that takes any batch, and safetensors of their constants", async () => {
    const tflite = (await store.pull("mobilefacenet-192")).get("MobileFaceNet.tflite")!;
    const onnx = (await store.pull("fr-feature-512")).get("fr_feature.onnx")!;
    for (const [path, name] of [
      [tflite, "from-tflite"],
      [onnx, "from-onnx"],
    ] as const) {
      const out = join(folder, `${name}.onnx`);
      const report = asJson<{ distance: number }>(
        (await arcface(["convert", path, "--out", out, "--json"])).out,
      );
      expect(report.distance).toBeLessThan(1e-5);
      expect(decodeOnnx(await readFile(out)).inputs[0]!.dims).toEqual(["N", 3, 112, 112]);
    }
    expect(asJson(await readFile(join(folder, "from-onnx.card.json"), "utf8"))).toMatchObject({
      licence: { id: "MIT" },
      contract: { input: { channels: "BGR", scale: [128, 128, 128] }, output: { dimension: 512 } },
    });
    const constants = join(folder, "constants.safetensors");
    await arcface(["convert", tflite, "--out", constants]);
    using checkpoint = openCheckpoint(constants);
    expect(checkpoint.tensors.size).toBe(138);
  });

  test("the input is never written over; a name of another kind is refused", async () => {
    const link = join(folder, "link.pth");
    await symlink(made, link);
    const before = await readFile(made);
    const same = await arcface(["convert", made, "--out", link]);
    expect([same.code, same.err.includes("expected an output of its own, got a file that is read")]).toEqual([
      2,
      true,
    ]);
    expect(Buffer.compare(await readFile(made), before)).toBe(0);
    expect((await arcface(["convert", made, "--out", join(folder, "x.txt")])).code).toBe(2);
  });
});

describe("mobilefacenet.pt beside its authors' ONNX file", () => {
  const lfw = sharedFolder && join(sharedFolder, "data", "lfw", "images");
  test.skipIf(!lfw)("gives the same embeddings of real faces (needs ../shared)", async () => {
    const options = { channels: "RGB", mean: [123.675, 116.28, 103.53], scale: [58.395, 57.12, 57.375] };
    const ours = new ModelStore({ home: home["ARCFACE_HOME"] });
    const models = join(sharedFolder!, "models");
    const { embedder: pt } = await openEmbedder(ours, join(models, "mobilefacenet.pt"), options);
    // The authors' file is known by its sha256: its contract comes from the card.
    const { embedder: onnx } = await openEmbedder(ours, join(models, "MobileFaceNet.onnx"));
    await using finder = await FaceFinder.open({ store: ours });
    const people = (await readdir(lfw!)).sort().slice(0, 40);
    const lowest: number[] = [];
    for (const person of people) {
      const [name] = await readdir(join(lfw!, person));
      const photograph = await finder.align(join(lfw!, person, name!));
      const face = chooseFace(photograph.faces, "central", photograph);
      if (!face) continue;
      const vectors: UnitVector[] = [];
      for (const embedder of [pt, onnx]) vectors.push((await embedder.embed([face.crop]))[0]!);
      lowest.push(cosine(vectors[0]!, vectors[1]!));
    }
    await Promise.all([pt.close(), onnx.close()]);
    expect(lowest.length).toBeGreaterThan(35);
    expect(Math.min(...lowest)).toBeGreaterThanOrEqual(0.9999);
  });
});

interface PreparedFile {
  readonly onnx: string;
  readonly report: { readonly network?: string; readonly convolution?: string; readonly distance: number };
}

/** The prepared files of a network. */
async function preparedReports(path: string, network: string): Promise<PreparedFile[]> {
  const names = (await readdir(path)).filter((name) => name.endsWith(".json"));
  const all = await Promise.all(
    names.map(async (name) => ({
      onnx: name.replace(".json", ".onnx"),
      report: asJson<PreparedFile["report"]>(await readFile(join(path, name), "utf8")),
    })),
  );
  return all.filter(({ report }) => report.network === network);
}
