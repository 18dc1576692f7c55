import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readTflite, tfliteToOnnx } from "../src/checkpoints/tflite/index.ts";
import { prepareNetwork } from "../src/models/index.ts";
import { decodeOnnx } from "../src/onnx/index.ts";
import { store } from "./pack.ts";

let mtcnn: ReadonlyMap<string, string>;
let embedder: string;

beforeAll(async () => {
  mtcnn = await store.pull("mtcnn");
  embedder = (await store.pull("mobilefacenet-192")).get("MobileFaceNet.tflite")!;
});

describe("a TFLite network becomes ONNX", () => {
  test.each([
    ["pnet", 33, true, 1, 2],
    ["rnet", 24, false, 1, 3],
    ["onet", 48, false, 0, 4],
  ])(
    "%s agrees with the format's own arithmetic, has its blocks filled and its PReLUs rewritten",
    async (name, side, anySize, blocks, prelus) => {
      const file = await readFile(mtcnn.get(`${name}.tflite`)!);
      const { report } = await prepareNetwork(file, {
        input: `${name}/input`,
        example: [2, 3, side, side],
        anySize,
      });
      expect(report.conversionDistance).toBeLessThan(5e-6);
      expect(report.filledBlocks).toBe(blocks);
      expect(report.rewrittenPrelus).toBe(prelus);
      expect(report.rewriteDistance).toBeLessThan(5e-6);
    },
  );

  test("the embedder, whose file spells PReLU out and declares two pictures at a time, takes any number", async () => {
    const file = await readFile(embedder);
    const { report, onnx } = await prepareNetwork(file, { input: "input", example: [1, 3, 112, 112] });
    expect(report.conversionDistance).toBeLessThan(5e-6);
    expect(report.rewrittenPrelus).toBe(33);
    const model = decodeOnnx(onnx);
    expect(model.inputs.map((input) => input.dims)).toEqual([["N", 3, 112, 112]]);
    expect(model.outputs.map((output) => [output.name, output.dims])).toEqual([["embeddings", ["N", 192]]]);
  });

  test("an operator that is not understood is refused by name", async () => {
    const file = await readFile(mtcnn.get("rnet.tflite")!);
    // The operator table holds one table per kind; the deprecated one-byte code of EXP is 47. Make it LOGISTIC, 14.
    const refusals = new Set<string>();
    for (let at = 0; at < file.length && refusals.size === 0; at++) {
      if (file[at] !== 47) continue;
      const changed = Buffer.from(file);
      changed[at] = 14;
      try {
        readTflite(changed);
      } catch (error) {
        if (String(error).includes("an operator this converter knows")) refusals.add(String(error));
      }
    }
    expect([...refusals]).toEqual([
      expect.stringMatching(
        /^FaceError: tflite: at offset \d+: expected an operator this converter knows, got LOGISTIC$/,
      ),
    ]);
  });

  test("a file cut anywhere is refused as damaged, never followed outside", async () => {
    const file = await readFile(mtcnn.get("pnet.tflite")!);
    for (let length = 0; length < file.length; length += 997) {
      expect(() => tfliteToOnnx(readTflite(file.subarray(0, length)))).toThrow(
        expect.objectContaining({ code: "BAD_MODEL" }),
      );
    }
  });
});

describe("a prepared network is kept by content", () => {
  test("the second opening reads it; a damaged one is made again; one that cannot be kept does no harm", async () => {
    const cache = await mkdtemp(join(tmpdir(), "arcface-prepared-"));
    const file = await readFile(mtcnn.get("pnet.tflite")!);
    const options = { input: "pnet/input", example: [1, 3, 24, 24], anySize: true, cache };
    const first = await prepareNetwork(file, options);
    const [name] = (await readdir(cache)).filter((entry) => entry.endsWith(".onnx"));
    expect(Buffer.from((await prepareNetwork(file, options)).onnx).equals(Buffer.from(first.onnx))).toBe(
      true,
    );
    await writeFile(join(cache, name!), "damaged");
    expect((await prepareNetwork(file, options)).report).toEqual(first.report);
    expect((await readFile(join(cache, name!))).length).toBe(first.onnx.length);
    const nowhere = await prepareNetwork(file, { ...options, cache: join(cache, name!, "below a file") });
    expect(nowhere.report).toEqual(first.report);
  });
});
