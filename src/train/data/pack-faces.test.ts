import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { FaceError, seeded } from "../../core/index.ts";
import { encodeJpeg, encodePng, RgbImage } from "../../image/index.ts";
import { packFolder } from "./pack-faces.ts";
import { PackWriter } from "./pack-writer.ts";
import { openPack } from "./packed-set.ts";

const SIDE = 112;

/** A crop of one colour with a brighter left half. */
function crop(red: number): RgbImage {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let i = 0; i < SIDE * SIDE; i++) data.set([red, 40, i % SIDE < SIDE / 2 ? 200 : 60], 3 * i);
  return new RgbImage(SIDE, SIDE, data);
}

async function people(counts: Readonly<Record<string, number>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "arcface-people-"));
  let red = 10;
  const next = (): RgbImage => {
    red += 9;
    return crop(red);
  };
  for (const [name, count] of Object.entries(counts)) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < count; i++) writeFileSync(join(folder, name, `${i}.png`), await encodePng(next()));
  }
  return folder;
}

const fresh = (): string => join(mkdtempSync(join(tmpdir(), "arcface-pack-")), "faces.pack");

test("a folder of crops becomes one file with the same pixels, labels and names", async () => {
  const folder = await people({ Bo: 2, Ada: 1, Cy: 3 });
  const out = fresh();
  const report = await packFolder(folder, out, { encoding: "raw" });
  expect(report).toMatchObject({
    examples: 6,
    classes: 3,
    reused: 0,
    noFace: [],
    failed: [],
    single: ["Ada"],
  });
  const pack = openPack(out);
  expect(pack.classes).toEqual(["Ada", "Bo", "Cy"]);
  expect([...pack.labels]).toEqual([0, 1, 1, 2, 2, 2]);
  expect(pack.shape).toEqual([3, 112, 112]);
  // Bo was written first: red 19 and 28; Ada has 37.
  expect([...(await pack.pixels(0)).subarray(0, 3)]).toEqual([37, 40, 200]);
  expect([...(await pack.pixels(1)).subarray(0, 3)]).toEqual([19, 40, 200]);
  expect(Buffer.compare(await pack.pixels(2), crop(28).data)).toBe(0);
  pack.close();
});

test("a crop that is a JPEG keeps its bytes, another becomes one", async () => {
  const folder = await people({ Ada: 1, Bo: 1 });
  const jpeg = await encodeJpeg(crop(120), 80);
  writeFileSync(join(folder, "Ada", "0.jpg"), jpeg);
  const out = fresh();
  await packFolder(folder, out);
  const pack = openPack(out);
  expect(Buffer.compare(pack.payload(0), jpeg)).toBe(0);
  const [red] = await pack.pixels(2);
  expect(Math.abs(red! - 28)).toBeLessThan(4);
  pack.close();
});

test("packing again takes over what is there and adds what is new", async () => {
  const folder = await people({ Ada: 2, Bo: 2 });
  const out = fresh();
  await packFolder(folder, out);
  writeFileSync(join(folder, "Ada", "9.png"), await encodePng(crop(99)));
  const report = await packFolder(folder, out);
  expect(report).toMatchObject({ examples: 5, reused: 4 });
});

test("packing what has not changed leaves the file alone; the same set has one fingerprint in whatever order it was written", async () => {
  const folder = await people({ Ada: 2, Bo: 2 });
  const [out, other] = [fresh(), fresh()];
  await packFolder(folder, out);
  const before = statSync(out);
  expect(await packFolder(folder, out)).toMatchObject({ examples: 4, reused: 4 });
  expect(statSync(out).ino).toBe(before.ino);
  expect(readdirSync(dirname(out))).toEqual(["faces.pack"]);
  // A run that had written Bo's pictures only before it was interrupted.
  const part = PackWriter.open(other, [3, 112, 112], "file", `folder ${realpathSync(folder)}`);
  const first = openPack(out);
  for (const i of [3, 2]) part.add(first.record(i).key, first.payload(i));
  part.close();
  expect(await packFolder(folder, other)).toMatchObject({ examples: 4, reused: 2 });
  const second = openPack(other);
  expect(second.record(0).at).not.toBe(first.record(0).at);
  expect(second.fingerprint).toBe(first.fingerprint);
  writeFileSync(join(folder, "Ada", "1.png"), await encodePng(crop(200)));
  await packFolder(folder, other);
  expect(openPack(other).fingerprint).not.toBe(first.fingerprint);
});

test("what an interrupted run of another folder left is not in the pack", async () => {
  const [out, clean] = [fresh(), fresh()];
  const first = await people({ Eve: 3, Mallory: 2 });
  const controller = new AbortController();
  await expect(
    packFolder(first, out, {
      signal: controller.signal,
      onProgress: ({ done }) => done === 3 && controller.abort(),
    }),
  ).rejects.toMatchObject({ code: "ABORTED" });
  const folder = await people({ Ada: 2, Bo: 2 });
  expect(await packFolder(folder, out)).toMatchObject({ examples: 4, reused: 0 });
  await packFolder(folder, clean);
  expect(readFileSync(out)).toEqual(readFileSync(clean));
});

