import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Batch,
  BatchLoader,
  openPack,
  packFolder,
  readEvents,
  shuffledSampler,
  splitByIdentity,
} from "arcface-ts/train";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";
import { arcface, arcfaceHere, jsonLines } from "./run-cli.ts";

const scratch = (): string => mkdtempSync(join(tmpdir(), "arcface-train-"));

/** Crops of people made up of a colour and some noise each, 112×112. */
async function madeUpPeople(people: number, pictures: number): Promise<string> {
  const folder = scratch();
  for (let person = 0; person < people; person++) {
    mkdirSync(join(folder, `person ${person}`));
    for (let i = 0; i < pictures; i++) {
      const base = [(person * 67) % 256, (person * 131) % 256, (person * 29) % 256];
      const noise = (at: number): number => ((at * 7919 + i * 104729) % 61) - 30;
      const pixels = Buffer.from(
        Uint8ClampedArray.from({ length: 112 * 112 * 3 }, (_, at) => base[at % 3]! + noise(at)).buffer,
      );
      await sharp(pixels, { raw: { width: 112, height: 112, channels: 3 } })
        .jpeg({ quality: 95 })
        .toFile(join(folder, `person ${person}`, `${i}.jpg`));
    }
  }
  return folder;
}

let people: string;
beforeAll(async () => {
  people = await madeUpPeople(6, 4);
});

describe("batches", () => {
  test("of a step and seed are the same whatever the number of threads, and wherever one begins", async () => {
    const pack = join(scratch(), "faces.pack");
    await packFolder(people, pack);
    const set = openPack(pack);
    const { training } = splitByIdentity(set, { seed: 1 });
    const augmentation = {
      flip: 0.5,
      shiftPx: 4,
      scale: 0.1,
      colour: 0.3,
      grey: 0.1,
      blur: 0.2,
      occlusion: 0.3,
    };
    const take = async (workers: number, first: number, count: number): Promise<Buffer[]> => {
      const sampler = shuffledSampler(training.indices.length, 5, 3);
      await using loader = BatchLoader.open(training, { sampler, augmentation, seed: 3, workers });
      const taken: Buffer[] = [];
      for await (const { images, labels, step } of loader.from(first) as AsyncIterable<Batch>) {
        taken.push(Buffer.concat([Buffer.from(images.slice().buffer), Buffer.from(labels.slice().buffer)]));
        if (step + 1 === first + count) break;
      }
      return taken;
    };
    const alone = await take(0, 0, 7);
    expect(new Set(alone.map((batch) => batch.toString("base64"))).size).toBe(7);
    for (const workers of [1, 3])
      expect((await take(workers, 0, 7)).map((b, i) => b.equals(alone[i]!))).toEqual(new Array(7).fill(true));
    expect((await take(2, 4, 3)).map((batch, i) => batch.equals(alone[4 + i]!))).toEqual([true, true, true]);
    set.close();
  });

  test("with a damaged picture fail with its place, from a thread too", async () => {
    const pack = join(scratch(), "faces.pack");
    await packFolder(people, pack);
    const set = openPack(pack);
    const bytes = readFileSync(pack);
    bytes[set.record(3).at + 60]! ^= 255;
    writeFileSync(pack, bytes);
    const { training } = splitByIdentity(set, { seed: 1 });
    await using loader = BatchLoader.open(training, {
      sampler: () => Uint32Array.of(3),
      augmentation: { flip: 0, shiftPx: 0, scale: 0, colour: 0, grey: 0, blur: 0, occlusion: 0 },
      seed: 1,
      workers: 1,
    });
    await expect(loader.from(0).next()).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringMatching(/example 3: at offset \d+: expected CRC-32/),
    });
    set.close();
  });
});

