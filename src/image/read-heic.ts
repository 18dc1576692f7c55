import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { FaceError, reasonOf } from "../core/index.ts";
import type { HeicAnswer, HeicWorkerData } from "./heic-worker.ts";
import { toRgb } from "./image-source.ts";
import { RgbImage } from "./rgb-image.ts";

/** The package that decodes HEIC: it is not part of this one, because of what its licence asks for. */
export const HEIC_PACKAGE = "heic-decode";
/** The longest that one decoding may take, in milliseconds: 48 megapixels take some ten seconds. */
const DECODE_LIMIT_MS = 120_000;
/** Four bytes a pixel here and as many in the decoder. */
const PIXELS_SHARE = 0.5;

/** One picture is decoded after the other: each takes a thread and its pixels twice. */
let previous: Promise<unknown> = Promise.resolve();

let installed: boolean | undefined;

/** Tells whether HEIC can be read here: whether its decoder is installed. */
export function canReadHeic(): boolean {
  if (installed !== undefined) return installed;
  try {
    createRequire(import.meta.url).resolve(HEIC_PACKAGE);
    installed = true;
  } catch {
    installed = false;
  }
  return installed;
}

/**
 * Reads a HEIC picture with `heic-decode`, in a thread of its own that is ended when it takes too long. The picture is
 * upright already: the format turns it itself.
 *
 * Colours are taken as sRGB whatever profile the file has, because the decoder does not say.
 *
 * Throws    FaceError BAD_IMAGE, also when the decoder is not installed
 */
export async function readHeic(bytes: Uint8Array, where: string, maxPixels: number): Promise<RgbImage> {
  const bad = (expected: string, got: string): FaceError =>
    new FaceError("BAD_IMAGE", { where, expected, got });
  if (!canReadHeic()) {
    throw bad(
      "a JPEG, PNG, WebP, AVIF, TIFF, GIF or PNM picture",
      `a HEIC one: install its decoder with "npm install ${HEIC_PACKAGE}", or convert it to JPEG`,
    );
  }
  const most = Math.floor(maxPixels * PIXELS_SHARE);
  const decoding = previous.then(async () => await decodeInThread({ bytes, maxPixels: most }));
  previous = decoding.catch(() => undefined);
  const answer = await decoding;
  if (answer.kind === "too-many-pixels") throw bad(`at most ${most} pixels in HEIC`, `${answer.pixels}`);
  if (answer.kind === "failed") throw bad("a whole picture", `a damaged one (${answer.reason})`);
  const { width, height, data } = answer;
  return new RgbImage(width, height, toRgb(data, 4));
}

async function decodeInThread(workerData: HeicWorkerData): Promise<HeicAnswer> {
  const worker = new Worker(new URL("./heic-worker.js", import.meta.url), {
    workerData,
    // The decoder writes warnings about what it passes over, which are not the caller's.
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<HeicAnswer>((resolve) => {
      const failed = (reason: string): void => resolve({ kind: "failed", reason });
      timer = setTimeout(() => failed("it was not decoded in time"), DECODE_LIMIT_MS);
      worker.once("message", resolve);
      worker.once("error", (cause) => failed(reasonOf(cause)));
      worker.once("exit", () => failed("its decoder ended"));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
