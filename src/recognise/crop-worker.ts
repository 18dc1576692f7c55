import { workerData } from "node:worker_threads";
import type { ErrorParts } from "../core/index.ts";
import type { CropOptions } from "./crop-pool.ts";
import { chooseFace } from "./face.ts";
import type { FaceFinder } from "./face-finder.ts";
import { failureOf } from "./picture-failure.ts";
import { recognizerOptionsAmong } from "./recognizer-options.ts";

/** A worker's answer. Errors travel as their parts, because a thrown one loses them on the way. */
export type CropAnswer =
  | {
      readonly kind: "crop";
      readonly sizePx: number;
      readonly pixels: Uint8Array;
      readonly warnings?: readonly string[] | undefined;
    }
  | { readonly kind: "no-face"; readonly warnings?: readonly string[] | undefined }
  | { readonly kind: "failed"; readonly error: ErrorParts };

const {
  home,
  sizePx = 112,
  face = "central",
  ...options
} = workerData as CropOptions & {
  readonly home: string;
};
let finder: Promise<FaceFinder> | undefined;

/** One photograph in, one aligned crop out. */
export default async function crop(path: string): Promise<CropAnswer> {
  try {
    // Opened inside the first task: a thread that is ended while native code runs in it takes the process down.
    finder ??= open();
    const photograph = await (await finder).align(path, sizePx);
    const chosen = chooseFace(photograph.faces, face, photograph);
    const { warnings } = photograph;
    return chosen
      ? { kind: "crop", sizePx, pixels: chosen.crop.data, warnings }
      : { kind: "no-face", warnings };
  } catch (error) {
    return { kind: "failed", error: failureOf(error, path).parts };
  }
}

async function open(): Promise<FaceFinder> {
  const [{ FaceFinder }, { ModelStore }] = await Promise.all([
    import("./face-finder.ts"),
    import("../models/index.ts"),
  ]);
  return await FaceFinder.open({ ...recognizerOptionsAmong(options), store: new ModelStore({ home }) });
}
