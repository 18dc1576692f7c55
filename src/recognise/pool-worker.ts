import { workerData } from "node:worker_threads";
import { type ErrorCode, FaceError } from "../core/index.ts";
import type { Face } from "./face.ts";
import type { Photograph } from "./face-finder.ts";
import type { PoolOptions } from "./pool.ts";
import type { Recognizer } from "./recognizer.ts";

/** What a worker answers. Errors travel as data, because a thrown one loses its code on the way. */
export type WorkerAnswer =
  | { readonly kind: "faces"; readonly photograph: Photograph<Face> }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };

let recognizer: Promise<Recognizer> | undefined;

/** One photograph in, its faces out. */
export default async function recognise(path: string): Promise<WorkerAnswer> {
  try {
    recognizer ??= open(workerData as PoolOptions & { readonly home: string });
    return { kind: "faces", photograph: await (await recognizer).faces(path) };
  } catch (error) {
    if (error instanceof FaceError) return { kind: "error", code: error.code, message: error.message };
    throw error;
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
