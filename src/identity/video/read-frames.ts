import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { FaceError, systemCode, throwIfAborted } from "../../core/index.ts";
import { openPicture, RgbImage, readAnimation } from "../../image/index.ts";
import { listPhotographs } from "../../photographs/index.ts";

/** One frame of a video. */
export interface VideoFrame {
  readonly image: RgbImage;
  /** Its number among all frames that were asked for, from 0. */
  readonly number: number;
  /** From the beginning; undefined of pictures in a folder whose rate is not told. */
  readonly seconds: number | undefined;
  /** The picture's path in a folder, or the video's with the number. */
  readonly name: string;
}

/** The frames that are wanted. */
export interface FrameOptions {
  /** So many in a second instead of every one; of a folder every one is taken for one of `rate` a second. */
  readonly fps?: number | undefined;
  /** Each n-th frame. @default 1 */
  readonly every?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told when ffmpeg read a video to its end and found it damaged, in a sentence. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** Endings of animations that need no other program. */
const ANIMATIONS = new Set([".gif", ".webp"]);
/** Endings that mean a video; other names are videos where they are said to be. */
const VIDEOS = new Set([
  ".mp4",
  ".m4v",
  ".mov",
  ".mkv",
  ".webm",
  ".avi",
  ".mpg",
  ".mpeg",
  ".ts",
  ".wmv",
  ".flv",
]);
/** Bytes of one frame at most; larger ones are no frames. */
const MAX_FRAME_BYTES = 3 << 26;
/** The end of what ffmpeg said, for the sentence. */
const SAID_BYTES = 2000;

/** True for a name that means a video or an animation. */
export function isVideo(path: string): boolean {
  const ending = extname(path).toLowerCase();
  return VIDEOS.has(ending) || ANIMATIONS.has(ending);
}

/**
 * The frames of a video: a folder of pictures in the order of their names, an animated GIF or WebP, or any file that `ffmpeg`
 * on the path can read. ffmpeg is ended with the reading.
 *
 * Throws    FaceError BAD_FILE, with a way out where ffmpeg is not there; BAD_IMAGE, ABORTED
 */
export async function* readFrames(path: string, options: FrameOptions = {}): AsyncGenerator<VideoFrame> {
  const { every = 1, signal } = options;
  let [seen, number] = [0, 0];
  let nextAt = 0;
  for await (const { image, seconds, name } of framesOf(path, options)) {
    throwIfAborted(signal);
    const due = options.fps === undefined || seconds === undefined || seconds + 1e-6 >= nextAt;
    if (due && options.fps !== undefined) nextAt += 1 / options.fps;
    if (!due || seen++ % every !== 0) continue;
    yield { image, number, seconds, name: name ?? `${path}#${number}` };
    number++;
  }
}

type RawFrame = Omit<VideoFrame, "number" | "name"> & { readonly name?: string };

async function* framesOf(path: string, options: FrameOptions): AsyncGenerator<RawFrame> {
  const there = await stat(path).catch((cause: unknown) => {
    const got = systemCode(cause) === "ENOENT" ? "nothing there" : String(cause);
    throw new FaceError("BAD_FILE", { where: path, expected: "a video or a folder of frames", got, cause });
  });
  if (there.isDirectory()) {
    const { paths } = await listPhotographs([path]);
    if (paths.length === 0)
      throw new FaceError("BAD_FILE", { where: path, expected: "frames", got: "a folder without pictures" });
    for (const name of paths) {
      const picture = await openPicture(name);
      yield { image: await picture.whole(Math.max(picture.width, picture.height)), seconds: undefined, name };
    }
    return;
  }
  if (ANIMATIONS.has(extname(path).toLowerCase())) yield* readAnimation(path);
  else yield* ffmpegFrames(path, options);
}

/** Frames as ffmpeg decodes them, upright, as PPM pictures one behind the other. */
async function* ffmpegFrames(
  path: string,
  { fps, signal, onWarning }: FrameOptions,
): AsyncGenerator<RawFrame> {
  const rate = fps === undefined ? undefined : ["-vf", `fps=${fps}`];
  const child = spawn(
    "ffmpeg",
    // The path is given as a file, whatever it is called: no protocol, no flag.
    [
      "-nostdin",
      "-v",
      "error",
      "-i",
      `file:${path}`,
      ...(rate ?? ["-fps_mode", "passthrough"]),
      "-an",
      "-sn",
      "-f",
      "image2pipe",
      "-c:v",
      "ppm",
      "-",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const end = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", end, { once: true });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-SAID_BYTES);
  });
  const ended = new Promise<number | Error>((resolve) => {
    child.on("error", resolve);
    child.on("close", (code) => resolve(code ?? -1));
  });
  let count = 0;
  try {
    for await (const image of ppmPictures(child.stdout, path))
      yield { image, seconds: fps === undefined ? undefined : count++ / fps };
    const status = await ended;
    throwIfAborted(signal);
    if (status instanceof Error) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "ffmpeg on the path, which decodes videos",
        got: systemCode(status) === "ENOENT" ? "none" : status.message,
        note: "install it, or give a folder of frames, a GIF or a WebP",
      });
    }
    if (status !== 0)
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "a video that ffmpeg can read",
        reason: said.trim(),
      });
    // A video that was cut off is read as far as it goes, and that is a success to ffmpeg.
    if (said.trim() !== "")
      onWarning?.(
        `${path} may lack frames or have damaged ones: ffmpeg says ${JSON.stringify(said.trim().split("\n").at(-1))}`,
      );
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** Raw PPM pictures of 8 bits, as they come. */
async function* ppmPictures(chunks: AsyncIterable<Buffer>, where: string): AsyncGenerator<RgbImage> {
  let held = Buffer.alloc(0);
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let wanted = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (held.length + waitingBytes < wanted) continue;
    held = Buffer.concat([held, ...waiting.splice(0)]);
    waitingBytes = 0;
    for (;;) {
      const head = /^P6\n(\d{1,6}) (\d{1,6})\n255\n/.exec(held.toString("latin1", 0, 32));
      if (!head) {
        if (held.length >= 32)
          throw new FaceError("BAD_FILE", { where, expected: "frames from ffmpeg", got: "something else" });
        wanted = 32;
        break;
      }
      const [width, height] = [Number(head[1]), Number(head[2])];
      const bytes = width * height * 3;
      if (bytes > MAX_FRAME_BYTES)
        throw new FaceError("BAD_FILE", { where, expected: "smaller frames", got: `${width}×${height}` });
      wanted = head[0].length + bytes;
      if (held.length < wanted) break;
      yield new RgbImage(width, height, new Uint8Array(held.subarray(head[0].length, wanted)));
      held = held.subarray(wanted);
      wanted = 0;
    }
  }
}
