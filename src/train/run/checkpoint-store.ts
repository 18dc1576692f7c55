import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  floatTensorOf,
  memoryTensor,
  type NamedTensor,
  openCheckpoint,
  writeCheckpoint,
} from "../../checkpoints/index.ts";
import { FaceError, parseJson, readTextSync, reasonOf, systemCode } from "../../core/index.ts";
import { sha256 } from "../../models/index.ts";
import type { WeightSource, Weights } from "../../networks/index.ts";

/** The state that a run resumes from. Everything random follows from the seed and the step. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** The network's own tensors under their names. */
  readonly weights: Weights;
  /** All others: class centres, the optimiser's memory, what a head keeps. */
  readonly training: Weights;
  readonly validation: ValidationRecord;
}

const ValidationRecordSchema = z.strictObject({
  /** The best figure so far and the step it was measured at. */
  best: z.number().nullable(),
  bestStep: z.number().int().min(0),
  /** Validations since. */
  since: z.number().int().min(0),
});

/** The course of validation so far. */
export type ValidationRecord = z.infer<typeof ValidationRecordSchema>;

/** The run that a checkpoint belongs to; it is refused by a run of anything else. */
export interface RunIdentity {
  readonly network: string;
  readonly embedding: number;
  readonly head: string;
  readonly classes: number;
  readonly seed: number;
  /** Of the training data. */
  readonly fingerprint: string;
}

const Identity = z.strictObject({
  network: z.string(),
  embedding: z.number().int(),
  head: z.string(),
  classes: z.number().int(),
  seed: z.number().int(),
  fingerprint: z.string(),
});

