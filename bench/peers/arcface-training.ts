/** arcface's side of `npm run bench train`: NET [plain|blocked]; a line with a number of steps in, milliseconds a step and of processor time out. */
import { createInterface } from "node:readline";
import { formFor, sgd, TrainingStep } from "../../src/train/step/index.ts";
import { formulaNoise, formulaWeights } from "../../test/formula-weights.ts";
import { arcFaceForBench, TRAINING_NETS } from "./training-nets.ts";

const [, , name = "A", form = "auto", profile] = process.argv;
const { network, batch, classes } = TRAINING_NETS[name]!();
const step = await TrainingStep.open({
  network,
  batch,
  head: arcFaceForBench(
    classes,
    formulaNoise("head.weight", classes * network.embedding, (u) => u / 10),
  ),
  optimiser: sgd({ momentum: 0.9, weightDecay: 5e-4 }),
  weights: formulaWeights(network),
  form: form === "plain" ? { kind: "plain", device: "cpu" } : await formFor("cpu"),
  threads: Number(process.env["THREADS"] ?? 2),
  ...(profile && { profile }),
});
const images = formulaNoise("pictures", batch * network.input.reduce((a, b) => a * b));
const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes);
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "memory") {
    console.log(process.resourceUsage().maxRSS * 1024);
    continue;
  }
  const count = Number(line);
  const [start, before] = [performance.now(), process.cpuUsage()];
  let loss = 0;
  for (let i = 0; i < count; i++) ({ loss } = await step.run({ images, labels, learningRate: 0.01 }));
  const took = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  console.log(`${took / count} ${(user + system) / 1000 / count} ${loss}`);
}
await step.close();
