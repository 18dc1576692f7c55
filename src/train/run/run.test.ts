import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { floatTensorOf, openCheckpoint, writeCheckpoint } from "../../checkpoints/index.ts";
import { seeded } from "../../core/index.ts";
import { initialise, leNetPlusPlus, mobileFaceNet, parametersOf } from "../../networks/index.ts";
import { decodeOnnx, Session } from "../../onnx/index.ts";
import { PackWriter } from "../data/pack-writer.ts";
import { parseTrainConfig, type TrainSettings } from "./config.ts";
import { readEvents } from "./event-log.ts";
import type { RunEvent } from "./events.ts";
import { runTraining } from "./run.ts";

/** Grey pictures of 28×28 in eight classes: a bright block at a place of its own, in noise. */
let data: string;
const CLASSES = 8;

beforeAll(() => {
  data = join(mkdtempSync(join(tmpdir(), "arcface-blocks-")), "blocks.pack");
  const random = seeded(11);
  using writer = PackWriter.open(data, [1, 28, 28], "raw", "blocks");
  const examples = Array.from({ length: CLASSES * 20 }, (_, i) => {
    const label = i % CLASSES;
    const pixels = Uint8Array.from({ length: 28 * 28 }, (_unused, at) => {
      const inside = Math.floor((at % 28) / 7) === label % 4 && Math.floor(at / 28 / 14) === label >> 2;
      return random.below(80) + (inside ? 150 : 0);
    });
    return { place: writer.add(i.toString(16).padStart(64, "0"), pixels), label };
  });
  writer.finish(
    examples,
    Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
  );
});

const fresh = (): string => join(mkdtempSync(join(tmpdir(), "arcface-run-")), "run");

/** A run of a few seconds: LeNet++ on small batches, every step logged. */
const settings = (more: Partial<TrainSettings> = {}) =>
  parseTrainConfig({
    data,
    network: "lenet++",
    embedding: 8,
    head: { head: "arcface", scale: 8, marginRad: 0.2 },
    batch: 8,
    steps: 8,
    learningRate: 0.05,
    augmentation: { flip: 0, shiftPx: 1 },
    validation: { heldOut: 0 },
    checkpointEvery: 3,
    logEvery: 1,
    ...more,
  });

const losses = (run: string): Record<number, number> =>
  Object.fromEntries(
    readEvents(join(run, "events.jsonl")).flatMap((event) =>
      event.kind === "step" ? [[event.step, event.loss]] : [],
    ),
  );
const weightsOf = (run: string, step: number): Buffer =>
  readFileSync(join(run, "checkpoints", `step-${String(step).padStart(8, "0")}`, "weights.safetensors"));
const kinds = (run: string): string[] => readEvents(join(run, "events.jsonl")).map(({ kind }) => kind);

