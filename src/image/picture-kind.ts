import { bytesAt } from "../core/index.ts";

/** The number of a file's first bytes that {@link pictureKindOf} may look at. */
export const PICTURE_HEAD_BYTES = 512;

/** The kinds of picture that are known by their first bytes: what people call them, and whether they are read. */
export const PICTURE_KINDS = {
  /** Also JFIF, JPE and MPO, whose first picture is read. */
  jpeg: { name: "JPEG", read: true },
  png: { name: "PNG", read: true },
  webp: { name: "WebP", read: true },
  avif: { name: "AVIF", read: true },
  tiff: { name: "TIFF", read: true },
  gif: { name: "GIF", read: true },
  /** Read where its decoder is installed; see `canReadHeic`. */
  heic: { name: "HEIC", read: false },
  pnm: { name: "PNM", read: true },
  bmp: { name: "BMP", read: false },
  jp2: { name: "JPEG 2000", read: false },
  jxl: { name: "JPEG XL", read: false },
  ico: { name: "ICO", read: false },
  psd: { name: "Photoshop", read: false },
  /** Of a camera: Canon CR2 and CR3, Fujifilm RAF, Olympus ORF, Panasonic RW2. Others begin as TIFF does. */
  raw: { name: "raw camera", read: false },
  /** A drawing can name files and addresses: it never reaches a decoder. */
  svg: { name: "SVG", read: false },
} as const satisfies Record<string, { readonly name: string; readonly read: boolean }>;

/** A kind of picture by its content. */
export type PictureKind = keyof typeof PICTURE_KINDS;

/** Bytes at offset 0 that say what a file is. */
const SIGNATURES: readonly (readonly [string, PictureKind])[] = [
  ["\xff\xd8\xff", "jpeg"],
  ["\x89PNG\r\n\x1a\n", "png"],
  ["GIF87a", "gif"],
  ["GIF89a", "gif"],
  ["II*\0\x10\0\0\0CR", "raw"],
  ["II*\0", "tiff"],
  ["MM\0*", "tiff"],
  // BigTIFF
  ["II+\0", "tiff"],
  ["MM\0+", "tiff"],
  ["IIRO", "raw"],
  ["IIRS", "raw"],
  ["MMOR", "raw"],
  ["IIU\0", "raw"],
  ["FUJIFILMCCD-RAW", "raw"],
  ["\0\0\0\x0cjP  \r\n\x87\n", "jp2"],
  ["\xff\x4f\xff\x51", "jp2"],
  ["\xff\x0a", "jxl"],
  ["\0\0\0\x0cJXL \r\n\x87\n", "jxl"],
  ["\0\0\x01\0", "ico"],
  ["8BPS", "psd"],
];

/** Brands of ISO media files (ISO/IEC 23008-12) by what is inside; `mif1` and `msf1` leave it to the others. */
const BRANDS: Readonly<Record<string, PictureKind>> = {
  avif: "avif",
  avis: "avif",
  heic: "heic",
  heix: "heic",
  heim: "heic",
  heis: "heic",
  hevc: "heic",
  hevx: "heic",
  hevm: "heic",
  hevs: "heic",
  "crx ": "raw",
};

/**
 * The kind of a picture file, by its content and never by its name; undefined for anything else.
 *
 * @param firstBytes the first {@link PICTURE_HEAD_BYTES} of the file, or all of a shorter one
 */
export function pictureKindOf(firstBytes: Uint8Array): PictureKind | undefined {
  const known = SIGNATURES.find(([signature]) => bytesAt(firstBytes, 0, signature));
  if (known) return known[1];
  if (bytesAt(firstBytes, 0, "RIFF") && bytesAt(firstBytes, 8, "WEBP")) return "webp";
  if (bytesAt(firstBytes, 4, "ftyp")) return kindOfBrands(firstBytes);
  if (isPnm(firstBytes)) return "pnm";
  if (isBmp(firstBytes)) return "bmp";
  return isSvg(firstBytes) ? "svg" : undefined;
}

/** The first brand that says what is inside: the major one, then the compatible ones in their order. */
function kindOfBrands(bytes: Uint8Array): PictureKind | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(view.getUint32(0), bytes.length);
  let generic = false;
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
    const brand = String.fromCharCode(...bytes.subarray(at, at + 4));
    const kind = Object.hasOwn(BRANDS, brand) ? BRANDS[brand] : undefined;
    if (kind !== undefined) return kind;
    generic ||= brand === "mif1" || brand === "msf1";
  }
  // Only its boxes say what is inside, and the decoder reads those.
  return generic ? "avif" : undefined;
}

/** P1 to P6 and a space, a line end or a comment behind it. */
function isPnm(bytes: Uint8Array): boolean {
  const [letter, digit, next] = bytes;
  return (
    letter === 0x50 &&
    digit !== undefined &&
    digit >= 0x31 &&
    digit <= 0x36 &&
    next !== undefined &&
    (next === 0x20 || (next >= 0x09 && next <= 0x0d) || next === 0x23)
  );
}

/** "BM", and the length of one of the headers there are: two letters alone begin many a text. */
function isBmp(bytes: Uint8Array): boolean {
  if (!bytesAt(bytes, 0, "BM") || bytes.length < 18) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [12, 16, 40, 52, 56, 64, 108, 124].includes(view.getUint32(14, true));
}

function isSvg(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.subarray(0, PICTURE_HEAD_BYTES)).toString("utf8");
  return /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE\s+svg[^>]*>\s*)*<svg[\s>/]/i.test(text);
}
