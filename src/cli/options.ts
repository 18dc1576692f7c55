import { type Command, InvalidArgumentError, Option } from "commander";
import { threadCount } from "../core/index.ts";
import {
  BUILT_IN_CARDS,
  type ContractOptions,
  DEFAULT_MODELS,
  ModelStore,
  presetNames,
} from "../models/index.ts";
import { FACE_RULES, type FaceChoice, type FaceRule, type RecognizerOptions } from "../recognise/index.ts";
import type { CliIo } from "./io.ts";

/** Flags that every command with models takes, as commander hands them over. */
export interface ModelFlags {
  readonly model?: string;
  readonly detector?: string;
  readonly minFace?: number;
  readonly turned?: boolean;
  readonly flip?: boolean;
  readonly acceptLicence?: string[];
  readonly inputName?: string;
  readonly outputName?: string;
  readonly layout?: string;
  readonly inputSize?: number;
  readonly channels?: string;
  readonly mean?: number[];
  readonly scale?: number[];
  readonly dimension?: number;
  readonly preset?: string;
  readonly under?: string;
}

/** Adds the flags of {@link ModelFlags} to a command; the contract flags only where vectors are made. */
export function addModelFlags(command: Command, uses: { readonly embeds: boolean }): Command {
  command
    .option("--detector <id>", `model that finds faces (default "${DEFAULT_MODELS.detector}")`)
    .option(
      "--min-face <px>",
      "smallest face to look for, in pixels (default 2 % of the shorter side, at least 20)",
      positive,
    )
    .option(
      "--turned",
      "always look for faces that lie on a side or upside down, too (default: only where no upright one is found)",
    )
    .option("--accept-licence <id...>", "accept the licence of a model, once for all");
  if (!uses.embeds) return command;
  command
    .option(
      "--model <id|file>",
      `model that embeds faces, or your own: .pth, .pt, .safetensors, .onnx, .tflite (default "${DEFAULT_MODELS.embedder}")`,
    )
    .option("--flip", "embed each face and its mirror image and take the mean direction");
  return addContractFlags(command);
}

/** The flags that say how a network file of the user's own is fed. */
export function addContractFlags(command: Command): Command {
  return command
    .optionsGroup("Contract of a network file without a card beside it:")
    .option(
      "--preset <card/preset>",
      `how a known checkpoint is fed: ${presetNames(BUILT_IN_CARDS).join(", ")}`,
    )
    .option("--under <name>", "which weights of a PyTorch file that holds several: ema, for example")
    .option("--input-size <px>", "side of its square input", whole)
    .addOption(new Option("--channels <order>", "order of its colour channels").choices(["RGB", "BGR"]))
    .option("--mean <values>", "subtracted from each byte: one number or three with commas", numbers)
    .option("--scale <values>", "then divided by: one number or three with commas", numbers)
    .option("--dimension <n>", "length of its vectors", whole)
    .addOption(new Option("--layout <axes>", "axes of its input").choices(["NCHW", "NHWC"]))
    .option("--input-name <name>", "its input, when it has several")
    .option("--output-name <name>", "its output, when it has several")
    .optionsGroup("Options:");
}

/** Flags that say what scores are judged by. */
export interface VerdictFlags {
  readonly calibration?: string;
  readonly threshold?: number;
}

/** Adds the flags of {@link VerdictFlags} to a command. */
export function addVerdictFlags(command: Command): Command {
  return command
    .option(
      "--calibration <file>",
      "what scores mean, measured by calibrate (default: what is installed for the model)",
    )
    .option("--threshold <cosine>", "draw the line here instead, whatever it lets through", cosineValue);
}

/** The flags of {@link addFaceFlags}. */
export interface FaceFlags {
  readonly face: FaceChoice;
  readonly faceAt?: FaceChoice;
}

/** `--face` and `--face-at`, for commands that expect one face in a picture. */
export function addFaceFlags(command: Command): Command {
  return command
    .option(
      "--face <which>",
      `which face counts where a picture has several: ${FACE_RULES.join(", ")}, or its number as detect prints it`,
      faceChoice,
      "largest" as FaceChoice,
    )
    .option("--face-at <x,y>", "the face that holds this point, in pixels", facePoint);
}

/** The choice that {@link addFaceFlags} name. */
export function faceOf(flags: FaceFlags): FaceChoice {
  return flags.faceAt ?? flags.face;
}

