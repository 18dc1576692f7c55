import sharp from "sharp";
import { expect, test } from "vitest";
import { type PictureKind, pictureKindOf } from "./picture-kind.ts";

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** An ISO media file's first box. */
const ftyp = (major: string, ...compatible: string[]): Uint8Array => {
  const brands = latin1(`ftyp${major}\0\0\0\0${compatible.join("")}`);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(brands.length + 4);
  return Buffer.concat([size, brands, Buffer.alloc(64)]);
};

const bmp = (headerBytes: number): Uint8Array => {
  const file = Buffer.alloc(60);
  file.write("BM");
  file.writeUInt32LE(headerBytes, 14);
  return file;
};

test.each<[string, Uint8Array, PictureKind | undefined]>([
  ["a JPEG with JFIF", latin1("\xff\xd8\xff\xe0\0\x10JFIF\0"), "jpeg"],
  ["a JPEG from a camera", latin1("\xff\xd8\xff\xe1\0\x10Exif\0\0"), "jpeg"],
  ["a PNG", latin1("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "png"],
  ["a PNG damaged by a transfer as text", latin1("\x89PNG\n\x1a\n\0\0\0\rIHDR"), undefined],
  ["GIF 87a", latin1("GIF87a\x01\0"), "gif"],
  ["GIF 89a", latin1("GIF89a\x01\0"), "gif"],
  ["a little-endian TIFF", latin1("II*\0\x08\0\0\0"), "tiff"],
  ["a big-endian TIFF", latin1("MM\0*\0\0\0\x08"), "tiff"],
  ["a BigTIFF", latin1("II+\0\x08\0\0\0"), "tiff"],
  ["WebP", latin1("RIFF\x10\0\0\0WEBPVP8 "), "webp"],
  ["a RIFF file of another kind", latin1("RIFF\x10\0\0\0WAVEfmt "), undefined],
  ["AVIF", ftyp("avif", "mif1", "miaf"), "avif"],
  ["AVIF under the general brand", ftyp("mif1", "miaf", "avif"), "avif"],
  ["an iPhone's HEIC", ftyp("heic", "mif1", "heic"), "heic"],
  ["HEIC under the general brand", ftyp("mif1", "heic"), "heic"],
  ["HEIC of 10 bits", ftyp("heix", "mif1"), "heic"],
  ["a video", ftyp("isom", "iso2", "mp41"), undefined],
  ["a Canon CR3", ftyp("crx ", "isom"), "raw"],
  ["a Canon CR2", latin1("II*\0\x10\0\0\0CR\x02\0"), "raw"],
  ["a Fujifilm RAF", latin1("FUJIFILMCCD-RAW 0201"), "raw"],
  ["a PGM", latin1("P5\n4 4\n255\n"), "pnm"],
  ["a PPM with a comment", latin1("P6#made by hand\n4 4 255\n"), "pnm"],
  ["a text that begins with P5", latin1("P55 is a number"), undefined],
  ["a BMP", bmp(40), "bmp"],
  ["a text that begins with BM", latin1("BMW builds cars in Munich, and so on."), undefined],
  ["JPEG XL", latin1("\xff\x0a\x01\x02"), "jxl"],
  ["JPEG 2000", latin1("\0\0\0\x0cjP  \r\n\x87\n"), "jp2"],
  ["Photoshop", latin1("8BPS\0\x01"), "psd"],
  ["SVG", latin1('<svg xmlns="http://www.w3.org/2000/svg"/>'), "svg"],
  ["SVG with a prologue", latin1('<?xml version="1.0"?>\n<!-- hand -->\n<svg >'), "svg"],
  ["a web page", latin1("<!DOCTYPE html><html><svg>"), undefined],
  ["a text", latin1("this is no picture at all"), undefined],
  ["nothing", new Uint8Array(0), undefined],
])("%s is known by its first bytes", (_, bytes, kind) => {
  expect(pictureKindOf(bytes)).toBe(kind);
});

test("what the encoders write is known, also from a view into a larger buffer", async () => {
  const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } });
  for (const kind of ["jpeg", "png", "webp", "avif", "tiff", "gif"] as const) {
    const file = await picture.clone().toFormat(kind).toBuffer();
    const pool = new Uint8Array(file.length + 7).fill(0x50);
    pool.set(file, 7);
    expect(pictureKindOf(pool.subarray(7))).toBe(kind);
  }
});
