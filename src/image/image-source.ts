import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expectNoDatabaseInUse, FaceError, noteOnMissingPath, reasonOf, systemCode } from "../core/index.ts";
import { RgbImage } from "./rgb-image.ts";

/**
 * Pixels in memory, as canvases and other decoders give them: 8 bits a channel, rows from the top, without gaps.
 *
 * An `ImageData` is one of these.
 */
export interface RawPixels {
  /** width · height · channels bytes: grey, grey and alpha, RGB, or RGBA; alpha is not premultiplied. */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** @default data.length / (width · height) */
  readonly channels?: 1 | 2 | 3 | 4 | undefined;
}

/**
 * A photograph: a file's path, a `file:` or `data:` URL, an encoded file's bytes in whatever holds bytes, a stream of
 * them, or pixels.
 */
export type ImageSource =
  | string
  | URL
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | RgbImage
  | RawPixels;

/** The resolved form of a source: its name, and an encoded file or pixels. */
export type LoadedSource =
  | { readonly where: string; readonly kind: "encoded"; readonly bytes: Uint8Array }
  | { readonly where: string; readonly kind: "pixels"; readonly image: RgbImage };

/** The largest file that is read. */
export const MAX_FILE_BYTES = 1 << 30;

const TAKEN =
  "a path, a file: or data: URL, bytes (ArrayBuffer, typed array, Buffer, Blob), a stream of bytes, an RgbImage, or { data, width, height }";

/**
 * Reads what a source holds.
 *
 * Throws    FaceError BAD_FILE for what cannot be read, BAD_IMAGE for pixels that do not fit their size, USAGE for
 *           anything that is no source
 */
export async function loadSource(source: unknown, maxPixels: number): Promise<LoadedSource> {
  if (typeof source === "string") return await fromText(source);
  if (source instanceof URL) return await fromUrl(source);
  if (source instanceof RgbImage)
    return { where: "image", kind: "pixels", image: limited(source, maxPixels) };
  const bytes = asBytes(source);
  if (bytes) return encoded("image", bytes);
  if (source instanceof Blob) {
    const where = "name" in source && typeof source.name === "string" ? source.name : "image";
    expectSize(where, source.size);
    return encoded(where, new Uint8Array(await readOf(where, () => source.arrayBuffer())));
  }
  if (isRawPixels(source)) return { where: "image", kind: "pixels", image: fromRaw(source, maxPixels) };
  if (isStream(source)) return encoded("image", await readOf("image", () => collect(source)));
  throw new FaceError("USAGE", { where: "image", expected: TAKEN, got: nameOf(source) });
}

function encoded(where: string, bytes: Uint8Array): LoadedSource {
  return { where, kind: "encoded", bytes };
}

async function fromText(text: string): Promise<LoadedSource> {
  if (/^data:/i.test(text)) return encoded("data URL", dataOf(text));
  if (/^file:\/\//i.test(text)) return await fromUrl(new URL(text));
  if (/^https?:\/\//i.test(text)) throw notFetched(text);
  return encoded(text, await readPhotograph(text));
}

async function fromUrl(url: URL): Promise<LoadedSource> {
  if (url.protocol === "data:") return encoded("data URL", dataOf(url.href));
  if (url.protocol !== "file:") throw notFetched(url.href);
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: url.href, expected: "a file of this machine", cause });
  }
  return encoded(path, await readPhotograph(path));
}

function notFetched(address: string): FaceError {
  const shown = address.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
  return new FaceError("BAD_FILE", {
    where: shown.length > 200 ? `${shown.slice(0, 200)}…` : shown,
    expected: "a file",
    got: "an address of the network",
    note: "nothing is fetched here: download it first, and give the file or its bytes",
  });
}

/** The bytes of a data URL. What it holds is never repeated in an error: it is somebody's photograph. */
function dataOf(url: string): Uint8Array {
  const comma = url.indexOf(",");
  if (comma < 0 || comma > 1000)
    throw new FaceError("BAD_IMAGE", {
      where: "data URL",
      expected: '"data:[type][;base64],…"',
      got: "one without a comma",
    });
  // Both encodings are at most three times as long as what they hold, and base64 four thirds.
  const isBase64 = /;\s*base64\s*$/i.test(url.slice(0, comma));
  expectSize("data URL", isBase64 ? Math.floor(((url.length - comma) * 3) / 4) : url.length - comma);
  const body = url.slice(comma + 1);
  if (!isBase64) return percentDecoded(body);
  const text = body.includes("%") ? Buffer.from(percentDecoded(body)).toString("latin1") : body;
  if (!/^[A-Za-z0-9+/_\s-]*={0,2}\s*$/.test(text))
    throw new FaceError("BAD_IMAGE", { where: "data URL", expected: "base64", got: "other characters" });
  return Buffer.from(text, "base64");
}

function percentDecoded(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  const out = Buffer.alloc(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? bytes.toString("latin1", i + 1, i + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      out[length++] = Number.parseInt(hex, 16);
      i += 2;
    } else out[length++] = bytes[i]!;
  }
  return out.subarray(0, length);
}

/** A view of bytes wherever they lie, a pool's slice included; undefined for what holds none. */
function asBytes(source: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(source))
    return unshared(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (source instanceof ArrayBuffer || isShared(source)) return unshared(new Uint8Array(source));
  // Of another realm, as test runners and frames have them.
  return Object.prototype.toString.call(source) === "[object ArrayBuffer]"
    ? new Uint8Array(source as ArrayBuffer)
    : undefined;
}

