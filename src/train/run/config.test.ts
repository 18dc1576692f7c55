import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseTrainConfig, printConfig, readSettings } from "./config.ts";

test("everything but the data has a default, and a name stands for a choice with its defaults", () => {
  const config = parseTrainConfig({ data: "faces.pack", head: "cosface", schedule: "step" });
  expect(config).toMatchObject({
    batch: 64,
    learningRate: 0.1,
    head: { head: "cosface", scale: 64 },
    optimiser: { name: "sgd", momentum: 0.9 },
    schedule: { name: "step", factor: 0.1 },
    validation: { maxFaces: 2000 },
    seed: 1,
  });
  expect(parseTrainConfig({ data: "x" }).head).toMatchObject({ head: "arcface", marginRad: 0.5 });
  // As the paper's code has it.
  expect(parseTrainConfig({ data: "x", head: "elasticface" }).head).toMatchObject({
    form: "arc",
    std: 0.0125,
  });
});

test.each([
  [{ learning_rate: 1 }, 'expected no key "learning_rate"; did you mean "learningRate"?'],
  [{ validation: { heldout: 3 } }, 'expected no key "validation.heldout"; did you mean "heldOut"?'],
  [{ head: { head: "arcface", margin: 1 } }, 'expected no key "head.margin"; did you mean "marginRad"?'],
  [
    { optimiser: { name: "sgd", momentun: 1 } },
    'expected no key "optimiser.momentun"; did you mean "momentum"?',
  ],
  [{ schedule: "cosin" }, 'got "cosin"; did you mean "cosine"?'],
  [{ head: { head: "nope" } }, "run.yaml: head: expected one of softmax, "],
  [{ device: "gpu" }, 'device: expected one of cpu, webgpu, got "gpu"'],
  [{ precision: "mixed" }, "precision: expected single, got mixed with device cpu"],
  [{ batch: "many" }, 'batch: expected number, got "many"'],
  [{ batch: 1 }, "batch: "],
  [{ epochs: 2, steps: 3 }, "expected epochs or steps, got both"],
  [{ batch: 10, picturesPerPerson: 4 }, "expected a multiple of picturesPerPerson, 4, got 10"],
])("%j is refused with what was meant", (settings, message) => {
  expect(() => parseTrainConfig({ data: "x", ...settings }, "run.yaml")).toThrow(message);
});

test("YAML and JSON files are read; what is neither is refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "arcface-config-"));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  expect(readSettings(file("a.yaml", "data: x\nhead:\n  head: arcface\n  marginRad: 0.4\n"))).toEqual({
    data: "x",
    head: { head: "arcface", marginRad: 0.4 },
  });
  expect(readSettings(file("a.json", '{"data": "x", "batch": 8}'))).toEqual({ data: "x", batch: 8 });
  expect(() => readSettings(file("b.yaml", "a: [1"))).toThrow(/expected YAML or JSON/);
  expect(() => readSettings(file("c.yaml", "- 1"))).toThrow(/expected settings by name/);
  const bomb =
    "a: &a [x,x]\n" +
    "bcdefghijklmnop"
      .split("")
      .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefghijklmnop"[i]}`)}]`)
      .join("\n");
  expect(() => readSettings(file("d.yaml", bomb))).toThrow(/expected YAML or JSON/);
});

test("a printed configuration gives the same one again", () => {
  const config = parseTrainConfig({ data: "x", head: "adaface", clipNorm: null });
  expect(parseTrainConfig(parse(printConfig(config)))).toEqual(config);
});
