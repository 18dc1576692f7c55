/**
 * Memory of a training run over 10,000 steps of LeNet++ on MNIST, batches of 4 prepared in a thread: the process's
 * resident set after every tenth of the way.
 *
 * npm run bench train-memory [-- STEPS]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelStore } from "arcface-ts";
import { parseTrainConfig, train } from "arcface-ts/train";
import { figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";

const STEPS = Number(process.argv[2] ?? 10_000);
const folder = mkdtempSync(join(tmpdir(), "arcface-memory-"));
const config = parseTrainConfig({
  data: "mnist",
  network: "lenet++",
  batch: 4,
  steps: STEPS,
  head: { head: "arcface", scale: 16 },
  learningRate: 1e-3,
  validation: { heldOut: 0 },
  checkpointEvery: Math.max(1, STEPS / 10),
  logEvery: Math.max(1, STEPS / 10),
});
console.log(`${describeMachine()}\n${STEPS} steps`);
const resident: number[] = [];
await train({
  out: join(folder, "run"),
  config,
  workers: 1,
  store: new ModelStore({ home: process.env["ARCFACE_HOME"] }),
  onEvent(event) {
    if (event.kind !== "step") return;
    const megabytes = process.memoryUsage.rss() / 1e6;
    resident.push(megabytes);
    console.log(
      `step ${event.step}: ${megabytes.toFixed(0)} MB, ${(event.imagesPerSecond / 4).toFixed(0)} steps/s`,
    );
  },
});
const [first = 0] = resident;
figure("megabytes.low", Math.min(...resident));
figure("megabytes.high", Math.max(...resident));
figure("steps", STEPS);
console.log(`from the first tenth to the last: ${((resident.at(-1) ?? 0) - first).toFixed(0)} MB more`);
rmSync(folder, { recursive: true });