test("pictures that were deleted after a run was interrupted are not in the pack", async () => {
  const folder = await people({ Ada: 3, Bo: 2 });
  const [out, clean] = [fresh(), fresh()];
  const controller = new AbortController();
  await expect(
    packFolder(folder, out, {
      signal: controller.signal,
      onProgress: ({ done }) => done === 3 && controller.abort(),
    }),
  ).rejects.toMatchObject({ code: "ABORTED" });
  rmSync(join(folder, "Ada", "1.png"));
  expect(await packFolder(folder, out)).toMatchObject({ examples: 4, reused: 2 });
  await packFolder(folder, clean);
  expect(readFileSync(out)).toEqual(readFileSync(clean));
});

test("a run that was interrupted goes on where it stopped", async () => {
  const folder = await people({ Ada: 3, Bo: 2 });
  const out = fresh();
  const controller = new AbortController();
  const stopped = packFolder(folder, out, {
    signal: controller.signal,
    onProgress: ({ done }) => done === 3 && controller.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
  // A record that was being written when the machine stopped.
  writeFileSync(`${out}.part`, Buffer.concat([readFileSync(`${out}.part`), Buffer.from("half a record")]));
  const report = await packFolder(folder, out);
  expect(report).toMatchObject({ examples: 5, reused: 3 });
  const pack = openPack(out);
  for (let i = 0; i < 5; i++) expect(await pack.pixels(i)).toHaveLength(SIDE * SIDE * 3);
  pack.close();
});

test("a picture that cannot be read is reported and the rest packed; a folder without pictures too", async () => {
  const folder = await people({ Ada: 2, Bo: 1, Nobody: 0 });
  writeFileSync(join(folder, "Bo", "broken.jpg"), "no picture");
  const report = await packFolder(folder, fresh());
  expect(report.examples).toBe(3);
  expect(report.empty).toEqual(["Nobody"]);
  expect(report.failed.map(({ message }) => message)[0]).toMatch(/Bo\/broken\.jpg: expected JPEG/);
});

test("an empty folder, and one without any picture, is refused", async () => {
  const folder = await people({});
  await expect(packFolder(folder, fresh())).rejects.toThrow(
    /expected a folder of pictures for every person, got an empty folder; put each person's pictures into a folder with the person's name/,
  );
  await expect(packFolder(join(folder, "none"), fresh())).rejects.toThrow(/got nothing there/);
  await expect(packFolder(await people({ Ada: 0 }), fresh())).rejects.toThrow(
    /got 1 folder without pictures/,
  );
});

test("crops of another size are refused where all pictures are said to be crops", async () => {
  const folder = await people({ Ada: 1, Bo: 1 });
  await expect(packFolder(folder, fresh(), { aligned: true, sizePx: 224 })).rejects.toThrow(
    /expected an aligned crop of 224×224, got 112×112/,
  );
});

test("a damaged picture is named, and the others are still there", async () => {
  const out = fresh();
  await packFolder(await people({ Ada: 2, Bo: 2 }), out, { encoding: "raw" });
  const bytes = readFileSync(out);
  const { at } = openPack(out).record(2);
  bytes[at + 500]! ^= 1;
  writeFileSync(out, bytes);
  const pack = openPack(out);
  await expect(pack.pixels(2)).rejects.toThrow(/example 2: at offset \d+: expected CRC-32/);
  expect(await pack.pixels(3)).toHaveLength(SIDE * SIDE * 3);
  pack.close();
});

test("a file cut short, unfinished or of another kind is refused before anything is read from it", async () => {
  const out = fresh();
  await packFolder(await people({ Ada: 1, Bo: 1 }), out);
  truncateSync(out, readFileSync(out).length - 1);
  expect(() => openPack(out)).toThrow(/expected a file of/);
  const part = fresh();
  PackWriter.open(part, [3, 112, 112], "raw", "x").close();
  expect(() => openPack(`${part}.part`)).toThrow(/not finished/);
  writeFileSync(part, "something else altogether, and long enough to be a header of sixty-four bytes");
  expect(() => openPack(part)).toThrow(/expected "ARCFPACK" at its start/);
});

test("whatever bytes are changed, opening and reading fails with a sentence or not at all", async () => {
  const out = fresh();
  await packFolder(await people({ Ada: 2, Bo: 2 }), out);
  const whole = readFileSync(out);
  const random = seeded(5);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole);
    const near = round % 2 === 0 ? 64 : bytes.length;
    for (let i = 0; i < 1 + random.below(4); i++) bytes[random.below(near)] = random.below(256);
    writeFileSync(out, bytes);
    try {
      const pack = openPack(out);
      for (let i = 0; i < pack.labels.length; i++) await pack.pixels(i);
      pack.close();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(FaceError);
    }
  }
});
