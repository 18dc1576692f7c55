import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesSource } from "../../checkpoints/index.ts";
import { FaceError, seeded } from "../../core/index.ts";
import { encodeJpeg, RgbImage } from "../../image/index.ts";
import { openExamples } from "./open-examples.ts";
import { packRecords } from "./pack-records.ts";
import { openPack } from "./packed-set.ts";
import { readImageRecord } from "./record-io.ts";
import { openRecords } from "./record-set.ts";

const MAGIC = Buffer.from([0x0a, 0x23, 0xd7, 0xce]);

/** A record as dmlc-core writes it: split wherever the magic stands at a multiple of four in the content. */
function record(content: Buffer): Buffer {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at + 4 <= content.length; at += 4) {
    if (content.subarray(at, at + 4).equals(MAGIC)) {
      parts.push(content.subarray(start, at));
      start = at + 4;
    }
  }
  parts.push(content.subarray(start));
  return Buffer.concat(
    parts.map((part, i) => {
      const kind = parts.length === 1 ? 0 : i === 0 ? 1 : i === parts.length - 1 ? 3 : 2;
      const word = Buffer.alloc(4);
      word.writeUInt32LE(((kind << 29) | part.length) >>> 0);
      return Buffer.concat([MAGIC, word, part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
    }),
  );
}

function labelled(labels: readonly number[], id: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(24 + (labels.length > 1 ? 4 * labels.length : 0));
  head.writeUInt32LE(labels.length > 1 ? labels.length : 0, 0);
  if (labels.length > 1) for (const [i, label] of labels.entries()) head.writeFloatLE(label, 24 + 4 * i);
  else head.writeFloatLE(labels[0]!, 4);
  head.writeBigUInt64LE(BigInt(id), 8);
  return record(Buffer.concat([head, content]));
}

const jpegOf = async (red: number, side = 112): Promise<Uint8Array> =>
  await encodeJpeg(
    new RgbImage(
      side,
      side,
      new Uint8Array(side * side * 3).map((_, i) => (i % 3 === 0 ? red : 50)),
    ),
    95,
  );

/** A small set as InsightFace lays one out: record 0 points behind the pictures, where records of people follow. */
async function trainingSet(
  labels: readonly (number | readonly number[])[],
  property?: string,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "arcface-rec-"));
  const records = [
    labelled([labels.length + 1, labels.length + 3], 0, new Uint8Array()),
    ...(await Promise.all(
      labels.map(async (label, i) =>
        labelled(typeof label === "number" ? [label] : label, i + 1, await jpegOf(20 * i + 30)),
      ),
    )),
    labelled([1, 3], labels.length + 1, new Uint8Array()),
    labelled([3, 5], labels.length + 2, new Uint8Array()),
  ];
  let at = 0;
  const lines = records.map((bytes, key) => {
    const line = `${key}\t${at}\n`;
    at += bytes.length;
    return line;
  });
  writeFileSync(join(folder, "train.rec"), Buffer.concat(records));
  writeFileSync(join(folder, "train.idx"), lines.join(""));
  if (property !== undefined) writeFileSync(join(folder, "property"), property);
  return join(folder, "train.rec");
}

test("labels and pictures come out of train.rec; records that describe people are passed over", async () => {
  const set = openRecords(await trainingSet([0, 0, 2, [1, 0]], "3,112,112"));
  expect([...set.labels]).toEqual([0, 0, 2, 1]);
  expect(set.classes).toEqual(["0", "1", "2"]);
  expect(set.shape).toEqual([3, 112, 112]);
  const pixels = await set.pixels(2);
  expect(pixels).toHaveLength(112 * 112 * 3);
  expect(Math.abs(pixels[0]! - 70)).toBeLessThan(4);
  set.close();
});

test("content with the magic in it, which is stored in parts, is joined again", () => {
  const content = Buffer.concat([MAGIC, Buffer.from("abcd"), MAGIC, MAGIC, Buffer.from("tail!")]);
  const bytes = labelled([7], 9, content);
  const read = readImageRecord(bytesSource(bytes), 0, 1000);
  expect(read.labels).toEqual([7]);
  expect(read.id).toBe(9n);
  expect(Buffer.compare(read.content, content)).toBe(0);
});