const Manifest = z.strictObject({
  format: z.literal("arcface-training-checkpoint"),
  version: z.literal(1),
  step: z.number().int().min(0),
  run: Identity,
  validation: ValidationRecordSchema,
  /** sha256 of each file beside this one. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

const WEIGHTS = "weights.safetensors";
const TRAINING = "training.safetensors";
const MANIFEST = "checkpoint.json";
/** The newest ones that are kept: should one be damaged, the one before it counts. */
const KEPT = 2;

/** A checkpoint that could be read, and those newer ones that could not. */
export interface Restored {
  readonly path: string;
  readonly state: TrainingState;
  readonly damaged: readonly FaceError[];
}

/**
 * The checkpoints of a run: a folder each, written beside its place and renamed when it is whole. The two newest and
 * the best are kept.
 */
export class CheckpointStore {
  readonly #folder: string;
  readonly #run: RunIdentity;

  constructor(folder: string, run: RunIdentity) {
    this.#folder = folder;
    this.#run = run;
  }

  /**
   * Writes a checkpoint and removes those no longer needed.
   *
   * Returns   its folder
   * Throws    FaceError STORAGE, which leaves the earlier ones as they are; DIVERGED for numbers that are not finite
   */
  write(state: TrainingState): string {
    expectFinite(state);
    const path = this.#pathOf(state.step);
    const draft = `${path}.part`;
    try {
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      const files: Record<string, string> = {};
      for (const [name, tensors] of [
        [WEIGHTS, state.weights],
        [TRAINING, state.training],
      ] as const) {
        const file = join(draft, name);
        writeCheckpoint(
          file,
          "safetensors",
          [...tensors].map(([tensor, source]) => storedAs(tensor, source)),
        );
        files[name] = sha256(readFileSync(file));
      }
      const manifest: z.input<typeof Manifest> = {
        format: "arcface-training-checkpoint",
        version: 1,
        step: state.step,
        run: this.#run,
        validation: state.validation,
        files,
      };
      const file = join(draft, MANIFEST);
      writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true });
      rmSync(path, { recursive: true, force: true });
      renameSync(draft, path);
      syncFolder(this.#folder);
    } catch (cause) {
      rmSync(draft, { recursive: true, force: true });
      throw this.#storageError(path, cause);
    }
    this.#prune(state);
    return path;
  }

  /**
   * The newest checkpoint that is whole.
   *
   * Throws    FaceError MODEL_MISMATCH when it is of another run; BAD_FILE when there are some and none is whole.
   *           Undefined when there is none at all
   */
  restore(): Restored | undefined {
    const damaged: FaceError[] = [];
    for (const step of this.#steps().reverse()) {
      try {
        return { path: this.#pathOf(step), state: this.read(step), damaged };
      } catch (thrown) {
        if (!(thrown instanceof FaceError) || thrown.code === "MODEL_MISMATCH") throw thrown;
        damaged.push(thrown);
      }
    }
    if (damaged[0]) {
      throw new FaceError("BAD_FILE", {
        where: this.#folder,
        expected: "a checkpoint that is whole",
        got: damaged[0].message,
      });
    }
    return undefined;
  }

  /** The checkpoint of a step. Throws FaceError BAD_FILE when it is damaged, MODEL_MISMATCH when it is of another run. */
  read(step: number): TrainingState {
    const path = this.#pathOf(step);
    const manifest = readManifest(join(path, MANIFEST));
    expectSameRun(path, manifest.run, this.#run);
    const tensors = (name: string): Weights => {
      const file = join(path, name);
      const digest = sha256(readFileSync(file));
      if (digest !== manifest.files[name])
        throw new FaceError("BAD_FILE", {
          where: file,
          expected: `sha256 ${manifest.files[name]}`,
          got: digest,
        });
      using checkpoint = openCheckpoint(file);
      return new Map(
        [...checkpoint.tensors].map(([tensor, { shape, floats }]) => [tensor, inMemory(shape, floats())]),
      );
    };
    try {
      const { validation } = manifest;
      return { step: manifest.step, weights: tensors(WEIGHTS), training: tensors(TRAINING), validation };
    } catch (cause) {
      if (cause instanceof FaceError) throw cause;
      throw new FaceError("BAD_FILE", { where: path, expected: "a whole checkpoint", cause });
    }
  }

  #prune({ step, validation }: TrainingState): void {
    const steps = this.#steps();
    const kept = new Set([...steps.slice(-KEPT), step, validation.bestStep]);
    for (const old of steps) if (!kept.has(old)) rmSync(this.#pathOf(old), { recursive: true, force: true });
    // Files left by a process that was stopped while it wrote.
    for (const name of readdirSync(this.#folder))
      if (name.endsWith(".part")) rmSync(join(this.#folder, name), { recursive: true, force: true });
  }

  /** Steps that have a checkpoint, rising. */
  #steps(): number[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .flatMap((name) => /^step-(\d{1,15})$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  #pathOf(step: number): string {
    return join(this.#folder, `step-${String(step).padStart(8, "0")}`);
  }

  #storageError(path: string, cause: unknown): FaceError {
    const inner = cause instanceof FaceError ? cause.cause : cause;
    const got = systemCode(inner) === "ENOSPC" ? "a full disk" : reasonOf(inner ?? cause);
    const last = this.#steps().at(-1);
    const rest = last === undefined ? "there is none before it" : `the one of step ${last} is whole`;
    return new FaceError("STORAGE", {
      where: path,
      expected: "room for a checkpoint",
      got,
      note: rest,
      cause,
    });
  }
}

/** Batch norms' counts are whole numbers in PyTorch's files, and so in ours. */
function storedAs(name: string, { shape, floats }: WeightSource): NamedTensor {
  if (!name.endsWith("num_batches_tracked")) return floatTensorOf(name, shape, floats());
  const counts = BigInt64Array.from(floats(), (count) => BigInt(Math.round(count)));
  return memoryTensor(name, "int64", shape, new Uint8Array(counts.buffer));
}

/** A tensor whose numbers are in memory. */
export function inMemory(shape: readonly number[], values: Float32Array): WeightSource {
  return { shape, floats: () => Float32Array.from(values) };
}

function readManifest(path: string): z.infer<typeof Manifest> {
  try {
    return Manifest.parse(parseJson(readTextSync(path)));
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "a checkpoint's manifest", cause });
  }
}

function expectSameRun(path: string, got: RunIdentity, wanted: RunIdentity): void {
  for (const key of Object.keys(wanted) as (keyof RunIdentity)[]) {
    if (got[key] === wanted[key]) continue;
    const what = key === "fingerprint" ? "the data it was trained on" : `${key} ${wanted[key]}`;
    const other = key === "fingerprint" ? "other data" : `${got[key]}`;
    throw new FaceError("MODEL_MISMATCH", {
      where: path,
      expected: `a checkpoint of this run: ${what}`,
      got: other,
    });
  }
}

/** A state that is not finite must never take the place of one that is. */
function expectFinite({ weights, training, step }: TrainingState): void {
  for (const [name, source] of [...weights, ...training]) {
    const values = source.floats();
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) continue;
      throw new FaceError("DIVERGED", {
        where: `step ${step}`,
        expected: "finite numbers",
        got: `${values[i]} in ${name}`,
      });
    }
  }
}

/** Makes a rename outlast a power failure, where the system can. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } catch {
    // Not every file system syncs folders.
  } finally {
    closeSync(folder);
  }
}
