import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import type { ImageSource } from "./image-source.ts";
import { readImage } from "./read-image.ts";
import { RgbImage } from "./rgb-image.ts";

let file: Buffer;
let path: string;
const wanted = [255, 0, 0, 0, 0, 255];
beforeAll(async () => {
  file = await sharp(Buffer.from(wanted), { raw: { width: 2, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  path = join(await mkdtemp(join(tmpdir(), "arcface source ü-")), "a #%20 picture.png");
  await writeFile(path, file);
});

const exact = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

describe("a picture is taken from", () => {
  const sources: [string, () => unknown][] = [
    ["a path", () => path],
    ["a file: URL", () => pathToFileURL(path)],
    ["a file: URL as text", () => pathToFileURL(path).href],
    ["a data: URL", () => `data:image/png;base64,${file.toString("base64")}`],
    ["a data: URL in the URL-safe alphabet", () => `data:;base64,${file.toString("base64url")}`],
    ["a data: URL object", () => new URL(`data:image/png;base64,${file.toString("base64")}`)],
    [
      "a data: URL in percents",
      () => `data:image/png,${[...file].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("")}`,
    ],
    ["a Buffer", () => file],
    [
      "a Buffer inside a pool",
      () => Buffer.concat([Buffer.alloc(11), file, Buffer.alloc(5)]).subarray(11, 11 + file.length),
    ],
    ["an ArrayBuffer", () => exact(file)],
    [
      "a SharedArrayBuffer",
      () => {
        const shared = new SharedArrayBuffer(file.length);
        new Uint8Array(shared).set(file);
        return shared;
      },
    ],
    ["a Uint8ClampedArray", () => Uint8ClampedArray.from(file)],
    [
      "a DataView into something larger",
      () => new DataView(exact(Buffer.concat([Buffer.alloc(3), file])), 3),
    ],
    ["an Int16Array", () => new Int16Array(exact(Buffer.concat([file, Buffer.alloc(file.length % 2)])))],
    ["a Blob", () => new Blob([exact(file)])],
    ["a File", () => Object.assign(new Blob([exact(file)]), { name: "a.png" })],
    ["a web stream", () => new Blob([exact(file)]).stream()],
    ["a Node stream", () => Readable.from([file.subarray(0, 10), file.subarray(10)])],
    [
      "a generator of bytes",
      async function* () {
        yield file;
      },
    ],
    ["an RgbImage", () => new RgbImage(2, 1, Uint8Array.from(wanted))],
    ["RGB pixels", () => ({ data: Uint8Array.from(wanted), width: 2, height: 1 })],
    [
      "an ImageData",
      () => ({
        data: Uint8ClampedArray.from([255, 0, 0, 255, 0, 0, 255, 255]),
        width: 2,
        height: 1,
        colorSpace: "srgb",
      }),
    ],
  ];
  test.each(sources)("%s", async (_, make) => {
    expect([...(await readImage(make() as ImageSource)).data]).toEqual(wanted);
  });

  test("grey pixels, alone and with transparency over white", async () => {
    expect([...(await readImage({ data: Uint8Array.of(9), width: 1, height: 1 })).data]).toEqual([9, 9, 9]);
    const clear = { data: Uint8Array.of(0, 51), width: 1, height: 1, channels: 2 } as const;
    expect([...(await readImage(clear)).data]).toEqual([204, 204, 204]);
  });
});

describe("anything else is refused in one sentence", () => {
  const secret = "c2VjcmV0LXBob3RvZ3JhcGg";
  test.each<[string, unknown, string, string]>([
    ["nothing", undefined, "USAGE", "got nothing"],
    ["null", null, "USAGE", "got null"],
    ["a number", 7, "USAGE", "got a number"],
    ["an array", [1, 2], "USAGE", "got an object of the kind Array"],
    ["a promise", Promise.resolve(), "USAGE", "got an object of the kind Promise"],
    ["an object", {}, "USAGE", "got an object"],
    [
      "an address of the network",
      "https://me:word@example.org/a.jpg?key=1",
      "BAD_FILE",
      "https://example.org/a.jpg: expected a file, got an address of the network",
    ],
    ["another protocol", new URL("ftp://example.org/a.jpg"), "BAD_FILE", "nothing is fetched here"],
    ["a data: URL of text", `data:text/plain,${secret}`, "BAD_IMAGE", "data URL: expected"],
    [
      "a data: URL that is no base64",
      `data:image/png;base64,${secret}***`,
      "BAD_IMAGE",
      "got other characters",
    ],
    ["a data: URL without a comma", `data:image/png;base64${secret}`, "BAD_IMAGE", "without a comma"],
    ["an empty buffer", new ArrayBuffer(0), "BAD_IMAGE", "got 0 bytes"],
    [
      "pixels of a wrong number",
      { data: new Uint8Array(7), width: 2, height: 1 },
      "BAD_IMAGE",
      "got 7 bytes",
    ],
    ["pixels without a size", { data: new Uint8Array(7), width: 0, height: 1 }, "BAD_IMAGE", "got 0×1"],
    ["pixels in floats", { data: new Float32Array(6), width: 2, height: 1 }, "BAD_IMAGE", "Float32Array"],
    [
      "pixels of a wide gamut",
      { data: new Uint8Array(8), width: 2, height: 1, colorSpace: "display-p3" },
      "BAD_IMAGE",
      "display-p3",
    ],
    [
      "more pixels than allowed",
      { data: new Uint8Array(8), width: 1e6, height: 1e6 },
      "BAD_IMAGE",
      "at most 200000000 pixels",
    ],
    ["a stream of text", Readable.from(["text"]), "USAGE", "got one of text"],
  ])("%s", async (_, source, code, message) => {
    const failure = await readImage(source as ImageSource).then(
      () => undefined,
      (error: unknown) => error as Error & { code: string },
    );
    expect(failure?.name).toBe("FaceError");
    expect([failure?.code, failure?.message]).toEqual([code, expect.stringContaining(message)]);
    expect(failure?.message).not.toContain(secret);
    expect(failure?.message).not.toContain("\n");
  });

  test("a stream that breaks, and one that never ends", async () => {
    const broken = (async function* () {
      yield file.subarray(0, 5);
      throw new Error("the line went dead");
    })();
    await expect(readImage(broken)).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringContaining("the line went dead"),
    });
    const chunk = new Uint8Array(1 << 28);
    let given = 0;
    const endless = (async function* () {
      for (;;) {
        given++;
        yield chunk;
      }
    })();
    await expect(readImage(endless)).rejects.toThrow("expected at most 1073741824 bytes");
    expect(given).toBe(5);
  });
});
