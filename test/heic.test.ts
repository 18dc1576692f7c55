import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cosine, Recognizer, readImage } from "arcface-ts";
import { beforeAll, describe, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";
import { arcface } from "./run-cli.ts";

const PILLOW = `
import sys, pillow_heif
from PIL import Image
pillow_heif.register_heif_opener()
Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2], quality=92)
`;

let folder: string;
let jpeg: string;
/** A HEIC file of the first sample photograph; undefined where nothing here can write one. */
let heic: string | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-heic-"));
  jpeg = (await samplePhotographs())[1]!;
  const out = join(folder, "IMG_0001.HEIC");
  const made = join(folder, "made.heic");
  for (const [command, args] of [
    ["heif-enc", ["-q", "92", "-o", made, jpeg]],
    ["python3", ["-c", PILLOW, jpeg, made]],
  ] as const) {
    try {
      execFileSync(command, args, { stdio: "ignore" });
      await rename(made, out);
      heic = out;
      return;
    } catch {
      // The next one, or none: the tests below are skipped with a sentence.
    }
  }
});

/** A HEIC file's first bytes: enough to be known as one. */
const HEAD = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");

describe("without heic-decode", () => {
  test("a HEIC picture is refused with what to install; in a folder it is counted", async () => {
    const own = await mkdtemp(join(tmpdir(), "arcface-no-heic-"));
    const hide = join(own, "hide.cjs");
    await writeFile(
      hide,
      `const Module = require("node:module");
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === "heic-decode") throw Object.assign(new Error("hidden"), { code: "MODULE_NOT_FOUND" });
  return resolve.call(this, name, ...rest);
};`,
    );
    const env = { NODE_OPTIONS: `--require ${hide}` };
    const picture = join(own, "pictures", "a.heic");
    await mkdir(join(own, "pictures"));
    await writeFile(picture, HEAD);
    await symlink(jpeg, join(own, "pictures", "b.jpg"));
    const alone = await arcface(["detect", picture], env);
    expect(alone.code).toBe(3);
    expect(alone.err).toContain(
      `${picture}: expected a JPEG, PNG, WebP, AVIF, TIFF, GIF or PNM picture, got a HEIC one: install its decoder with "npm install heic-decode", or convert it to JPEG`,
    );
    const many = await arcface(["detect", join(own, "pictures")], env);
    expect(many.code).toBe(0);
    expect(many.err).toContain("1 HEIC picture passed over: HEIC is not read here, install heic-decode");
  }, 180_000);
});

const WITHOUT = "nothing here writes HEIC: install libheif-examples, or pillow-heif for python3";

describe("with heic-decode installed", () => {
  test("a HEIC photograph gives the faces of the JPEG it was made from", async ({ skip }) => {
    skip(heic === undefined, WITHOUT);
    await using recognizer = await Recognizer.open({ store });
    const [a, b] = [await recognizer.faces(jpeg), await recognizer.faces(heic!)];
    expect([b.width, b.height]).toEqual([a.width, a.height]);
    expect(b.faces).toHaveLength(a.faces.length);
    for (const face of b.faces) {
      const best = Math.max(...a.faces.map(({ embedding }) => cosine(embedding, face.embedding)));
      expect(best).toBeGreaterThan(0.98);
    }
  }, 180_000);

  test("limits hold, and half a file is refused in a sentence", async ({ skip }) => {
    skip(heic === undefined, WITHOUT);
    await expect(readImage(heic!, { maxPixels: 2_000_000 })).rejects.toMatchObject({
      code: "BAD_IMAGE",
      message: `${heic}: expected at most 1000000 pixels in HEIC, got 2457600`,
    });
    const { readFile } = await import("node:fs/promises");
    const bytes = await readFile(heic!);
    const half = join(folder, "half.heic");
    await writeFile(half, bytes.subarray(0, bytes.length >> 1));
    await expect(readImage(half)).rejects.toMatchObject({
      code: "BAD_IMAGE",
      message: expect.stringContaining(`${half}: expected a whole picture, got a damaged one`),
    });
  }, 180_000);
});
