import { workerData } from "node:worker_threads";
import { type ErrorParts, FaceError, internal, sentenceOf, systemCode } from "../core/index.ts";
import type { ImageSource, RawPixels } from "../image/index.ts";
import type { FaceReader, ReaderOptions, SeenPicture } from "./face-reader.ts";

/** A worker's answer about a picture. Errors travel as their parts, because a thrown one loses them on the way. */
export type SeenAnswer =
  | { readonly kind: "seen"; readonly picture: SeenPicture }
  | { readonly kind: "error"; readonly error: ErrorParts };

/** Everything that a worker is started with. */
export interface IdentityWorkerData extends ReaderOptions {
  /** Folder of the store of models. */
  readonly home: string;
}

let reader: Promise<FaceReader> | undefined;

/** One picture in, what the judges saw out. */
export async function read(source: ImageSource): Promise<SeenAnswer> {
  try {
    reader ??= open(workerData as IdentityWorkerData);
    return { kind: "seen", picture: await (await reader).read(source) };
  } catch (error) {
    return { kind: "error", error: failureOf(error, typeof source === "string" ? source : "image").parts };
  }
}

/** Frames of one video for one worker. */
export interface FramesTask {
  readonly frames: readonly RawPixels[];
  readonly track: boolean;
}

/** A worker's answer about frames: of all of them, or why there is nothing to say. */
export type FramesAnswer =
  | { readonly kind: "seen"; readonly pictures: readonly SeenPicture[] }
  | { readonly kind: "error"; readonly error: ErrorParts };

/** Frames in, in their order, what the judges saw of each out. */
export async function frames(task: FramesTask): Promise<FramesAnswer> {
  try {
    reader ??= open(workerData as IdentityWorkerData);
    return { kind: "seen", pictures: await (await reader).readFrames(task.frames, task.track) };
  } catch (error) {
    return { kind: "error", error: failureOf(error, "frame").parts };
  }
}

function failureOf(thrown: unknown, path: string): FaceError {
  if (thrown instanceof FaceError) return thrown.withName(path);
  return systemCode(thrown) === undefined
    ? internal(sentenceOf(thrown), thrown).withName(path)
    : new FaceError("BAD_FILE", { where: path, expected: "a readable file", cause: thrown });
}

/** Loads the native parts inside the first task, as the pool of recognizers does: the pool waits for tasks only. */
async function open({ home, ...options }: IdentityWorkerData): Promise<FaceReader> {
  const [{ FaceReader }, { ModelStore }] = await Promise.all([
    import("./face-reader.ts"),
    import("../models/index.ts"),
  ]);
  return await FaceReader.open(new ModelStore({ home }), options);
}
