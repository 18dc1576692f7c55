import { FaceError } from "../core/index.ts";
import { RgbImage } from "./rgb-image.ts";

/**
 * Reads a portable anymap: PBM, PGM or PPM (P1 to P6), plain or raw, of 1 to 16 bits a channel; of several in one file
 * the first.
 *
 * Throws    FaceError BAD_IMAGE
 * Source    the Netpbm format specifications
 */
export function readPnm(bytes: Uint8Array, where: string, maxPixels: number): RgbImage {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (expected: string, got: string): FaceError =>
    new FaceError("BAD_IMAGE", { where, expected, got });
  const kind = text[1]! - 0x30;
  let at = 2;
  const number = (what: string, most: number): number => {
    while (at < text.length && (isSpace(text[at]!) || text[at] === 0x23))
      at = text[at] === 0x23 ? lineEnd(text, at) : at + 1;
    const start = at;
    while (at < text.length && text[at]! >= 0x30 && text[at]! <= 0x39) at++;
    const value = at - start > 9 || at === start ? Number.NaN : Number(text.toString("latin1", start, at));
    if (!(value >= 0 && value <= most)) throw bad(`${what} of a PNM picture`, "none or one too large");
    return value;
  };
  const width = number("the width", 0x7fff_ffff);
  const height = number("the height", 0x7fff_ffff);
  if (width < 1 || height < 1) throw bad("at least 1 pixel", `${width}×${height}`);
  if (width * height > maxPixels) throw bad(`at most ${maxPixels} pixels`, `${width * height}`);
  const isBitmap = kind === 1 || kind === 4;
  const most = isBitmap ? 1 : number("the largest value", 65_535);
  if (most < 1) throw bad("a largest value of at least 1", "0");
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const count = width * height * channels;
  if (kind >= 4) at += 1;
  const needed = kind === 4 ? height * Math.ceil(width / 8) : kind > 4 ? count * (most > 255 ? 2 : 1) : count;
  if (text.length - at < needed)
    throw bad("a whole picture", `${Math.max(0, text.length - at)} of at least ${needed} bytes of pixels`);
  const bit = (): number => {
    while (at < text.length && isSpace(text[at]!)) at++;
    const value = text[at++];
    if (value !== 0x30 && value !== 0x31) throw bad("pixels 0 and 1", "another character");
    return value - 0x30;
  };
  const sample = (i: number): number => {
    if (kind === 1) return 1 - bit();
    if (kind === 4) {
      const [row, column] = [Math.floor(i / width), i % width];
      return 1 - ((text[at + row * Math.ceil(width / 8) + (column >> 3)]! >> (7 - (column & 7))) & 1);
    }
    if (kind < 4) return number(`pixel ${i}`, most);
    return most > 255 ? text.readUInt16BE(at + 2 * i) : text[at + i]!;
  };
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < count; i++) {
    const value = Math.min(255, Math.round((sample(i) * 255) / most));
    if (channels === 3) data[i] = value;
    else data.fill(value, 3 * i, 3 * i + 3);
  }
  return new RgbImage(width, height, data);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function lineEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
  return at;
}