/** The flags of {@link addFacePairFlags}. */
export interface FacePairFlags {
  readonly face: FaceChoice | FacePair;
  readonly faceAt?: FaceChoice | FacePair;
}

/** A face of one picture and a face of another. */
type FacePair = readonly [a: FaceChoice, b: FaceChoice];

/** `--face` and `--face-at` of a command with two pictures: one choice for both, or one for each. */
export function addFacePairFlags(command: Command): Command {
  return command
    .option(
      "--face <which>",
      `which face counts where a picture has several: ${FACE_RULES.join(", ")}, or its number as detect prints it; one for both pictures, or two with a comma: 0,2`,
      facePair,
      "largest" as FaceChoice,
    )
    .option(
      "--face-at <x,y>",
      "the face that holds this point, in pixels; in both pictures, or two points: 400,250,90,120",
      facePoints,
    );
}

function facePair(text: string): FaceChoice | FacePair {
  const [a = "", b, ...more] = text.split(",").map((part) => part.trim());
  if (more.length > 0) throw new InvalidArgumentError("Expected one face, or two with a comma between.");
  return b === undefined ? faceChoice(a) : [faceChoice(a), faceChoice(b)];
}

function facePoints(text: string): FaceChoice | FacePair {
  const parts = text.split(",");
  if (parts.length !== 4) return facePoint(text);
  return [facePoint(parts.slice(0, 2).join(",")), facePoint(parts.slice(2).join(","))];
}

function faceChoice(text: string): FaceChoice {
  if ((FACE_RULES as readonly string[]).includes(text)) return text as FaceRule;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Expected ${FACE_RULES.join(", ")} or the number of a face.`);
}

function facePoint(text: string): FaceChoice {
  const [x, y, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (more.length > 0 || !Number.isFinite(x) || !Number.isFinite(y))
    throw new InvalidArgumentError("Expected x and y with a comma between.");
  return { x: x!, y: y! };
}

/** `--jobs`, for commands that go through many pictures. */
export function addJobsFlag(command: Command): Command {
  return command.option("--jobs <n>", "pictures worked on side by side (default one per core)", whole);
}

/** A note where more threads are asked for than there are cores: they are not started. */
export function threadNotes(flags: Readonly<Record<string, unknown>>): string[] {
  return ["jobs", "threads", "workers"].flatMap((flag) => {
    const asked = flags[flag];
    if (typeof asked !== "number") return [];
    const threads = threadCount(asked);
    return asked > threads ? [`--${flag}: ${threads} in place of ${asked}, as many as there are cores`] : [];
  });
}

/** The model store of this user: `ARCFACE_HOME`, else the platform's cache folder. */
export function openStore(io: CliIo): ModelStore {
  return new ModelStore({ home: io.env["ARCFACE_HOME"] || undefined });
}

/** Flags as the library's options, after recording any licence that was accepted. */
export async function recognizerOptions(
  flags: ModelFlags & VerdictFlags & { readonly json?: boolean },
  store: ModelStore,
  io: Pick<CliIo, "err">,
): Promise<RecognizerOptions> {
  for (const id of flags.acceptLicence ?? []) await store.acceptLicence(id);
  return {
    store,
    onWarning: ({ path, message }) =>
      io.err(
        flags.json
          ? `${JSON.stringify({ warning: { path, message } })}\n`
          : `${path ?? "a picture"}: read with a warning: ${message}\n`,
      ),
    model: flags.model,
    detector: flags.detector,
    ...(flags.minFace === undefined ? {} : { minFacePx: flags.minFace }),
    turned: flags.turned ?? false,
    flip: flags.flip ?? false,
    contract: contractOptions(flags),
    calibration: flags.calibration,
    threshold: flags.threshold,
  };
}

/** The flags of a contract as the library's options. */
export function contractOptions(flags: ModelFlags): ContractOptions {
  return {
    input: flags.inputName,
    output: flags.outputName,
    layout: flags.layout,
    sizePx: flags.inputSize,
    channels: flags.channels,
    mean: flags.mean,
    scale: flags.scale,
    dimension: flags.dimension,
    preset: flags.preset,
    under: flags.under,
  };
}

/** A whole number above 0. */
export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("Expected a whole number above 0.");
  return value;
}

function cosineValue(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= -1 && value <= 1))
    throw new InvalidArgumentError("Expected a cosine from -1 to 1.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

function numbers(text: string): number[] {
  const values = text.split(",").map(Number);
  if (![1, 3].includes(values.length) || values.some((value) => !Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected one number, or three with commas.");
  }
  return values;
}
