import { copyFile, mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";
import { arcface } from "./run-cli.ts";

let folder: string;
let photograph: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-hostile-"));
  photograph = (await samplePhotographs())[1]!;
  const onnx = [...(await store.pull("mobilefacenet-192"))].map(([, path]) => path)[0]!;
  await copyFile(onnx, at("network.tflite"));
  await mkdir(at("images"));
  await writeFile(at("vectors.jsonl"), `{"embedding":[1,0],"label":"a"}\n{"embedding":[0,1],"label":"b"}\n`);
  expect((await arcface(["gallery", "create", "--gallery", `sqlite:${at("g.db")}`])).code).toBe(0);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The place where text comes in: the file that is hostile, and the command that reads it. */
const DOORS: readonly { readonly name: string; readonly args: () => readonly string[] }[] = [
  { name: "settings.yaml", args: () => ["train", "--config", at("settings.yaml"), "--out", at("run")] },
  { name: "settings.json", args: () => ["train", "--config", at("settings.json"), "--out", at("run")] },
  {
    name: "calibration.json",
    args: () => ["compare", photograph, photograph, "--calibration", at("calibration.json")],
  },
  {
    name: "network.card.json",
    args: () => ["compare", photograph, photograph, "--model", at("network.tflite")],
  },
  { name: "faces.jsonl", args: () => ["map", at("faces.jsonl"), "--out", at("map.svg")] },
  {
    name: "imported.jsonl",
    args: () => ["gallery", "import", at("imported.jsonl"), "--gallery", `sqlite:${at("g.db")}`],
  },
  {
    name: "resumed.jsonl.partial.jsonl",
    args: () => ["embed", photograph, "--out", at("resumed.jsonl")],
  },
  {
    name: "labels.txt",
    args: () => ["map", at("vectors.jsonl"), "--labels", at("labels.txt"), "--out", at("map.svg")],
  },
  { name: "people.csv", args: () => ["study", "--csv", at("people.csv"), "--out", at("study")] },
  {
    name: "pairs.txt",
    args: () => ["evaluate", "lfw", "--images", at("images"), "--pairs", at("pairs.txt")],
  },
];

test.each(DOORS)("$name of one line of 300 MB is refused in a sentence, soon", async ({ name, args }) => {
  await writeFile(at(name), "");
  await truncate(at(name), 300_000_000);
  await expectRefusal(name, args());
});

test.each(DOORS)("$name with a million levels is refused in a sentence, soon", async ({ name, args }) => {
  await writeFile(at(name), `${"[".repeat(1_000_000)}\n`);
  await expectRefusal(name, args());
});

test.each(DOORS)(
  "$name with a million named levels is refused in a sentence, soon",
  async ({ name, args }) => {
    await writeFile(at(name), `${'{"a":'.repeat(600_000)}\n`);
    await expectRefusal(name, args());
  },
);

async function expectRefusal(name: string, args: readonly string[]): Promise<void> {
  const began = performance.now();
  const { code, err } = await arcface(args);
  await rm(at(name));
  expect(err).toContain(name);
  expect(err).not.toMatch(/internal|call stack|heap/);
  expect([2, 3]).toContain(code);
  expect(performance.now() - began).toBeLessThan(20_000);
}
