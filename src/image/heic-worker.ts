import { parentPort, workerData } from "node:worker_threads";
import heicDecode from "heic-decode";
import { reasonOf } from "../core/index.ts";

/** Data that the thread is started with. */
export interface HeicWorkerData {
  readonly bytes: Uint8Array;
  readonly maxPixels: number;
}

/** The thread's answer. */
export type HeicAnswer =
  | {
      readonly kind: "pixels";
      readonly width: number;
      readonly height: number;
      /** width · height · 4 bytes, RGBA. */
      readonly data: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: "too-many-pixels"; readonly pixels: number }
  | { readonly kind: "failed"; readonly reason: string };

/** Decodes one picture: the first of the file, which is the one that is shown. */
async function decode({ bytes, maxPixels }: HeicWorkerData): Promise<HeicAnswer> {
  const pictures = await heicDecode.all({ buffer: bytes });
  const [first] = pictures;
  if (!first) return { kind: "failed", reason: "there is no picture in it" };
  const pixels = first.width * first.height;
  if (pixels > maxPixels) return { kind: "too-many-pixels", pixels };
  const { width, height, data } = await first.decode();
  return { kind: "pixels", width, height, data: new Uint8Array(data) };
}

const answer = await decode(workerData as HeicWorkerData).catch(
  (cause: unknown): HeicAnswer => ({ kind: "failed", reason: reasonOf(cause) }),
);
parentPort?.postMessage(answer, answer.kind === "pixels" ? [answer.data.buffer] : []);
