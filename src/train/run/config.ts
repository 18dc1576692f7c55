import { parse, stringify } from "yaml";
import { z } from "zod";
import { expectShallowYaml, FaceError, readTextSync } from "../../core/index.ts";
import { HeadConfigSchema, type HeadSettings } from "../heads/index.ts";
import { type OptimiserConfig, OptimiserSchema } from "./optimiser-config.ts";
import { parseSettings } from "./parse-settings.ts";
import { type Schedule, ScheduleSchema } from "./schedule.ts";

const whole = z.number().int().positive();
const chance = z.number().min(0).max(1);

/** A name alone stands for a choice with its defaults: `head: arcface` for `head: { head: arcface }`. */
const named = <S extends z.ZodType>(key: string, schema: S) =>
  z.preprocess((value) => (typeof value === "string" ? { [key]: value } : value), schema);

/** The settings of a run's augmentation; those left out are 0, and `flip` as suits the data. */
const AugmentationSchema = z.strictObject({
  flip: chance.optional(),
  shiftPx: z.number().min(0).max(64).default(0),
  scale: z.number().min(0).max(0.5).default(0),
  colour: chance.default(0),
  grey: chance.default(0),
  blur: chance.default(0),
  occlusion: chance.default(0),
});

/** Everything that a training run can be told; see docs/formats.md for what each setting does. */
export const TrainConfigSchema = z.strictObject({
  /** A folder with a folder for every person, a pack, `train.rec`, or `mnist`. */
  data: z.string().min(1),
  /** People with fewer pictures are left out. */
  minImages: whole.default(1),
  /** Id of a network. @default "mobilefacenet", "digit-net" for mnist */
  network: z.string().optional(),
  /** Numbers in an embedding. @default what the network usually has */
  embedding: z.number().int().min(2).max(8192).optional(),
  head: named("head", HeadConfigSchema).prefault("arcface"),
  batch: z.number().int().min(2).max(65_536).default(64),
  /** Share of the classes that a step looks at, beside those of its batch (Partial FC); 1 for all. */
  sampleRate: z.number().gt(0).max(1).default(1),
  /** Pictures of each person in a batch; 0 for batches drawn without regard to people. */
  picturesPerPerson: z.number().int().min(0).default(0),
  augmentation: AugmentationSchema.prefault({}),
  optimiser: named("name", OptimiserSchema).prefault("sgd"),
  learningRate: z.number().positive().max(1000).default(0.1),
  schedule: named("name", ScheduleSchema).prefault("cosine"),
  warmupSteps: z.number().int().min(0).default(0),
  /** Largest length of the gradient of all parameters together; longer ones are shortened to it. */
  clipNorm: z.number().positive().nullable().default(5),
  /** Length of the run: epochs, or steps. @default 10 epochs */
  epochs: z.number().positive().max(100_000).optional(),
  steps: whole.optional(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  validation: z
    .strictObject({
      /** People kept out of training: a share below 1, or a number. 0 for none. @default a tenth, if that is two people */
      heldOut: z.number().min(0).optional(),
      /** Steps between validations. @default an epoch */
      every: whole.optional(),
      /** At most so many faces of them are embedded each time. */
      maxFaces: z.number().int().min(4).max(5000).default(2000),
    })
    .prefault({}),
  /** Ends the run after so many validations without a better one; 0 never. */
  patience: z.number().int().min(0).default(0),
  /** Steps between checkpoints. @default an epoch, at most 1000 */
  checkpointEvery: whole.optional(),
  /** Steps between lines of `events.jsonl`. */
  logEvery: whole.default(10),
  /** Weights to begin with, in any format that is read. */
  init: z.string().optional(),
  device: z.enum(["cpu", "webgpu"]).default("cpu"),
  /** `mixed` computes dense convolutions and their data gradients in half precision; WebGPU only. */
  precision: z.enum(["single", "mixed"]).default("single"),
});

/** A run's settings, defaults filled in. */
export type TrainConfig = z.output<typeof TrainConfigSchema>;
/** A run's settings as far as they differ from the defaults; a name alone stands for a choice with its defaults. */
export type TrainSettings = Omit<z.input<typeof TrainConfigSchema>, "head" | "optimiser" | "schedule"> & {
  readonly head?: HeadSettings | HeadSettings["head"];
  readonly optimiser?: z.input<typeof OptimiserSchema> | OptimiserConfig["name"];
  readonly schedule?: z.input<typeof ScheduleSchema> | Schedule["name"];
};

/** Settings with their defaults. Throws FaceError USAGE naming a key that does not exist and the nearest that does. */
export function parseTrainConfig(settings: unknown, where = "config"): TrainConfig {
  const config = parseSettings(TrainConfigSchema, settings, where);
  if (config.epochs !== undefined && config.steps !== undefined)
    throw new FaceError("USAGE", { where, expected: "epochs or steps", got: "both" });
  if (config.precision === "mixed" && config.device === "cpu") {
    throw new FaceError("USAGE", {
      where: `${where}: precision`,
      expected: "single",
      got: "mixed with device cpu, where the engine has no half-precision convolutions",
      note: "choose device webgpu",
    });
  }
  if (config.picturesPerPerson > 0 && config.batch % config.picturesPerPerson !== 0) {
    throw new FaceError("USAGE", {
      where: `${where}: batch`,
      expected: `a multiple of picturesPerPerson, ${config.picturesPerPerson}`,
      got: config.batch,
    });
  }
  return config;
}

/** Of a file of settings: some two thousand of them. */
const MAX_BYTES = 2 ** 16;

/**
 * Settings from a YAML or JSON file, not yet checked.
 *
 * Throws    FaceError BAD_FILE when it cannot be read, USAGE when it is neither
 */
export function readSettings(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readTextSync(path, MAX_BYTES);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "a file of settings", cause });
  }
  let settings: unknown;
  try {
    expectShallowYaml(text);
    // Every JSON file is YAML too. A file that refers to itself over and over is refused by the limit on aliases.
    settings = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw new FaceError("USAGE", { where: path, expected: "YAML or JSON", cause });
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw new FaceError("USAGE", { where: path, expected: "settings by name", got: "something else" });
  return settings as Record<string, unknown>;
}

/** A configuration as the YAML file that gives it again. */
export function printConfig(config: TrainConfig): string {
  return stringify(config, { lineWidth: 0 });
}
