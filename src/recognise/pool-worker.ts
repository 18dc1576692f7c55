import { workerData } from "node:worker_threads";
import type { Box, ErrorParts } from "../core/index.ts";
import type { Face } from "./face.ts";
import type { Photograph } from "./face-finder.ts";
import type { PortraitPhotograph } from "./gallery/portrait.ts";
import { failureOf } from "./picture-failure.ts";
import type { FiledPhotograph, PictureTasks, PoolOptions } from "./pool.ts";
import type { Recognizer } from "./recognizer.ts";

/** A worker's answer. Errors travel as their parts, because a thrown one loses them on the way. */
export type WorkerAnswer<P = Photograph<Face>> =
  | { readonly kind: "faces"; readonly photograph: P }
  | { readonly kind: "error"; readonly error: ErrorParts };

/** Several pictures for one worker. */
export interface PicturesTask {
  readonly task: keyof PictureTasks;
  readonly pictures: readonly Uint8Array[];
  /** Of portraits: the place of the one face that counts, for pictures of which it is known. */
  readonly boxes?: readonly (Box<"image"> | undefined)[] | undefined;
}

let recognizer: Promise<Recognizer> | undefined;

/** One photograph in, its faces out. */
export default async function recognise(path: string): Promise<WorkerAnswer> {
  return await answer(path, async (opened) => await opened.faces(path));
}

/** One photograph in, its faces out with what tells its file from others. */
export async function filed(path: string): Promise<WorkerAnswer<FiledPhotograph>> {
  const { named, readPictureFile } = await import("./picture-file.ts");
  return await answer(path, async (opened) => {
    const { data, file } = await readPictureFile(path);
    const photograph = await opened.faces(data).catch((error: unknown) => {
      throw named(error, path);
    });
    return { ...photograph, file };
  });
}

/** One photograph in, its faces out with what enrolment looks at. */
export async function portraits(path: string): Promise<WorkerAnswer<PortraitPhotograph>> {
  const { portraitsOf } = await import("./gallery/portrait.ts");
  return await answer(path, async (opened) => await portraitsOf(opened, path));
}

/** Pictures whose bytes are at hand, one after the other: each is computed by itself, so its answer is the same in any company. */
export async function pictures({
  task,
  pictures: all,
  boxes,
}: PicturesTask): Promise<WorkerAnswer<unknown>[]> {
  const answers: WorkerAnswer<unknown>[] = [];
  for (const [i, bytes] of all.entries())
    answers.push(
      await answer("image", async (opened) => {
        if (task === "detect") return await opened.detect(bytes);
        if (task === "faces") return await opened.faces(bytes);
        if (task === "crop") return await croppedFace(opened, bytes);
        const { portraitsOfBytes } = await import("./gallery/portrait.ts");
        return await portraitsOfBytes(opened, bytes, boxes?.[i]);
      }),
    );
  return answers;
}

async function croppedFace(
  opened: Recognizer,
  jpeg: Uint8Array,
): Promise<Photograph<Pick<Face, "embedding">>> {
  const { embedCrop } = await import("./gallery/reindex-gallery.ts");
  const embedding = await embedCrop(opened, jpeg);
  const side = opened.cropSizePx;
  return { width: side, height: side, faces: embedding ? [{ embedding }] : [] };
}

async function answer<P>(path: string, look: (opened: Recognizer) => Promise<P>): Promise<WorkerAnswer<P>> {
  try {
    recognizer ??= open(workerData as PoolOptions & { readonly home: string });
    return { kind: "faces", photograph: await look(await recognizer) };
  } catch (error) {
    return { kind: "error", error: failureOf(error, path).parts };
  }
}

/**
 * Loads the native parts and opens the models inside the first task, not when the thread starts: a thread that is
 * ended while native code runs in it takes the process down, and the pool waits for tasks only.
 */
async function open({ home, ...options }: PoolOptions & { readonly home: string }): Promise<Recognizer> {
  const [{ Recognizer }, { ModelStore }] = await Promise.all([
    import("./recognizer.ts"),
    import("../models/index.ts"),
  ]);
  return await Recognizer.open({ ...options, store: new ModelStore({ home }) });
}
