import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { counted, FaceError } from "../../core/index.ts";
import {
  calibrate,
  type Differentials,
  differentialsOf,
  evidenceOfPairs,
  evidenceOfPeople,
  readGroups,
  withGroups,
} from "../../evaluate/index.ts";
import {
  type Calibration,
  calibrationPathOf,
  DEFAULT_MODELS,
  installedCalibrationPath,
  isModelFile,
  type ModelStore,
  writeCalibration,
} from "../../models/index.ts";
import { thresholdText } from "../../verdict/index.ts";
import type { Act } from "../act.ts";
import { differentialTexts, groupRateText } from "../group-text.ts";
import type { CliIo } from "../io.ts";
import { openStore, whole } from "../options.ts";
import { expectWritableFile, writeWhole } from "../outputs.ts";
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
  readonly groups?: string;
  readonly groupsFigure?: string;
}
interface LfwFlags extends CalibrateFlags {
  readonly images: string;
  readonly pairs: string;
}
interface FolderFlags extends CalibrateFlags {
  readonly pairs: number;
}

/** Pairs of each kind drawn from a folder that is too large for all of them. */
const DRAWN = 200_000;
/** Pictures of which all pairs are compared: 200 million, which takes a minute. */
const MAX_PICTURES = 20_000;

/** `arcface calibrate PROTOCOL` */
export function calibrateCommand(program: Command, act: Act): void {
  const command = program
    .command("calibrate")
    .description(
      "measure what a model's scores mean, on pairs of known people; compare and search then tell it",
    )
    .addHelpText(
      "after",
      "\nA calibration is for one model, one detector, with or without --flip; elsewhere it is refused.\n\nExample:\n  arcface calibrate folder people/ --model model.onnx --install",
    );
  const add = (name: string, description: string): Command =>
    addProtocolFlags(command.command(name).description(description))
      .option("--target-fmr <rate>", "false match rate that the threshold keeps", rate, 0.001)
      .option("--out <file.json>", "write the calibration to this file")
      .option(
        "--groups <csv|dir>",
        "lines person,group or picture,group, or a folder for each group with people's folders in it: the threshold's error rates in each group, and each group's own threshold",
      )
      .option("--groups-figure <file>", "draw the groups' error rates: groups.svg or groups.png")
      .option("--install", "put it where commands find it: beside the model's file, or in the store");
  add("lfw", "measure on all pairs of the pictures that LFW's official pairs name")
    .requiredOption("--images <dir>", "LFW's folder, with NAME/NAME_0001.jpg in it")
    .requiredOption("--pairs <file>", "LFW's pairs.txt")
    .addHelpText("after", "\nExample:\n  arcface calibrate lfw --images lfw/ --pairs pairs.txt --install")
    .action(
      act(
        async (io, flags: LfwFlags) =>
          await run(io, flags, () => READERS.lfw(flags.images, flags.pairs), "LFW"),
      ),
    );
  add("pairs", "measure on the pairs of a CSV file: path, path, same")
    .argument("<file>", "paths are relative to the file's folder; same is 1 or 0")
    .addHelpText("after", "\nExample:\n  arcface calibrate pairs mine.csv --out mine.json")
    .action(
      act(
        async (io, file: string, flags: CalibrateFlags) =>
          await run(io, flags, () => READERS.pairs(file, flags.seed)),
      ),
    );
  add(
    "folder",
    "measure on a folder with a folder for every person: all pairs, each person weighing the same",
  )
    .argument("<dir>", "holds a folder for every person")
    .option(
      "--pairs <n>",
      `of more than ${MAX_PICTURES.toLocaleString("en")} pictures: pairs of each kind to draw`,
      whole,
      DRAWN,
    )
    .addHelpText("after", "\nExample:\n  arcface calibrate folder people/ --target-fmr 1e-4 --install")
    .action(
      act(async (io, dir: string, flags: FolderFlags) => {
        return await run(
          io,
          flags,
          async () => READERS.folder(await peopleOf(io, dir, flags), flags.pairs, false, flags.seed),
          dir,
        );
      }),
    );
}