test.each([
  ["a label above the classes", [0, 5, 1], /expected a label from 0 to 2, got 5/],
  ["a negative label", [0, -1], /record 2: expected a class from 0 to \d+ as label, got -1/],
  ["a label that is not a number", [0, Number.NaN], /record 2: expected a class .* got NaN/],
  ["a label between two classes", [0, 0.5], /record 2: .* got 0.5/],
])("%s is refused with its record", async (_, labels, message) => {
  const path = await trainingSet(labels, "3,112,112");
  expect(() => openRecords(path)).toThrow(message);
});

test("an index that is missing or points outside the records is refused with its line", async () => {
  const path = await trainingSet([0, 1]);
  const index = path.replace(".rec", ".idx");
  writeFileSync(index, "0\t0\n1\t99999999\n");
  expect(() => openRecords(path)).toThrow(/train\.idx: line 2: expected .* below \d+/);
  writeFileSync(index, "0\t0\n1\t12\n");
  expect(() => openRecords(path)).toThrow(/record at offset 12: expected 0xced7230a/);
  expect(() => openRecords(path.replace("train", "other"))).toThrow(/no such file/);
});

test.each(["3,112,96", "0,112,112", "3,0,0", "3,112", "three,112,112"])(
  'a property file of "%s" is refused',
  async (property) => {
    const path = await trainingSet([0, 1], property);
    expect(() => openRecords(path)).toThrow(
      `property: expected classes, height and the same width with commas, got "${property}"`,
    );
  },
);

test("a path with nothing there is no folder to be packed", async () => {
  await expect(openExamples(join(tmpdir(), "nowhere.pack"))).rejects.toMatchObject({
    code: "BAD_FILE",
    message: expect.stringContaining(
      "nowhere.pack: expected a file that can be read, got no such file",
    ) as string,
  });
});

test("a picture of another size than the set's is refused when it is read", async () => {
  const path = await trainingSet([0, 1], "2,224,224");
  await expect(openRecords(path).pixels(0)).rejects.toThrow(/expected a picture of 224×224, got 112×112/);
});

test("packing records keeps every picture's bytes", async () => {
  const path = await trainingSet([0, 1, 1], "2,112,112");
  const set = openRecords(path);
  const out = `${path}.pack`;
  expect(await packRecords(path, out)).toMatchObject({ examples: 3, classes: 2, single: ["0"] });
  const pack = openPack(out);
  expect([...pack.labels]).toEqual([0, 1, 1]);
  for (let i = 0; i < 3; i++) expect(Buffer.compare(pack.payload(i), set.file(i))).toBe(0);
});

test("records with broken pictures are listed and left out of the pack, and the rest packed", async () => {
  const path = await trainingSet([0, 1, 1, 0, 1], "2,112,112");
  const set = openRecords(path);
  const bytes = readFileSync(path);
  for (const i of [1, 4]) {
    const at = bytes.indexOf(Buffer.from(set.file(i)));
    // One loses its first marker, the other its second half.
    if (i === 1) bytes.fill(0, at, at + 2);
    else bytes.fill(0, at + (set.file(i).length >> 1), at + set.file(i).length);
  }
  set.close();
  writeFileSync(path, bytes);
  const out = `${path}.pack`;
  const report = await packRecords(path, out);
  expect(report).toMatchObject({ examples: 3, classes: 2 });
  expect(report.failed.map(({ message }) => message)).toEqual([
    expect.stringContaining("train.rec: picture 1: expected"),
    expect.stringContaining("train.rec: picture 4: expected"),
  ]);
  const pack = openPack(out);
  expect([...pack.labels]).toEqual([0, 1, 0]);
  for (let i = 0; i < 3; i++) expect(await pack.pixels(i)).toHaveLength(112 * 112 * 3);
});

test("whatever bytes of the records are changed, reading fails with a sentence or not at all", async () => {
  const path = await trainingSet([0, 1, 1]);
  const whole = readFileSync(path);
  const random = seeded(3);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole);
    for (let i = 0; i < 1 + random.below(4); i++)
      bytes[random.below(round % 2 ? bytes.length : 200)] = random.below(256);
    writeFileSync(path, bytes);
    try {
      const set = openRecords(path);
      for (let i = 0; i < set.labels.length; i++) await set.pixels(i);
      set.close();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(FaceError);
    }
  }
});
