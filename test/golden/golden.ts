import { readdirSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect } from "vitest";

/** The place where the golden files lie; the documentation shows some of them. */
export const GOLDEN = join(import.meta.dirname, "..", "..", "docs", "golden");

/** Expects a text to be the golden file of this name. `npm run golden` writes the files anew; `git diff` shows what changed. */
export async function expectGolden(name: string, text: string): Promise<void> {
  await expect(text.endsWith("\n") ? text : `${text}\n`).toMatchFileSnapshot(join(GOLDEN, name));
}

/** Names of the golden files that end so. */
export function goldenNames(end: string): string[] {
  return readdirSync(GOLDEN)
    .filter((name) => name.endsWith(end))
    .sort();
}

/**
 * A figure as a text that can be read and compared on every machine, and still be looked at: an element a line, numbers to
 * a hundredth, a PNG inside it as the rectangles it shows.
 */
export function normalisedSvg(svg: string): string {
  return svg
    .replace(
      /<image ([^>]*?)href="data:image\/png;base64,([^"]+)"([^>]*)\/?>(?:<\/image>)?/g,
      (_, before, png) => rectangles(before as string, Buffer.from(png as string, "base64")),
    )
    .replace(/></g, ">\n<")
    .replace(/<[^>]*>/g, (tag) =>
      tag.replace(/(?<![\w#.])-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) =>
        String(Math.round(Number(number) * 100) / 100 + 0),
      ),
    );
}

/** Pixels of one colour as one rectangle, in place of the picture. */
function rectangles(attributes: string, png: Buffer): string {
  const [width, height, rgb] = pixelsOf(png);
  const at = (name: string): number => Number(new RegExp(`\\b${name}="([^"]+)"`).exec(attributes)![1]);
  const [left, top, sizeX, sizeY] = [at("x"), at("y"), at("width") / width, at("height") / height];
  const parts: string[] = [];
  const colour = (x: number, y: number): string =>
    `#${rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3).toString("hex")}`;
  const same = (x: number, other: number): boolean =>
    Array.from({ length: height }, (_, y) => y).every((y) => colour(x, y) === colour(other, y));
  for (let x = 0, right = 0; x < width; x = right) {
    for (right = x + 1; right < width && same(x, right); right++);
    for (let y = 0, end = 0; y < height; y = end) {
      for (end = y; end < height && colour(x, end) === colour(x, y); end++);
      parts.push(
        `<rect x="${left + x * sizeX}" y="${top + y * sizeY}" width="${(right - x) * sizeX}" height="${(end - y) * sizeY}" fill="${colour(x, y)}"/>`,
      );
    }
  }
  return parts.join("");
}

/** Width, height and RGB bytes of a PNG without filters, as `plot/pixels.ts` writes it. */
function pixelsOf(png: Buffer): [number, number, Buffer] {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const data = png.indexOf("IDAT");
  const rows = inflateSync(png.subarray(data + 4, data + 4 + png.readUInt32BE(data - 4)));
  const row = 3 * width + 1;
  return [
    width,
    height,
    Buffer.concat(Array.from({ length: height }, (_, y) => rows.subarray(y * row + 1, (y + 1) * row))),
  ];
}