function isShared(source: unknown): source is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && source instanceof SharedArrayBuffer;
}

/** Native code must not read what another thread may be writing. */
function unshared(bytes: Uint8Array): Uint8Array {
  return isShared(bytes.buffer) ? Uint8Array.from(bytes) : bytes;
}

function isRawPixels(source: unknown): source is RawPixels {
  return (
    typeof source === "object" &&
    source !== null &&
    "data" in source &&
    "width" in source &&
    "height" in source
  );
}

function fromRaw(pixels: RawPixels, maxPixels: number): RgbImage {
  const { width, height } = pixels;
  const data: unknown = pixels.data;
  const bad = (expected: string, got: string): FaceError =>
    new FaceError("BAD_IMAGE", { where: "image", expected, got });
  if (![width, height].every((side) => Number.isInteger(side) && side >= 1))
    throw bad("a width and a height in whole pixels", `${String(width)}×${String(height)}`);
  if (width * height > maxPixels) throw bad(`at most ${maxPixels} pixels`, `${width * height}`);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw bad("pixels of 8 bits a channel in a Uint8Array or Uint8ClampedArray", nameOf(data));
  if ("colorSpace" in pixels && pixels.colorSpace !== undefined && pixels.colorSpace !== "srgb")
    throw bad("pixels in the colour space srgb", String(pixels.colorSpace));
  const channels = pixels.channels ?? data.length / (width * height);
  if (![1, 2, 3, 4].includes(channels) || data.length !== width * height * channels) {
    throw bad(
      `${width}×${height} pixels of 1 to 4 bytes`,
      `${data.length} bytes${pixels.channels === undefined ? "" : ` for ${channels} channels`}`,
    );
  }
  return new RgbImage(width, height, toRgb(data, channels));
}

/** Grey in three equal channels, and what shows through laid over white. */
export function toRgb(data: Uint8Array | Uint8ClampedArray, channels: number): Uint8Array {
  const count = data.length / channels;
  const out = new Uint8Array(count * 3);
  const colours = channels < 3 ? 0 : 1;
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    const alpha = channels % 2 === 0 ? data[at + channels - 1]! : 255;
    for (let c = 0; c < 3; c++) {
      const value = data[at + c * colours]!;
      out[3 * i + c] = alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return out;
}

function limited(image: RgbImage, maxPixels: number): RgbImage {
  if (image.width * image.height <= maxPixels) return image;
  throw new FaceError("BAD_IMAGE", {
    where: "image",
    expected: `at most ${maxPixels} pixels`,
    got: image.width * image.height,
  });
}

type ByteStream = ReadableStream<unknown> | AsyncIterable<unknown>;

function isStream(source: unknown): source is ByteStream {
  return (
    typeof source === "object" &&
    source !== null &&
    (Symbol.asyncIterator in source || source instanceof ReadableStream)
  );
}

async function collect(stream: ByteStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream as AsyncIterable<unknown>) {
    const bytes = asBytes(chunk);
    if (!bytes) {
      const got = typeof chunk === "string" ? "text" : nameOf(chunk);
      throw new FaceError("USAGE", { where: "image", expected: "a stream of bytes", got: `one of ${got}` });
    }
    total += bytes.length;
    expectSize("image", total);
    parts.push(bytes);
  }
  return Buffer.concat(parts, total);
}

async function readOf<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof FaceError) throw cause;
    throw new FaceError("BAD_FILE", { where, expected: "bytes that can be read", cause });
  }
}

function expectSize(where: string, size: number): void {
  if (size <= MAX_FILE_BYTES) return;
  throw new FaceError("BAD_FILE", { where, expected: `at most ${MAX_FILE_BYTES} bytes`, got: "more" });
}

/** The name of a thing's kind; never its content. */
function nameOf(thing: unknown): string {
  if (thing === null) return "null";
  if (typeof thing !== "object") return typeof thing === "undefined" ? "nothing" : `a ${typeof thing}`;
  const name = thing.constructor?.name;
  return name === undefined || name === "Object" ? "an object" : `an object of the kind ${name.slice(0, 50)}`;
}

/** A file's bytes. Throws FaceError BAD_FILE. */
export async function readPhotograph(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "a file",
        got: found.isDirectory() ? "a folder" : "something else",
      });
    }
    if (found.size > MAX_FILE_BYTES) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: `at most ${MAX_FILE_BYTES} bytes`,
        got: found.size,
      });
    }
    expectNoDatabaseInUse(path, "a photograph");
    return await readFile(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

function fileError(path: string, cause: unknown): FaceError {
  if (cause instanceof FaceError) return cause;
  const reasons: Record<string, string> = {
    ENOENT: "nothing there",
    EACCES: "one that may not be read",
    EPERM: "one that may not be read",
    ELOOP: "a link that leads back to itself",
    ENAMETOOLONG: "a name that is too long",
    ENOTDIR: "a path through something that is not a folder",
  };
  const code = systemCode(cause) ?? "";
  return new FaceError("BAD_FILE", {
    where: path,
    expected: "a readable file",
    got: reasons[code] ?? reasonOf(cause),
    note: code === "ENOENT" ? noteOnMissingPath(path) : undefined,
    cause,
  });
}