describe("data", () => {
  test("pack finds, aligns and packs the faces of photographs once; info tells what is in the pack", async () => {
    const photographs = await samplePhotographs();
    const folder = scratch();
    for (const [name, numbers] of [
      ["Ada", [3, 4]],
      ["Bo", [2]],
      ["Sky", []],
    ] as const) {
      mkdirSync(join(folder, name));
      for (const number of numbers) await cp(photographs[number]!, join(folder, name, `${number}.jpg`));
    }
    await sharp({ create: { width: 300, height: 200, channels: 3, background: "skyblue" } })
      .png()
      .toFile(join(folder, "Sky", "blue.png"));
    const out = join(scratch(), "faces.pack");
    const result = await arcfaceHere(["data", "pack", folder, "--out", out, "--json"]);
    expect(result.code).toBe(0);
    expect(jsonLines(result)[0]).toMatchObject({
      examples: 3,
      classes: 2,
      reused: 0,
      noFace: [join(folder, "Sky", "blue.png")],
      single: ["Bo"],
      empty: ["Sky"],
    });
    const again = await arcfaceHere(["data", "pack", folder, "--out", out, "--json"]);
    expect(jsonLines(again)[0]).toMatchObject({ examples: 3, reused: 3 });
    const info = await arcfaceHere(["data", "info", out, "--json"]);
    expect(jsonLines(info)[0]).toMatchObject({
      examples: 3,
      classes: 2,
      shape: [3, 112, 112],
      perClass: { least: 1, median: 2, most: 2 },
      single: 1,
    });
  });

  test("an empty folder and a file of another kind are refused", async () => {
    const empty = await arcfaceHere(["data", "pack", scratch(), "--out", join(scratch(), "a.pack")]);
    expect(empty).toMatchObject({ code: 3, err: expect.stringMatching(/got an empty folder/) });
    const other = await arcfaceHere(["data", "info", join(people, "person 0", "0.jpg")]);
    expect(other).toMatchObject({ code: 3, err: expect.stringMatching(/got another kind of file/) });
  });
});

/** A run on MNIST that takes a few seconds, every step logged. */
const digits = [
  ...["train", "--data", "mnist", "--batch", "8", "--steps", "12", "--lr", "0.02", "--workers", "1"],
  ...[
    "--set",
    "head.scale=8",
    "--set",
    "logEvery=1",
    "--set",
    "checkpointEvery=4",
    "--set",
    "validation.heldOut=0",
  ],
];
const bin = join(import.meta.dirname, "..", "bin", "arcface.js");
const events = (run: string) => readEvents(join(run, "events.jsonl"));
const losses = (run: string): number[] =>
  events(run).flatMap((event) => (event.kind === "step" ? [event.loss] : []));
const stepsDone = (run: string): number => losses(run).length;
const weights = (run: string): Buffer =>
  readFileSync(join(run, "checkpoints", "step-00000012", "weights.safetensors"));