describe("a run", () => {
  let whole: string;
  beforeAll(async () => {
    whole = fresh();
    await runTraining({ out: whole, config: settings(), workers: 0 });
  });

  test("leaves its configuration, events, two checkpoints and a network that can be run", async () => {
    expect(readdirSync(join(whole, "checkpoints"))).toEqual(["step-00000006", "step-00000008"]);
    expect(Object.keys(losses(whole))).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(kinds(whole).filter((kind) => kind !== "step")).toEqual([
      "started",
      "warning",
      "checkpoint",
      "checkpoint",
      "checkpoint",
      "stopped",
      "exported",
    ]);
    expect(readFileSync(join(whole, "config.yaml"), "utf8")).toMatch(/marginRad: 0.2/);
    const onnx = readFileSync(join(whole, "model.onnx"));
    expect(decodeOnnx(onnx).metadata["arcface.network"]).toBe("lenet++");
    await using session = await Session.open(onnx);
    const results = await session.run({ input: { dims: [2, 1, 28, 28], data: new Float32Array(2 * 784) } });
    expect(results["embedding"]!.dims).toEqual([2, 8]);
  });

  test("measures what it does: the angle to the own class is between 0 and 180°, loss and accuracy agree", () => {
    for (const event of readEvents(join(whole, "events.jsonl"))) {
      if (event.kind !== "step") continue;
      expect(event.ownDeg).toBeGreaterThan(0);
      expect(event.ownDeg).toBeLessThan(180);
      expect(event.nearestDeg).toBeLessThanOrEqual(90);
      expect(event.accuracy * 8).toBe(Math.round(event.accuracy * 8));
      expect(event.imagesPerSecond).toBeGreaterThan(0);
    }
  });

  test("is the same again from the same seed and another from another", async () => {
    const [again, other] = [fresh(), fresh()];
    await runTraining({ out: again, config: settings(), workers: 0 });
    await runTraining({ out: other, config: settings({ seed: 2 }), workers: 0 });
    expect(losses(again)).toEqual(losses(whole));
    expect(Buffer.compare(weightsOf(again, 8), weightsOf(whole, 8))).toBe(0);
    expect(losses(other)[1]).not.toBe(losses(whole)[1]);
  });

  test("stopped and resumed is bit by bit what it would have been", async () => {
    const out = fresh();
    const controller = new AbortController();
    const report = await runTraining({
      out,
      config: settings(),
      workers: 0,
      signal: controller.signal,
      onEvent: (event) => event.kind === "step" && event.step === 4 && controller.abort(),
    });
    expect(report).toMatchObject({ step: 4, steps: 8, reason: "interrupted" });
    expect(existsSync(join(out, "model.onnx"))).toBe(false);
    expect(await runTraining({ out, workers: 0 })).toMatchObject({ step: 8, reason: "finished" });
    expect(losses(out)).toEqual(losses(whole));
    expect(Buffer.compare(weightsOf(out, 8), weightsOf(whole, 8))).toBe(0);
  });

  test("goes on from the checkpoint before when the newest is damaged, and says so", async () => {
    const out = fresh();
    cpSync(whole, out, { recursive: true });
    const newest = join(out, "checkpoints", "step-00000008", "training.safetensors");
    const bytes = readFileSync(newest);
    bytes[bytes.length - 3]! ^= 4;
    writeFileSync(newest, bytes);
    const events: RunEvent[] = [];
    await runTraining({ out, workers: 0, onEvent: (event) => events.push(event) });
    expect(events[0]).toMatchObject({ kind: "warning", step: 6 });
    expect((events[0] as { message: string }).message).toMatch(
      /step-00000008.*expected sha256.*going on from step 6/,
    );
    expect(losses(out)).toEqual(losses(whole));
    expect(Buffer.compare(weightsOf(out, 8), weightsOf(whole, 8))).toBe(0);
  });

  test("is refused when no checkpoint is whole, or when they are of another network", async () => {
    const out = fresh();
    cpSync(whole, out, { recursive: true });
    const checkpoints = readdirSync(join(out, "checkpoints"));
    const config = join(out, "config.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace("embedding: 8", "embedding: 4"));
    await expect(runTraining({ out, workers: 0 })).rejects.toMatchObject({
      code: "MODEL_MISMATCH",
      message: expect.stringMatching(/expected a checkpoint of this run: embedding 4, got 8/),
    });
    for (const name of checkpoints) writeFileSync(join(out, "checkpoints", name, "checkpoint.json"), "{");
    await expect(runTraining({ out, workers: 0 })).rejects.toThrow(/expected a checkpoint that is whole/);
  });

  test("does not begin in a folder that holds one, nor while another trains into it", async () => {
    await expect(runTraining({ out: whole, config: settings(), workers: 0 })).rejects.toThrow(
      /expected a new folder, got one with a run in it; --resume/,
    );
    const out = fresh();
    let second: unknown;
    await runTraining({
      out,
      config: settings({ steps: 2 }),
      workers: 0,
      onEvent(event) {
        if (event.kind === "started")
          runTraining({ out, workers: 0 }).catch((thrown: unknown) => {
            second = thrown;
          });
      },
    });
    expect(second).toMatchObject({
      code: "STORAGE",
      message: expect.stringMatching(/got another run \(process \d+\)/),
    });
    await expect(runTraining({ out: fresh(), workers: 0 })).rejects.toThrow(/got no config.yaml in it/);
  });
});

test("training finds the blocks: people it has not seen are told apart better than before", async () => {
  const out = fresh();
  const config = settings({
    steps: 40,
    batch: 16,
    picturesPerPerson: 4,
    optimiser: "adamw",
    learningRate: 0.002,
    validation: { heldOut: 2, every: 20 },
    checkpointEvery: 100,
    logEvery: 20,
  });
  const report = await runTraining({ out, config, workers: 0 });
  const steps = readEvents(join(out, "events.jsonl")).filter((event) => event.kind === "step");
  expect(steps.at(-1)!.accuracy).toBeGreaterThan(0.9);
  expect(steps.at(-1)!.ownDeg).toBeLessThan(steps.at(-1)!.nearestDeg - 20);
  expect(report.validation!.auc).toBeGreaterThan(0.8);
  // The best validation's checkpoint is kept and is what was exported.
  expect(existsSync(join(out, "checkpoints", `step-${String(report.modelStep).padStart(8, "0")}`))).toBe(
    true,
  );
});

test("a run ends early when validation no longer improves", async () => {
  const config = settings({
    steps: 40,
    patience: 2,
    validation: { heldOut: 2, every: 1 },
    learningRate: 1e-12,
    clipNorm: null,
  });
  const report = await runTraining({ out: fresh(), config, workers: 0 });
  expect(report).toMatchObject({ reason: "patience", step: 3, modelStep: 1 });
});

test("a share of the classes at each step trains too", async () => {
  const out = fresh();
  await runTraining({ out, config: settings({ batch: 4, sampleRate: 0.5, steps: 4 }), workers: 0 });
  expect(Object.values(losses(out)).every(Number.isFinite)).toBe(true);
  expect(Object.keys(losses(out))).toHaveLength(4);
});

test("a loss that is not finite ends the run, and the batch that did it is kept", async () => {
  const out = fresh();
  const config = settings({
    learningRate: 1000,
    clipNorm: null,
    head: "softmax",
    steps: 30,
    optimiser: "sgd",
  });
  await expect(runTraining({ out, config, workers: 0 })).rejects.toMatchObject({ code: "DIVERGED" });
  using batch = openCheckpoint(join(out, "bad-batch.safetensors"));
  expect(batch.tensors.get("images")!.shape).toEqual([8, 1, 28, 28]);
  expect(
    batch.tensors
      .get("labels")!
      .floats()
      .every((label) => label >= 0 && label < CLASSES),
  ).toBe(true);
});

describe("weights to begin with", () => {
  const write = (poison: boolean): string => {
    const network = leNetPlusPlus({ embedding: 8 });
    const path = join(mkdtempSync(join(tmpdir(), "arcface-init-")), "init.safetensors");
    const values = initialise(network, seeded(5));
    if (poison) values.get("conv2_1.weight")![7] = Number.NaN;
    const shapes = new Map(parametersOf(network).map(({ name, shape }) => [name, shape]));
    writeCheckpoint(
      path,
      "safetensors",
      [...values].map(([name, numbers]) => floatTensorOf(`module.${name}`, shapes.get(name)!, numbers)),
    );
    return path;
  };

  test("are taken, whatever prefix they have", async () => {
    const [plain, begun] = [fresh(), fresh()];
    await runTraining({ out: plain, config: settings({ steps: 1 }), workers: 0 });
    await runTraining({ out: begun, config: settings({ steps: 1, init: write(false) }), workers: 0 });
    expect(losses(begun)[1]).not.toBe(losses(plain)[1]);
  });

  test("are refused when they are not finite or another network's", async () => {
    await expect(
      runTraining({ out: fresh(), config: settings({ init: write(true) }), workers: 0 }),
    ).rejects.toThrow(/expected finite numbers, got NaN in conv2_1.weight/);
    const network = mobileFaceNet();
    const other = join(mkdtempSync(join(tmpdir(), "arcface-init-")), "other.safetensors");
    const shapes = new Map(parametersOf(network).map(({ name, shape }) => [name, shape]));
    const tensors = [...initialise(network, seeded(1))].map(([name, numbers]) =>
      floatTensorOf(name, shapes.get(name)!, numbers),
    );
    writeCheckpoint(other, "safetensors", tensors);
    await expect(
      runTraining({ out: fresh(), config: settings({ init: other }), workers: 0 }),
    ).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
  });
});

test("data of another kind than the network's pictures is refused", async () => {
  const config = settings({ network: "mobilefacenet" });
  await expect(runTraining({ out: fresh(), config, workers: 0 })).rejects.toThrow(
    /expected RGB pictures of 112×112, as the network takes them, got grey pictures of 28×28/,
  );
  const typo = settings({ network: "mobilefacenett" });
  await expect(runTraining({ out: fresh(), config: typo, workers: 0 })).rejects.toThrow(
    /did you mean "mobilefacenet"/,
  );
});

test.each([
  [
    { data: "mnist", network: "mobilefacenet" },
    "network: expected one for digits, as mnist holds them, got mobilefacenet, which takes photographs of faces of 112×112; try digit-net",
  ],
  [
    { data: "people", network: "digit-net" },
    "network: expected one for photographs, as people holds them, got digit-net, which takes grey digits of 28×28; try mobilefacenet",
  ],
])("a network that cannot see the data is refused before anything is read: %j", async (given, sentence) => {
  const out = fresh();
  await expect(runTraining({ out, config: settings(given), workers: 0 })).rejects.toMatchObject({
    code: "USAGE",
    message: sentence,
  });
  expect(existsSync(out)).toBe(false);
});

test("a run that could not begin leaves its folder for the next try", async () => {
  const out = fresh();
  const missing = settings({ data: "/nowhere/faces.pack" });
  await expect(runTraining({ out, config: missing, workers: 0 })).rejects.toMatchObject({ code: "BAD_FILE" });
  expect(readdirSync(out)).toEqual([]);
  expect(await runTraining({ out, config: settings({ steps: 1 }), workers: 0 })).toMatchObject({ step: 1 });
});

test("a full disk ends the run with a sentence, and the last checkpoint is whole", async (ctx) => {
  const disk = mkdtempSync(join(tmpdir(), "arcface-disk-"));
  // Room for two checkpoints of 6.6 MB and not for a third one.
  const mounted = ((): boolean => {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();
  ctx.skip(!mounted, "a small disk cannot be mounted here");
  const copy = fresh();
  try {
    const out = join(disk, "run");
    await expect(
      runTraining({ out, config: settings({ checkpointEvery: 1 }), workers: 0 }),
    ).rejects.toMatchObject({
      code: "STORAGE",
      message: expect.stringMatching(
        /step-00000003: expected room for a checkpoint, got a full disk; the one of step 2 is whole/,
      ),
    });
    expect(readdirSync(join(out, "checkpoints"))).toEqual(["step-00000001", "step-00000002"]);
    mkdirSync(copy, { recursive: true });
    cpSync(out, copy, { recursive: true });
  } finally {
    execFileSync("umount", [disk]);
  }
  expect(await runTraining({ out: copy, workers: 0 })).toMatchObject({ reason: "finished", step: 8 });
  const whole = fresh();
  await runTraining({ out: whole, config: settings({ checkpointEvery: 1 }), workers: 0 });
  expect(losses(copy)).toEqual(losses(whole));
});

test("a picture that was damaged on the disk does not end a run: another of its batch takes its place, which is said once", async () => {
  const damaged = `${fresh()}.pack`;
  mkdirSync(dirname(damaged), { recursive: true });
  const bytes = readFileSync(data);
  // A byte in the middle of the first picture: its checksum fails from now on.
  bytes[64 + 40 + 300]! ^= 0xff;
  writeFileSync(damaged, bytes);
  const out = fresh();
  await runTraining({
    out,
    config: settings({ data: damaged, steps: 21, checkpointEvery: 100 }),
    workers: 0,
  });
  const events = readEvents(join(out, "events.jsonl"));
  expect(events.at(-1)!.kind).toBe("exported");
  const told = events.flatMap((event) => (event.kind === "warning" ? [event.message] : []));
  expect(told.filter((message) => message.includes("left out"))).toEqual([
    expect.stringMatching(/example 0: at offset 64: expected CRC-32 \d+, got \d+: left out, another picture/),
  ]);
});
