import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { prepareNetwork } from "../src/models/index.ts";
import { prepareInTrial } from "../src/models/trial.ts";
import { encodeOnnx, GraphBuilder } from "../src/onnx/index.ts";
import { hasTerminal, interrupt } from "./interrupt.ts";
import { store } from "./pack.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-trial-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { input: "x", example: [1, 3, 112, 112] };
const GENEROUS = { seconds: 60, bytes: 2 ** 31 };

/** A small file whose sizes are settled only while it runs, and that multiplies or keeps so many large values. */
function bomb(kind: "time" | "memory", count: number): Uint8Array {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 3, 112, 112]);
  // Sizes that follow from the picture: nobody knows them before it runs.
  const one = builder.node("ReduceMax", [x], { keepdims: 0 });
  const size = builder.node("Add", [builder.node("Mul", [one, builder.scalar(0)]), builder.scalar(6000)]);
  const whole = builder.node("Unsqueeze", [builder.node("Cast", [size], { to: 7 }), builder.int([0])]);
  const side = builder.node("Concat", [whole, whole], { axis: 0 });
  let value = builder.node("Expand", [one, side]);
  if (kind === "time") for (let n = 0; n < count; n++) value = builder.node("MatMul", [value, value]);
  else {
    const parts = Array.from({ length: count }, (_, n) =>
      builder.node("Add", [builder.node("Expand", [one, side]), builder.scalar(n)]),
    );
    value = builder.node("Sum", parts);
  }
  builder.node("Add", [x, builder.node("ReduceMax", [value], { keepdims: 0 })], {}, "y");
  builder.output("y", ["N", 3, 112, 112]);
  return encodeOnnx(builder.finish({ producer: "test", opset: 17 }));
}

test("a network that is all right comes out of its trial as it would without one", async () => {
  const file = await readFile((await store.pull("mobilefacenet-192")).get("MobileFaceNet.tflite")!);
  const options = { input: "input", example: [1, 3, 112, 112] };
  const tried = await prepareInTrial(file, options);
  const straight = await prepareNetwork(file, options);
  expect(tried.report).toEqual(straight.report);
  expect(Buffer.compare(tried.onnx, straight.onnx)).toBe(0);
});

test("a network that computes too long ends its process, not this one", async () => {
  const began = performance.now();
  await expect(prepareInTrial(bomb("time", 200), OPTIONS, { ...GENEROUS, seconds: 3 })).rejects.toMatchObject(
    {
      code: "BAD_MODEL",
      message: "expected a network that is opened and run within 3 s, got one that takes longer",
    },
  );
  expect(performance.now() - began).toBeLessThan(15_000);
});

test("a network that takes too much memory ends its process, not this one", async () => {
  const file = bomb("memory", 60);
  expect(file.length).toBeLessThan(10_000);
  await expect(prepareInTrial(file, OPTIONS, { ...GENEROUS, bytes: 2 ** 29 })).rejects.toMatchObject({
    code: "BAD_MODEL",
    message: "expected a network that is opened and run within 0.5 GiB of memory, got one that takes more",
  });
});

test("what is no network is refused with the sentence it always had", async () => {
  await expect(prepareInTrial(Uint8Array.of(1, 2, 3), OPTIONS)).rejects.toMatchObject({ code: "BAD_MODEL" });
});

test("a network that fails only when it runs is refused with the engine's reason, each time", async () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 3, 112, 112]);
  const largest = builder.node("ReduceMax", [x], { keepdims: 0 });
  // Its size follows from the picture, so that nobody can refuse it before it runs: 129 numbers out of one.
  builder.node(
    "Reshape",
    [builder.node("Unsqueeze", [largest, builder.int([0])]), builder.int([1, 129])],
    {},
    "y",
  );
  builder.output("y", [1, 129]);
  const file = encodeOnnx(builder.finish({ producer: "test", opset: 17 }));
  // On Node 20 one trial in three never began, and was refused for its time.
  for (let n = 0; n < 10; n++)
    await expect(prepareInTrial(file, OPTIONS, { ...GENEROUS, seconds: 10 })).rejects.toMatchObject({
      code: "BAD_MODEL",
      message: expect.stringMatching(/^onnxruntime: .*Reshape/),
    });
}, 180_000);

test("aborting ends the trial and its process", async () => {
  const controller = new AbortController();
  const trial = prepareInTrial(bomb("time", 200), { ...OPTIONS, signal: controller.signal }, GENEROUS);
  setTimeout(() => controller.abort(), 1000);
  await expect(trial).rejects.toMatchObject({ code: "ABORTED" });
  await expectNoTrial();
});

test.skipIf(!hasTerminal)(
  "Ctrl-C ends a conversion whose network computes for minutes, and no process is left [needs python3]",
  async () => {
    const path = join(folder, "slow.onnx");
    writeFileSync(path, bomb("time", 200));
    const ended = await interrupt(["convert", path, "--out", join(folder, "out.onnx")], { after: 4 });
    expect(ended.seconds, ended.output).toBeLessThan(2);
    expect(ended.exit ?? 128 + ended.signal!, ended.output).toBe(130);
    await expectNoTrial();
  },
);

/** Waits until no process of a trial is there; looks where the system lists its processes in a folder. */
async function expectNoTrial(): Promise<void> {
  if (process.platform !== "linux") return;
  const trials = (): string[] =>
    readdirSync("/proc").filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return command.includes(join(import.meta.dirname, "..")) && command.includes("trial-process");
      } catch {
        return false;
      }
    });
  await expect.poll(trials, { timeout: 10_000 }).toEqual([]);
}
