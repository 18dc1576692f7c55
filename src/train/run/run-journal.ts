import { type Network, parameterCount, parametersOf, type Weights } from "../../networks/index.ts";
import { peopleFolderSentences } from "../../photographs/index.ts";
import type { Batch, BatchLoader } from "../data/index.ts";
import type { TrainingStep } from "../step/index.ts";
import { CheckpointStore, type ValidationRecord } from "./checkpoint-store.ts";
import { embedExamples } from "./embed-examples.ts";
import type { EventLog } from "./event-log.ts";
import type { RunEvent, StepMeasures } from "./events.ts";
import { exportModel } from "./export-model.ts";
import type { TrainingData } from "./open-data.ts";
import type { RunFolder } from "./run-folder.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunPlan } from "./run-plan.ts";
import type { SettledConfig } from "./settle.ts";
import { stopDiverged } from "./stop-diverged.ts";
import { type HeldOutVerification, verifyHeldOut } from "./verification.ts";

/** The end of a run. */
export interface RunReport {
  readonly out: string;
  /** Steps done, of how many. */
  readonly step: number;
  readonly steps: number;
  /** All steps done, no better validation for long, or the caller's wish: then `out` can be resumed. */
  readonly reason: "finished" | "patience" | "interrupted";
  readonly last: StepMeasures | undefined;
  readonly validation: HeldOutVerification | undefined;
  /** The network as ONNX; absent when the run was interrupted. */
  readonly model?: string;
  /** The step its weights are from: the best validation's, or the last. */
  readonly modelStep?: number;
}

interface JournalParts extends RunOptions {
  readonly folder: RunFolder;
  readonly config: SettledConfig;
  readonly network: Network;
  readonly data: TrainingData;
  readonly plan: RunPlan;
  readonly batches: BatchLoader;
  readonly step: TrainingStep;
}

/** All of a run that is not computing: taking it up, events, validation, checkpoints, when it ends, the export. */
export class RunJournal {
  readonly #parts: JournalParts;
  readonly #store: CheckpointStore;
  readonly #log: EventLog;
  #record: ValidationRecord = { best: null, bestStep: 0, since: 0 };
  /** Pictures that could not be read, by their numbers: each is told once. */
  readonly #unreadable = new Set<number>();
  #done: number;
  #checkpointed = -1;
  #last: StepMeasures | undefined;
  #validation: HeldOutVerification | undefined;
  #since = performance.now();
  #stepsSince = 0;
  #waitedBefore = 0;

  private constructor(parts: JournalParts, store: CheckpointStore, log: EventLog, done: number) {
    this.#parts = parts;
    this.#store = store;
    this.#log = log;
    this.#done = done;
  }

  /** Loads the newest checkpoint into the step, if there is one, and opens the log. */
  static async open(parts: JournalParts): Promise<RunJournal> {
    const { folder, config, network, data, step } = parts;
    const store = new CheckpointStore(folder.checkpoints, {
      network: network.id,
      embedding: network.embedding,
      head: config.head.head,
      classes: data.training.classes.length,
      seed: config.seed,
      fingerprint: data.training.set.fingerprint,
    });
    const restored = store.restore();
    folder.begin();
    if (!restored) {
      const journal = new RunJournal(parts, store, folder.eventsUpTo(-1), 0);
      journal.#begin();
      return journal;
    }
    const { state, path, damaged } = restored;
    step.load(new Map([...state.weights, ...state.training]));
    const journal = new RunJournal(parts, store, folder.eventsUpTo(state.step), state.step);
    journal.#record = state.validation;
    journal.#checkpointed = state.step;
    for (const { message } of damaged) journal.#warn(`${message}; going on from step ${state.step}`);
    journal.#add({ kind: "resumed", step: state.step, checkpoint: path });
    return journal;
  }

  /** Steps done. */
  get done(): number {
    return this.#done;
  }

  /** True if no further step is wanted. */
  get ended(): boolean {
    return this.#reason !== undefined;
  }

