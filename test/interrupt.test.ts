import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasTerminal, interrupt, leftUsable } from "./interrupt.ts";
import { samplePhotographs } from "./pack.ts";
import { arcface } from "./run-cli.ts";

/** Within which one Ctrl-C has to end any command. */
const SECONDS = 2;

let folder: string;
let silent: Server;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  if (!hasTerminal) return;
  folder = await mkdtemp(join(tmpdir(), "arcface-interrupt-"));
  const samples = await samplePhotographs();
  // Each photograph many times over, in other bytes: enough work to be interrupted in the middle of.
  for (const [person, path] of Object.entries(samples)) {
    await mkdir(at(`people/person ${person}`), { recursive: true });
    const picture = await sharp(path).rotate().resize(900).toBuffer();
    for (let n = 0; n < 12; n++)
      await writeFile(
        at(`people/person ${person}/${n}.jpg`),
        await sharp(picture)
          .jpeg({ quality: 70 + n })
          .toBuffer(),
      );
  }
  await writeFile(at("vectors.npy"), npy(6_000, 128));
  for (const args of [
    ["create"],
    ["enrol", "--people", at("people"), "--force"],
    ["export", "--out", at("faces.jsonl")],
  ]) {
    const { code, err } = await arcface(["gallery", ...args, ...gallery()]);
    expect(code, err).toBe(0);
  }
  for (const name of ["new", "other"])
    expect((await arcface(["gallery", "create", ...gallery(name)])).code).toBe(0);
  // A registry that takes every connection and never answers.
  silent = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
});
afterAll(async () => {
  silent?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const gallery = (name = "people"): string[] => ["--gallery", `sqlite:${at(`${name}.db`)}`];

/** Rows that hang together in groups, as an NPY file of float32. */
function npy(rows: number, dimension: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimension}), }`;
  const padded = `${header.padEnd(128 - 10 - 1)}\n`;
  const values = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    const digest = createHash("sha512").update(`${row}`).digest();
    for (let i = 0; i < dimension; i++)
      values[row * dimension + i] = (i === row % 50 ? 4 : 0) + digest[i % 64]! / 255;
  }
  const magic = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  return Buffer.concat([magic, Buffer.from(padded), Buffer.from(values.buffer)]);
}

/** Every command that can take long: what it is called, its arguments, and what is on the screen when it is interrupted. */
const LONG: readonly {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly when?: string;
  readonly after?: number;
}[] = [
  {
    name: "study, looking for faces",
    args: () => ["study", at("people"), "--out", at("study")],
    when: "photographs",
  },
  { name: "study, asking why", args: () => ["study", at("people"), "--out", at("study")], when: "why " },
  {
    name: "study, covering faces",
    args: () => ["study", at("people"), "--out", at("study")],
    when: "occlusion maps",
  },
  {
    name: "study, drawing",
    args: () => ["study", at("people"), "--no-why", "--out", at("study")],
    when: "figures|thumbnails",
  },
  { name: "embed", args: () => ["embed", at("people"), "--out", at("faces.parquet")], when: "photographs" },
  { name: "search", args: () => ["search", at("people"), "--in", at("people")], when: "photographs" },
  { name: "detect", args: () => ["detect", at("people/person 1")], when: "detect" },
  { name: "cluster", args: () => ["cluster", at("people"), "--out", at("groups")], when: "photographs" },
  { name: "map by t-SNE", args: () => ["map", at("vectors.npy"), "--out", at("map.svg")], when: "t-SNE" },
  {
    name: "map, looking for neighbours",
    args: () => ["map", at("vectors.npy"), "--out", at("map.svg")],
    when: "neighbours",
  },
  {
    name: "map by UMAP",
    args: () => ["map", at("vectors.npy"), "--method", "umap", "--out", at("map.svg")],
    when: "UMAP",
  },
  { name: "evaluate", args: () => ["evaluate", "folder", at("people")], when: "embed" },
  {
    name: "calibrate",
    args: () => ["calibrate", "folder", at("people"), "--out", at("calibration.json")],
    when: "embed",
  },
  { name: "data pack", args: () => ["data", "pack", at("people"), "--out", at("faces.pack")], when: "align" },
  {
    name: "train",
    args: () => ["train", "--data", "mnist", "--out", at("run")],
    when: "train ",
  },
  {
    name: "reproduce mnist",
    args: () => ["reproduce", "mnist", "--out", at("mnist")],
    when: "softmax|train",
    after: 1,
  },
  {
    name: "reproduce lookalikes",
    args: () => ["reproduce", "lookalikes", "--images", at("people"), "--out", at("alike")],
    when: "embed|photographs|read",
  },
  {
    name: "gallery enrol",
    args: () => ["gallery", "enrol", "--people", at("people"), ...gallery("new")],
    when: "enrol",
  },
  {
    name: "gallery identify",
    args: () => ["gallery", "identify", at("people"), ...gallery()],
    when: "person 2",
  },
  {
    name: "gallery import",
    args: () => ["gallery", "import", at("faces.jsonl"), ...gallery("other")],
    after: 0.3,
  },
  {
    name: "gallery export",
    args: () => ["gallery", "export", "--out", at("out.jsonl"), ...gallery()],
    after: 0.3,
  },
  {
    name: "gallery reindex",
    args: () => ["gallery", "reindex", "--model", "mobilefacenet-192", ...gallery()],
    when: "reindex",
  },
  { name: "bench", args: () => ["bench"], after: 2 },
  { name: "doctor", args: () => ["doctor"], after: 0.3 },
];

test.skipIf(!hasTerminal).each(LONG)(
  `Ctrl-C ends a command within ${SECONDS} s and leaves the terminal as it was: $name [needs python3]`,
  async ({ args, ...moment }) => {
    const ended = await interrupt(args(), moment);
    expect(ended.seconds, ended.output.slice(-500)).not.toBeNull();
    expect(ended.seconds).toBeLessThan(SECONDS);
    // 130 where the command stopped by itself, the signal where it was ended; a shell reads both as 130.
    expect(ended.exit ?? 128 + ended.signal!).toBe(130);
    expect(ended.sameTerminal).toBe(true);
    expect(leftUsable(ended)).toBe(true);
  },
  180_000,
);

test.skipIf(!hasTerminal)(
  "Ctrl-C ends a download from a server that never answers [needs python3]",
  async () => {
    const { port } = silent.address() as { port: number };
    const ended = await interrupt(["models", "pull", "mtcnn"], {
      after: 1.5,
      env: {
        ARCFACE_HOME: at("empty"),
        npm_config_registry: `http://127.0.0.1:${port}/`,
        npm_config_cache: at("npm"),
      },
    });
    expect(ended.seconds).toBeLessThan(SECONDS);
    expect(ended.exit ?? 128 + ended.signal!).toBe(130);
  },
);

test.skipIf(!hasTerminal)("a second Ctrl-C ends a command at once [needs python3]", async () => {
  const ended = await interrupt(["map", at("vectors.npy"), "--out", at("map.svg")], {
    when: "t-SNE",
    times: 2,
  });
  expect(ended.seconds).toBeLessThan(0.15 + 0.5);
  expect(leftUsable(ended)).toBe(true);
});
