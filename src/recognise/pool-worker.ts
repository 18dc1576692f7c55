import { workerData } from "node:worker_threads";
import type { ErrorCode } from "../core/index.ts";
import { FaceError } from "../core/index.ts";
import { ModelStore } from "../models/index.ts";
import type { Face } from "./face.ts";
import type { Photograph } from "./face-finder.ts";
import type { PoolOptions } from "./pool.ts";
import { Recognizer } from "./recognizer.ts";

/** What a worker answers. Errors travel as data, because a thrown one loses its code on the way. */
export type WorkerAnswer =
  | { readonly kind: "faces"; readonly photograph: Photograph<Face>; readonly model: string }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };

const { home, ...options } = workerData as PoolOptions & { readonly home: string };
const recognizer = Recognizer.open({ ...options, store: new ModelStore({ home }) });
// Whoever asks first hears of it; until then nobody is there to.
recognizer.catch(() => undefined);

/** One photograph in, its faces out. */
export default async function recognise(path: string): Promise<WorkerAnswer> {
  try {
    const opened = await recognizer;
    return { kind: "faces", photograph: await opened.faces(path), model: opened.model };
  } catch (error) {
    if (error instanceof FaceError) return { kind: "error", code: error.code, message: error.message };
    throw error;
  }
}
