import { setImmediate } from "node:timers/promises";
import { BatchLoader } from "../data/index.ts";
import { measuredHead } from "./measured-head.ts";
import { openTrainingData } from "./open-data.ts";
import { optimiserOf } from "./optimiser-config.ts";
import { RunFolder } from "./run-folder.ts";
import { RunJournal, type RunReport } from "./run-journal.ts";
import type { RunOptions } from "./run-options.ts";
import { planRun } from "./run-plan.ts";
import { networkOf, settleConfig } from "./settle.ts";
import { openStep, trainOn } from "./step-of-run.ts";

/**
 * A training run: data → batches → network → head → loss → gradients → optimiser → checkpoint.
 *
 * Every step follows from the configuration and its own number, and everything that is learnt is in the checkpoint:
 * resumed after an interruption, a run goes on bit by bit as if there had been none. An aborted signal ends it
 * with a checkpoint.
 *
 * Computes on the calling thread; {@link train} does it in a worker.
 *
 * Throws    FaceError USAGE, BAD_FILE, MODEL_MISMATCH for what cannot be trained; STORAGE; DIVERGED; ABORTED before
 *           the first step
 */
export async function runTraining(options: RunOptions): Promise<RunReport> {
  using folder = options.config
    ? RunFolder.create(options.out, settleConfig(options.config))
    : RunFolder.resume(options.out);
  const config = settleConfig(folder.config);
  const network = networkOf(config);
  using data = await openTrainingData(config, network.input, options);
  const plan = planRun(config, data.training);
  await using batches = BatchLoader.open(data.training, { ...config, ...plan, workers: options.workers });
  const head = measuredHead(config, plan);
  const optimiser = optimiserOf(config.optimiser);
  await using step = await openStep(config, { network, head, optimiser }, options);
  using journal = await RunJournal.open({ ...options, folder, config, network, data, plan, batches, step });
  for await (const batch of batches.from(journal.done)) {
    if (journal.ended) break;
    const measures = await trainOn(step, batch, plan, config);
    await journal.after(batch, measures);
    // This thread reads its messages, such as the request to stop, between two steps.
    await setImmediate();
  }
  return await journal.finish();
}