  get #reason(): RunReport["reason"] | undefined {
    const { plan, config, signal } = this.#parts;
    if (this.#done >= plan.steps) return "finished";
    if (config.patience > 0 && this.#record.since >= config.patience) return "patience";
    return signal?.aborted ? "interrupted" : undefined;
  }

  /** Notes a step that was done, and validates and writes a checkpoint where that is due. */
  async after(batch: Batch, measures: StepMeasures): Promise<void> {
    const { plan, folder, network, onProgress } = this.#parts;
    if (!Number.isFinite(measures.loss))
      stopDiverged(folder.file("bad-batch.safetensors"), batch, network.input, measures);
    for (const { index, message } of batch.replaced) {
      if (this.#unreadable.has(index)) continue;
      this.#unreadable.add(index);
      this.#warn(`${message}: left out, another picture of its batch takes its place`);
    }
    this.#done = batch.step + 1;
    this.#last = measures;
    this.#stepsSince++;
    if (plan.logs(this.#done)) this.#logStep(measures);
    onProgress?.({ stage: "train", done: this.#done, total: plan.steps, note: noteOf(measures) });
    const began = performance.now();
    const best = plan.validates(this.#done) && (await this.#validate());
    if (best || plan.checkpoints(this.#done)) await this.#checkpoint();
    // Time that no step took does not count in pictures a second.
    this.#since += performance.now() - began;
  }

  /** Ends the run: a last checkpoint, and the network as ONNX unless the run is to go on later. */
  async finish(): Promise<RunReport> {
    const { folder, plan, network } = this.#parts;
    const reason = this.#reason ?? "interrupted";
    if (this.#checkpointed !== this.#done) await this.#checkpoint();
    this.#add({ kind: "stopped", step: this.#done, reason });
    const report = {
      out: folder.path,
      step: this.#done,
      steps: plan.steps,
      reason,
      last: this.#last,
      validation: this.#validation,
    };
    if (reason === "interrupted") return report;
    const modelStep = this.#record.best === null ? this.#done : this.#record.bestStep;
    const model = folder.file("model.onnx");
    await exportModel(model, network, this.#store.read(modelStep).weights, this.#provenance(modelStep));
    this.#add({ kind: "exported", step: this.#done, path: model, from: modelStep });
    return { ...report, model, modelStep };
  }

  [Symbol.dispose](): void {
    this.#log.close();
  }

  #begin(): void {
    const { config, network, data, plan } = this.#parts;
    this.#add({
      kind: "started",
      step: 0,
      steps: plan.steps,
      network: network.id,
      parameters: parameterCount(network),
      embedding: network.embedding,
      classes: data.training.classes.length,
      examples: data.training.indices.length,
      heldOut: data.heldOut?.classes.length ?? 0,
      single: data.single,
      leftOut: data.leftOut.length,
      device: config.device,
    });
    const { packed } = data;
    if (packed && packed.noFace.length + packed.failed.length > 0)
      this.#warn(
        `${packed.noFace.length} pictures without a face and ${packed.failed.length} unreadable ones left out`,
      );
    if (packed?.folder) for (const sentence of peopleFolderSentences(packed.folder)) this.#warn(sentence);
    for (const { message } of data.unreadable) this.#warn(`${message}: left out of validation`);
    if (data.single > 0) this.#warn(`${data.single} classes have a single picture`);
    if (!data.heldOut) this.#warn("no people held out: no validation");
  }

  #logStep(measures: StepMeasures): void {
    const { plan, config, batches } = this.#parts;
    const waited = batches.waitedMs - this.#waitedBefore;
    const seconds = (performance.now() - this.#since) / 1000 / this.#stepsSince;
    this.#add({
      kind: "step",
      step: this.#done,
      epoch: rounded(this.#done / plan.stepsPerEpoch, 3),
      learningRate: plan.learningRate(this.#done - 1),
      ...measures,
      imagesPerSecond: rounded(config.batch / seconds, 1),
      secondsLeft: Math.round((plan.steps - this.#done) * seconds),
      waiting: rounded(waited / 1000 / (seconds * this.#stepsSince), 4),
    });
    this.#since = performance.now();
    this.#stepsSince = 0;
    this.#waitedBefore = batches.waitedMs;
  }

  /** Tells whether the network tells unknown people apart better than ever before. */
  async #validate(): Promise<boolean> {
    const { data, network, threads, signal } = this.#parts;
    if (!data.heldOut || signal?.aborted) return false;
    const { weights } = await this.#state();
    const vectors = await embedExamples(network, weights, data.heldOut, { threads });
    const verification = verifyHeldOut(vectors, data.heldOut.labels);
    if (!verification) return false;
    this.#validation = verification;
    const best = this.#record.best === null || verification.auc > this.#record.best;
    this.#record = best
      ? { best: verification.auc, bestStep: this.#done, since: 0 }
      : { ...this.#record, since: this.#record.since + 1 };
    this.#add({ kind: "validation", step: this.#done, best, ...verification });
    return best;
  }

  async #checkpoint(): Promise<void> {
    const path = this.#store.write({ step: this.#done, ...(await this.#state()), validation: this.#record });
    this.#checkpointed = this.#done;
    this.#add({ kind: "checkpoint", step: this.#done, path });
  }

  async #state(): Promise<{ weights: Weights; training: Weights }> {
    const { step, network } = this.#parts;
    const state = await step.state();
    const own = new Set(parametersOf(network).map(({ name }) => name));
    const part = (wanted: boolean): Weights =>
      new Map([...state].filter(([name]) => own.has(name) === wanted));
    return { weights: part(true), training: part(false) };
  }

  #warn(message: string): void {
    this.#add({ kind: "warning", step: this.#done, message });
  }

  #add(event: RunEvent): void {
    this.#log.append(event);
    this.#parts.onEvent?.(event);
  }

  #provenance(step: number): string {
    const { config, data } = this.#parts;
    const { classes, indices } = data.training;
    return `Trained with arcface on ${indices.length} pictures of ${classes.length} classes (${config.data}), head ${config.head.head}, seed ${config.seed}, weights of step ${step}.`;
  }
}

/** The figures that a person watches while a run goes on. */
function noteOf({ loss, accuracy, ownDeg, nearestDeg }: StepMeasures): string {
  return `loss ${loss.toFixed(3)} · ${(100 * accuracy).toFixed(1)} % right · own ${ownDeg.toFixed(0)}° · nearest other ${nearestDeg.toFixed(0)}°`;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
