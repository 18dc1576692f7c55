import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { facePictures, killStarted, serve, stop } from "./started.ts";

/*
 * Small files that say they are large pictures, at a service with its own workers.
 */

afterAll(killStarted);

const u16be = (n: number) => [n >> 8, n & 255];
const u32be = (n: number) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
const u16le = (n: number) => u16be(n).reverse();
const u32le = (n: number) => u32be(n).reverse();
const text = (of: string) => [...Buffer.from(of, "latin1")];

function pngChunk(kind: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  return Buffer.concat([Buffer.from(u32be(data.length)), named, Buffer.from(u32be(crc32(named)))]);
}

/** A PNG of grey that says its size, with other chunks in front of its pixels. */
function png(width: number, height: number, rows: number, ...before: Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from([0x89, ...text("PNG\r\n\x1a\n")]),
    pngChunk("IHDR", Buffer.from([...u32be(width), ...u32be(height), 8, 0, 0, 0, 0])),
    ...before,
    pngChunk("IDAT", deflateSync(new Uint8Array(rows * (width + 1)))),
    pngChunk("IEND", new Uint8Array()),
  ]);
}

const HUGE = deflateSync(new Uint8Array(2 ** 28));
const gif = (width: number, height: number, frames: number): Buffer =>
  Buffer.from([
    ...text("GIF89a"),
    ...[...u16le(width), ...u16le(height), 0x80, 0, 0, 0, 0, 0, 255, 255, 255],
    ...Array.from({ length: frames }, () => [
      ...[0x21, 0xf9, 4, 0, 1, 0, 0, 0, 0x2c, 0, 0, 0, 0, ...u16le(width), ...u16le(height), 0],
      ...[2, 2, 0x4c, 0x01, 0],
    ]).flat(),
    0x3b,
  ]);
const webp = (width: number, height: number): Buffer => {
  const size = (n: number) => u32le(n - 1).slice(0, 3);
  const canvas = [...text("VP8X"), ...u32le(10), 2, 0, 0, 0, ...size(width), ...size(height)];
  const frame = [...text("ANMF"), ...u32le(16), ...new Array<number>(16).fill(0)];
  const body = [...text("WEBP"), ...canvas, ...text("ANIM"), ...u32le(6), 0, 0, 0, 0, 0, 0, ...frame];
  return Buffer.from([...text("RIFF"), ...u32le(body.length), ...body]);
};
const tiff = (width: number, height: number, next: number): Buffer => {
  const entries = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [277, 3, 1, 1],
    [278, 4, 1, height],
    [279, 4, 1, 4_000_000_000],
  ];
  return Buffer.from([
    ...[...text("II*\0"), ...u32le(8), ...u16le(entries.length)],
    ...entries.flatMap(([tag, type, count, value]) => [
      ...u16le(tag!),
      ...u16le(type!),
      ...u32le(count!),
      ...u32le(value!),
    ]),
    ...u32le(next),
  ]);
};
const jpegOf = (jpeg: Uint8Array, width: number, height: number): Buffer => {
  const bytes = Buffer.from(jpeg);
  const at = bytes.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(bytes[i + 1]!));
  bytes.set([...u16be(height), ...u16be(width)], at + 5);
  return bytes;
};
const svg = (inside: string): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000">${inside}</svg>`);
const entities = `<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">${[..."bcdefgh"]
  .map((name, i) => `<!ENTITY ${name} "${`&${"abcdefg"[i]};`.repeat(10)}">`)
  .join("")}]><svg>&h;</svg>`;

function residentMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

test("small files that say they are large pictures are refused within seconds, one or many, and the service goes on as it was", async () => {
  const [face] = await facePictures();
  const bombs: Readonly<Record<string, Uint8Array>> = {
    "a PNG of 10¹⁰ pixels": png(100_000, 100_000, 0),
    "a PNG of 2³¹ by 1": png(2 ** 31 - 1, 1, 0),
    "a PNG one pixel over the limit": png(10_000, 5001, 1),
    "a PNG whose text is 256 MB": png(8, 8, 8, pngChunk("zTXt", Buffer.concat([Buffer.from("a\0\0"), HUGE]))),
    "a PNG whose profile is 256 MB": png(
      ...([8, 8, 8, pngChunk("iCCP", Buffer.concat([Buffer.from("a\0\0"), HUGE]))] as const),
    ),
    "a PNG with more rows than it says": png(8, 8, 10_000_000),
    "a JPEG of 65500 by 65500": jpegOf(face!, 65_500, 65_500),
    "a GIF of 65535 by 65535": gif(65_535, 65_535, 1),
    "a GIF of 20,000 frames": gif(2000, 2000, 20_000),
    "a WebP of 16384 by 16384": webp(16_384, 16_384),
    "a TIFF of 10¹⁰ pixels": tiff(100_000, 100_000, 0),
    "a TIFF whose pages go round": tiff(1000, 1000, 8),
    "a PNM of 10¹⁰ pixels": Buffer.from("P6 100000 100000 255\n"),
    "an SVG": svg("<rect width='100000' height='100000'/>"),
    "an SVG of a file": svg('<image href="file:///etc/passwd"/>'),
    "an SVG of entities": Buffer.from(entities),
  };
  const service = await serve("--log-level", "error", "--jobs", "1");
  const url = `${service.url}/v1/detect`;
  const ask = async (body: BodyInit, type?: string) => {
    const begun = performance.now();
    const headers = type ? { "Content-Type": type } : {};
    const response = await fetch(url, { method: "POST", body, headers });
    return { status: response.status, text: await response.text(), ms: performance.now() - begun };
  };
  expect((await ask(face!, "image/jpeg")).status).toBe(200);
  const before = residentMiB(service.child.pid!);
  const outcomes: Record<string, number> = {};
  for (const [name, bytes] of Object.entries(bombs)) {
    const { status, text: answer, ms } = await ask(Uint8Array.from(bytes), "image/png");
    outcomes[name] = status;
    expect(answer, name).not.toMatch(/\/tmp|node_modules|passwd|at .*\.js/);
    expect(ms, name).toBeLessThan(5000);
  }
  // These are small pictures: the first frame, or as many rows as there should be.
  const readable = [
    "a GIF of 20,000 frames",
    "a PNG whose text is 256 MB",
    "a PNG whose profile is 256 MB",
    "a PNG with more rows than it says",
  ];
  expect(outcomes).toEqual(
    Object.fromEntries(
      Object.keys(bombs).map((name) => [name, readable.includes(name) ? outcomes[name] : 422]),
    ),
  );
  const all = new FormData();
  for (let i = 0; i < 60; i++)
    all.append("pictures", new Blob([Uint8Array.from(Object.values(bombs)[i % Object.keys(bombs).length]!)]));
  const many = await ask(all);
  expect(many.status).toBe(200);
  expect(many.ms).toBeLessThan(30_000);
  expect(residentMiB(service.child.pid!) - before).toBeLessThan(600);
  expect((await ask(face!, "image/jpeg")).status).toBe(200);
  expect(service.log()).toBe("");
  expect((await stop(service)).code).toBe(0);
});