describe("train", () => {
  let whole: string;
  beforeAll(async () => {
    await store.pull("mnist");
    whole = join(scratch(), "run");
    const result = await arcface([...digits, "--out", whole]);
    expect(result).toMatchObject({ code: 0, out: `${join(whole, "model.onnx")}\n` });
    expect(losses(whole)).toHaveLength(12);
  });

  test("goes on after kill -9 as if nothing had happened: every loss and weight to the last bit", async () => {
    const run = join(scratch(), "run");
    const child = spawn(process.execPath, [bin, ...digits, "--out", run], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    while (stepsDone(run) < 6) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGKILL");
    await ended;
    expect(existsSync(join(run, "lock"))).toBe(true);
    expect(existsSync(join(run, "model.onnx"))).toBe(false);
    const result = await arcfaceHere(["train", "--resume", run]);
    expect(result.code).toBe(0);
    const resumed = events(run).find((event) => event.kind === "resumed");
    expect([4, 8]).toContain(resumed?.step);
    expect(losses(run)).toEqual(losses(whole));
    expect(weights(run).equals(weights(whole))).toBe(true);
    expect(existsSync(join(run, "lock"))).toBe(false);
  });

  // A machine that is busy with other things may not give the run the second that it has for its checkpoint.
  test("writes a checkpoint at Ctrl-C, says how to go on, and does", { retry: 2 }, async () => {
    const run = join(scratch(), "run");
    const result = await arcface([...digits, "--out", run], {}, () => stepsDone(run) >= 2);
    expect(result.code).toBe(130);
    expect(result.err).toMatch(
      /stopped after step \d+ of 12, with a checkpoint; arcface train --resume .* goes on/,
    );
    expect((await arcfaceHere(["train", "--resume", run])).code).toBe(0);
    expect(losses(run)).toEqual(losses(whole));
    expect(weights(run).equals(weights(whole))).toBe(true);
  });

  test("refuses a folder that another process trains into", async () => {
    const run = join(scratch(), "run");
    let second: ReturnType<typeof arcface> | undefined;
    let refused = false;
    const first = arcface([...digits, "--steps", "5000", "--out", run], {}, () => {
      if (stepsDone(run) >= 1) second ??= arcface(["train", "--resume", run]).finally(() => (refused = true));
      return refused;
    });
    expect((await first).code).toBe(130);
    expect(await second).toMatchObject({
      code: 3,
      err: expect.stringMatching(
        /expected a folder that nobody trains into, got another run \(process \d+\)/,
      ),
    });
  });

  test("names the setting that was mistyped, and takes none for a run that goes on", async () => {
    const config = join(scratch(), "run.yaml");
    writeFileSync(config, "data: mnist\nlearningrate: 0.1\n");
    const typo = await arcfaceHere(["train", "--config", config, "--out", join(scratch(), "run")]);
    expect(typo).toMatchObject({
      code: 2,
      err: `arcface: ${config}: expected no key "learningrate"; did you mean "learningRate"?\n`,
    });
    const changed = await arcfaceHere(["train", "--resume", whole, "--lr", "1"]);
    expect(changed).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected --resume without settings.*got --lr/),
    });
  });

  test("a configuration file and flags give the same run; --json has every event and the report", async () => {
    const run = join(scratch(), "run");
    const config = join(scratch(), "run.json");
    writeFileSync(
      config,
      JSON.stringify({
        data: "mnist",
        batch: 8,
        steps: 100,
        learningRate: 0.02,
        head: { head: "arcface", scale: 8 },
        logEvery: 1,
        validation: { heldOut: 0 },
      }),
    );
    const result = await arcfaceHere(["train", "--config", config, "--steps", "12", "--out", run, "--json"]);
    const lines = jsonLines<{ kind: string; step: number }>(result);
    expect(lines.map(({ kind }) => kind)).toEqual([
      "started",
      "warning",
      ...new Array(12).fill("step"),
      "checkpoint",
      "stopped",
      "exported",
      "report",
    ]);
    expect(lines.at(-1)).toMatchObject({ reason: "finished", step: 12, model: join(run, "model.onnx") });
    expect(losses(run)).toEqual(losses(whole));
  });

  test("a network trained on a folder of faces is one that every command takes", async () => {
    const run = join(scratch(), "run");
    const home = scratch();
    const flags = ["--batch", "4", "--steps", "2", "--embedding", "64", "--set", "validation.heldOut=2"];
    const args = ["train", "--data", people, "--network", "mobilefacenet", ...flags, "--out", run, "--json"];
    const result = await arcfaceHere(args, { ARCFACE_HOME: home });
    expect(result.code).toBe(0);
    const validation = jsonLines<{ kind: string; people?: number; faces?: number }>(result).find(
      ({ kind }) => kind === "validation",
    );
    expect(validation).toMatchObject({ people: 2, faces: 8 });
    expect(readdirSync(join(home, "training"))).toHaveLength(1);
    // Packed again, the folder is the same data: the run is recognised as finished.
    expect(await arcfaceHere(["train", "--resume", run], { ARCFACE_HOME: home })).toMatchObject({
      code: 0,
      err: "going on after step 2\n",
    });
    const model = join(run, "model.onnx");
    const photographs = await samplePhotographs();
    const compared = await arcfaceHere([
      "compare",
      photographs[3]!,
      photographs[4]!,
      "--model",
      model,
      "--json",
    ]);
    expect(compared.code).toBe(0);
    const [answer] = jsonLines<{ cosine: number; model: string }>(compared);
    expect(Math.abs(answer!.cosine)).toBeLessThanOrEqual(1);
    expect(answer!.model).toMatch(/^model\.onnx@/);
    const inspected = await arcfaceHere([
      "inspect",
      join(run, "checkpoints", "step-00000002", "weights.safetensors"),
      "--json",
    ]);
    expect(inspected.code).toBe(0);
    expect(inspected.out).toMatch(/"mobilefacenet"/);
  });
});