/** @param all whose pictures they are, where all pairs of them may be compared */
async function run(
  io: CliIo,
  flags: CalibrateFlags,
  read: () => Promise<Protocol>,
  all?: string,
): Promise<number> {
  if (flags.out === undefined && !flags.install) {
    throw new FaceError("USAGE", {
      where: "calibrate",
      expected: "--out FILE or --install",
      got: "neither: the result would go nowhere",
    });
  }
  const store = openStore(io);
  const paths = [
    ...(flags.out === undefined ? [] : [flags.out]),
    ...(flags.install ? [await installPath(store, flags.model, flags.flip ?? false)] : []),
  ];
  for (const path of paths) await expectWritableFile(path);
  if (flags.groupsFigure !== undefined) {
    if (flags.groups === undefined)
      throw new FaceError("USAGE", { where: "--groups-figure", expected: "--groups beside it", got: "none" });
    await expectWritableFile(flags.groupsFigure, [".svg", ".png"]);
  }
  const protocol = await read();
  const { list } = protocol;
  const groups = flags.groups === undefined ? undefined : await readGroups(flags.groups, list.pictures);
  const bar = progressBar(io);
  const { pipeline, measured, exitCode } = await embedProtocol(
    io,
    flags,
    protocol,
    await pictureOptions(io, flags, protocol, store, bar),
  );
  const work = { signal: io.signal, onProgress: bar.update };
  const pictures = list.pictures.length.toLocaleString("en");
  const allPairs = all !== undefined && list.pictures.length <= MAX_PICTURES;
  const evidence = allPairs
    ? evidenceOfPeople(list, measured, `all pairs of ${pictures} pictures of ${all}`, work)
    : evidenceOfPairs(list, measured, work);
  const overall = calibrate(evidence, pipeline, { targetFmr: flags.targetFmr });
  const calibration = groups ? withGroups(overall, list, measured, groups, allPairs, work) : overall;
  bar.stop();
  for (const path of paths) await writeCalibration(path, calibration);
  const differentials = calibration.groups && differentialsOf(calibration.groups);
  const figure = flags.groupsFigure;
  if (figure !== undefined) await draw(figure, calibration);
  const files = [...paths, ...(figure === undefined ? [] : [figure])];
  if (flags.json)
    io.out(`${JSON.stringify({ files, ...calibration, ...(differentials && { differentials }) })}\n`);
  else io.out(...describe(calibration, differentials, files));
  return exitCode;
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

async function draw(path: string, { groups = [], threshold, pipeline, data }: Calibration): Promise<void> {
  const { groupRates, renderPng } = await import("../../plot/index.ts");
  const svg = groupRates(groups, {
    title: `Error rates of groups at ${threshold.toFixed(3)}`,
    note: `${pipeline.model.id}, ${data.protocol}`,
  });
  await writeWhole(path, path.toLowerCase().endsWith(".png") ? renderPng(svg) : svg);
}

function groupLine(
  { group, people, ...own }: NonNullable<Calibration["groups"]>[number],
  target: number,
): string {
  const rates = [
    groupRateText("FMR", own.fmr, own.impostorPairs),
    groupRateText("FNMR", own.fnmr, own.genuinePairs),
  ];
  const words = own.kept === "upper-bound" ? "at most" : "about";
  const threshold =
    own.threshold === null
      ? `too few pairs for a threshold of its own for ${100 * target} %`
      : `${words} ${100 * target} % at ${own.threshold.toFixed(4)}`;
  return `group ${group}, ${counted(people, "person", "people")}: ${rates.join(", ")}; ${threshold}`;
}

function describe(
  calibration: Calibration,
  differentials: Differentials | undefined,
  paths: readonly string[],
): string[] {
  const { pipeline, data, threshold, thresholdInterval, intervals } = calibration;
  const { model, detector, flip } = pipeline;
  const [low, high] = thresholdInterval;
  return [
    `${model.id}, detector ${detector?.id ?? "none"}, ${flip ? "with" : "without"} flip`,
    `threshold ${threshold.toFixed(4)}; that of the target lies in [${low.toFixed(4)}, ${high?.toFixed(4) ?? "?"}]`,
    thresholdText(calibration),
    `${counted(data.pictures, "picture")} of ${counted(data.people, "person", "people")}, ${data.failures} without a usable face; intervals: ${intervals.confidence * 100} %, ${intervals.method}`,
    ...(calibration.groups ?? []).map((group) => groupLine(group, calibration.target.fmr)),
    ...(differentials ? differentialTexts(differentials, calibration.groups ?? []) : []),
    ...paths.map((path) => `${path}: written`),
  ];
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected a rate between 0 and 1.");
  return value;
}
