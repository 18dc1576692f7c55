import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { FaceError } from "../../core/index.ts";
import { calibrate, scorePairs } from "../../evaluate/index.ts";
import {
  type Calibration,
  calibrationPathOf,
  DEFAULT_MODELS,
  installedCalibrationPath,
  isModelFile,
  type ModelStore,
  writeCalibration,
} from "../../models/index.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import type { Act } from "../main.ts";
import { openStore, whole } from "../options.ts";
import { expectWritableFile } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import {
  addProtocolFlags,
  embedProtocol,
  type Protocol,
  type ProtocolFlags,
  pictureOptions,
  READERS,
} from "../protocol-options.ts";
import { peopleOf } from "../told-inputs.ts";

interface CalibrateFlags extends ProtocolFlags {
  readonly targetFmr: number;
  readonly out?: string;
  readonly install?: boolean;
}
interface LfwFlags extends CalibrateFlags {
  readonly images: string;
  readonly pairs: string;
}
interface FolderFlags extends CalibrateFlags {
  readonly pairs: number;
}

/** Pairs of each kind drawn from a folder. */
const DRAWN = 200_000;

/** `arcface calibrate PROTOCOL` */
export function calibrateCommand(program: Command, act: Act): void {
  const command = program
    .command("calibrate")
    .description(
      "measure what a model's scores mean, on pairs of known people; compare and search then say it",
    )
    .addHelpText(
      "after",
      "\nA calibration is for one model, one detector, with or without --flip; elsewhere it is refused.\n\nExample:\n  arcface calibrate folder people/ --model model.onnx --install",
    );
  const add = (name: string, description: string): Command =>
    addProtocolFlags(command.command(name).description(description))
      .option("--target-fmr <rate>", "false match rate that the threshold keeps", rate, 0.001)
      .option("--out <file.json>", "where the calibration goes")
      .option("--install", "put it where it is found by itself: beside the model's file, or in the store");
  add("lfw", "LFW's official pairs")
    .requiredOption("--images <dir>", "holds NAME/NAME_0001.jpg")
    .requiredOption("--pairs <file>", "pairs.txt")
    .addHelpText("after", "\nExample:\n  arcface calibrate lfw --images lfw/ --pairs pairs.txt --install")
    .action(
      act(async (io, flags: LfwFlags) => await run(io, flags, () => READERS.lfw(flags.images, flags.pairs))),
    );
  add("pairs", "pairs of a CSV file: path, path, same")
    .argument("<file>", "paths are relative to the file's folder; same is 1 or 0")
    .addHelpText("after", "\nExample:\n  arcface calibrate pairs mine.csv --out mine.json")
    .action(
      act(
        async (io, file: string, flags: CalibrateFlags) =>
          await run(io, flags, () => READERS.pairs(file, flags.seed)),
      ),
    );
  add("folder", "a folder with a folder for every person")
    .argument("<dir>", "holds a folder for every person")
    .option("--pairs <n>", "pairs of each kind to draw at most", whole, DRAWN)
    .addHelpText("after", "\nExample:\n  arcface calibrate folder people/ --target-fmr 1e-4 --install")
    .action(
      act(async (io, dir: string, flags: FolderFlags) => {
        return await run(io, flags, async () =>
          READERS.folder(await peopleOf(io, dir, flags), flags.pairs, false, flags.seed),
        );
      }),
    );
}

async function run(io: CliIo, flags: CalibrateFlags, read: () => Promise<Protocol>): Promise<number> {
  if (flags.out === undefined && !flags.install) {
    throw new FaceError(
      "USAGE",
      "calibrate: expected --out FILE or --install, got neither: the result would go nowhere",
    );
  }
  const store = openStore(io);
  const paths = [
    ...(flags.out === undefined ? [] : [flags.out]),
    ...(flags.install ? [await installPath(store, flags.model, flags.flip ?? false)] : []),
  ];
  for (const path of paths) await expectWritableFile(path);
  const protocol = await read();
  const { list } = protocol;
  const bar = progressBar(io);
  const { pipeline, measured, notKept } = await embedProtocol(
    protocol,
    await pictureOptions(io, flags, protocol, store, bar),
  );
  if (notKept !== undefined) io.err(`faces are not kept for the next run: ${notKept}\n`);
  const scored = scorePairs(list, measured, { signal: io.signal });
  const calibration = calibrate(
    scored,
    pipeline,
    { protocol: list.protocol, pictures: list.pictures.length },
    { targetFmr: flags.targetFmr, seed: flags.seed, resamples: flags.resamples },
  );
  bar.stop();
  for (const path of paths) await writeCalibration(path, calibration);
  if (flags.json) io.out(`${JSON.stringify({ files: paths, ...calibration })}\n`);
  else io.out(...describe(calibration, paths));
  return EXIT.ok;
}

async function installPath(
  store: ModelStore,
  model: string = DEFAULT_MODELS.embedder,
  flip: boolean,
): Promise<string> {
  if (await isModelFile(model)) return calibrationPathOf(model, flip);
  const path = installedCalibrationPath(store, model, flip);
  await mkdir(dirname(path), { recursive: true });
  return path;
}

function describe(calibration: Calibration, paths: readonly string[]): string[] {
  const { pipeline, data, target, threshold, thresholdInterval, falseMatches, falseNonMatches, intervals } =
    calibration;
  const { model, detector, flip } = pipeline;
  return [
    `${model.id}, detector ${detector?.id ?? "none"}, ${flip ? "with" : "without"} flip, on ${data.protocol}`,
    `threshold ${threshold.toFixed(4)} [${thresholdInterval.map((t) => t.toFixed(4)).join(", ")}] for a false match rate of at most ${target.fmr}: ${falseMatches} of ${data.impostorPairs} impostor pairs above it, ${falseNonMatches} of ${data.genuinePairs} genuine pairs below`,
    `${data.pictures} pictures of ${data.people} people, ${data.failures} without a usable face; intervals: ${intervals.confidence * 100} %, ${intervals.method}`,
    ...paths.map((path) => `${path}: written`),
  ];
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected a rate between 0 and 1.");
  return value;
}
