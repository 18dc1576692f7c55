import { crc32, deflateSync } from "node:zlib";
import { FaceError } from "../core/index.ts";

/**
 * Pixels as an address that an SVG image can carry inside itself: one coloured cell a pixel, for figures of so many
 * cells that a rectangle each would be megabytes.
 *
 * Shapes    rgb [height, width, 3]
 * Throws    FaceError SHAPE
 * Source    PNG (Portable Network Graphics) Specification, third edition, W3C: colour type 2, filter 0
 */
export function pngDataUrl(width: number, height: number, rgb: Uint8Array): string {
  if (rgb.length !== width * height * 3 || width < 1 || height < 1) {
    throw new FaceError("SHAPE", {
      where: "pixels",
      expected: `${width}×${height}×3 bytes`,
      got: rgb.length,
    });
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) {
    rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  }
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${png.toString("base64")}`;
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(typed.length + 8);
  out.writeUInt32BE(data.length, 0);
  typed.copy(out, 4);
  out.writeUInt32BE(crc32(typed), typed.length + 4);
  return out;
}
