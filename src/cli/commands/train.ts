import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { FaceError, parseJson } from "../../core/index.ts";
import type { RunEvent, RunReport, TrainConfig } from "../../train/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { openStore, whole } from "../options.ts";
import { expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";

interface TrainFlags {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly set?: readonly (readonly [key: string, value: unknown])[];
  readonly workers?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Flags that are settings of the run, by the setting's name. */
const SETTINGS = {
  data: "data",
  network: "network",
  head: "head",
  embedding: "embedding",
  batch: "batch",
  epochs: "epochs",
  steps: "steps",
  lr: "learningRate",
  optimiser: "optimiser",
  schedule: "schedule",
  seed: "seed",
  init: "init",
  device: "device",
  precision: "precision",
} as const;

/** `arcface train --data FACES --out RUN` */
export function trainCommand(program: Command, act: Act): void {
  program
    .command("train")
    .description("train a network with a margin head; a run goes on exactly where it was stopped")
    .option("--config <file>", "settings in YAML or JSON; flags beat them")
    .option("--data <path>", "a folder with a folder for every person, faces.pack, train.rec, or mnist")
    .option("--network <id>", "network to train (default mobilefacenet; digit-net for mnist)")
    .option("--head <name>", "loss: softmax, cosface, arcface, adaface, … (default arcface)")
    .option("--embedding <n>", "length of an embedding (default the network's usual one)", whole)
    .option("--batch <n>", "pictures in a step (default 64)", whole)
    .option("--epochs <n>", "length of the run (default 10)", number)
    .option("--steps <n>", "length of the run in steps", whole)
    .option("--lr <rate>", "highest learning rate (default 0.1)", number)
    .option("--optimiser <name>", "sgd, adamw or lars (default sgd)")
    .option("--schedule <name>", "constant, step, cosine or polynomial (default cosine)")
    .option("--seed <n>", "seed of everything random (default 1)", number)
    .option("--init <file>", "start from these weights: .pth, .safetensors, .onnx, …")
    .addOption(new Option("--device <device>", "where to compute (default cpu)").choices(["cpu", "webgpu"]))
    .addOption(
      new Option(
        "--precision <precision>",
        "mixed: convolutions in half precision, on webgpu (default single)",
      ).choices(["single", "mixed"]),
    )
    .option("--set <key=value>", "set anything else: --set head.marginRad=0.4", setting)
    .option("--out <run>", "folder for the run")
    .option("--resume <run>", "go on with the run in this folder")
    .option("--workers <n>", "threads that prepare batches (default half the cores)", whole)
    .option("--threads <n>", "threads that compute (default one per core)", whole)
    .option("--json", "print every event and the report as JSON, a line each")
    .addHelpText(
      "after",
      `
The run's folder holds config.yaml, events.jsonl and checkpoints/. At the end it also holds model.onnx with its card,
which every command takes as --model. Ctrl-C saves a checkpoint if the step under way ends within a second. If not, the
run goes on from the last one: they are written after every epoch, or every 1000 steps if that is sooner.

Examples:
  arcface train --data people/ --out runs/first --network mobilefacenet --head arcface --epochs 20
  arcface train --resume runs/first
  arcface compare a.jpg b.jpg --model runs/first/model.onnx`,
    )
    .action(act(trainRun));
}

/** Training is loaded when it is wanted: other commands need not wait for it. */
const training = async () => await import("../../train/index.ts");

async function trainRun(io: CliIo, flags: TrainFlags): Promise<number> {
  const config = await configOf(flags);
  const { train } = await training();
  const out = flags.resume ?? flags.out;
  if (out === undefined)
    throw new FaceError("USAGE", { where: "train", expected: "--out RUN or --resume RUN", got: "neither" });
  await expectWritableFolder(out);
  const bar = progressBar(io, { lines: !flags.json });
  try {
    const report = await train({
      out,
      config,
      store: openStore(io),
      workers: flags.workers,
      threads: flags.threads,
      signal: io.signal,
      onProgress: bar.update,
      onEvent(event) {
        if (flags.json) io.out(`${JSON.stringify(event)}\n`);
        const line = flags.json ? undefined : lineOf(event);
        if (line === undefined) return;
        bar.stop();
        io.err(`${line}\n`);
      },
    });
    bar.stop();
    return finished(io, report, flags);
  } finally {
    bar.stop();
  }
}

function finished(io: CliIo, report: RunReport, flags: TrainFlags): number {
  if (flags.json) io.out(`${JSON.stringify({ kind: "report", ...report })}\n`);
  else if (report.model !== undefined) io.out(`${report.model}\n`);
  if (report.reason !== "interrupted") return EXIT.ok;
  if (!flags.json) {
    io.err(
      `stopped after step ${report.step} of ${report.steps}, with a checkpoint; arcface train --resume ${report.out} goes on\n`,
    );
  }
  return EXIT.interrupted;
}

/** The configuration of a new run from file and flags; undefined for one that goes on. */
async function configOf(flags: TrainFlags): Promise<TrainConfig | undefined> {
  const { parseTrainConfig, readSettings } = await training();
  const given = Object.entries(SETTINGS).filter(([flag]) => flag in flags);
  if (flags.resume !== undefined) {
    const contrary = [
      ...given.map(([flag]) => flag),
      ...(["config", "set", "out"] as const).filter((flag) => flag in flags),
    ];
    if (contrary.length > 0) {
      throw new FaceError("USAGE", {
        where: "train",
        expected: "--resume without settings, which are those the run was begun with",
        got: `--${contrary[0]}`,
      });
    }
    return undefined;
  }
  const settings: Record<string, unknown> = flags.config === undefined ? {} : readSettings(flags.config);
  for (const [flag, key] of given) settings[key] = (flags as Record<string, unknown>)[flag];
  if ("steps" in flags && !("epochs" in flags)) delete settings["epochs"];
  if ("epochs" in flags && !("steps" in flags)) delete settings["steps"];
  for (const [key, value] of flags.set ?? []) assign(settings, key.split("."), value);
  // The run's folder keeps the settings: a run goes on from wherever one stands.
  for (const key of ["data", "init"]) {
    const path = settings[key];
    if (typeof path === "string" && !(key === "data" && path === "mnist")) settings[key] = resolve(path);
  }
  return parseTrainConfig(settings, flags.config ?? "train");
}

/** Sets a value inside nested settings; a name that stands for a choice is opened up for its settings. */
function assign(
  settings: Record<string, unknown>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    settings[key] = value;
    return;
  }
  const inner = settings[key];
  const choice = key === "head" ? "head" : "name";
  const opened = typeof inner === "string" ? { [choice]: inner } : { ...(inner as Record<string, unknown>) };
  if (key === "head" && !("head" in opened)) opened["head"] = "arcface";
  if (key === "optimiser" && !("name" in opened)) opened["name"] = "sgd";
  if (key === "schedule" && !("name" in opened)) opened["name"] = "cosine";
  assign(opened, rest, value);
  settings[key] = opened;
}

/** The words for an event; steps are on the progress bar. */
function lineOf(event: RunEvent): string | undefined {
  switch (event.kind) {
    case "started": {
      const heldOut = event.heldOut > 0 ? `, ${event.heldOut} held out` : "";
      return `${event.network} (${(event.parameters / 1e6).toFixed(2)} M parameters, ${event.embedding}-d) on ${event.examples} pictures of ${event.classes} classes${heldOut}, ${event.steps} steps on ${event.device}`;
    }
    case "resumed":
      return `going on after step ${event.step}`;
    case "validation": {
      const tar = event.tarAtFar.at(-1);
      const rate = tar ? `, ${(100 * tar.tar).toFixed(1)} % of genuine pairs at FAR ${tar.far}` : "";
      return `step ${event.step}: ${event.best ? "best yet: " : ""}${(100 * event.accuracy).toFixed(2)} % of held-out pairs right, AUC ${event.auc.toFixed(4)}${rate}; one person ${event.genuineDeg.toFixed(1)}°, two ${event.impostorDeg.toFixed(1)}°`;
    }
    case "warning":
      return `arcface: ${event.message}`;
    default:
      return undefined;
  }
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** `key=value`, the value as JSON where it is some, else as text. */
function setting(
  text: string,
  earlier: readonly (readonly [string, unknown])[] = [],
): readonly (readonly [string, unknown])[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Expected key=value.");
  const value = text.slice(at + 1);
  return [...earlier, [text.slice(0, at), parsed(value)]];
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
