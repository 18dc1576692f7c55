import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { floatTensorOf, writeCheckpoint } from "../src/checkpoints/index.ts";
import { Gallery } from "../src/gallery/index.ts";
import { MadeFaces, madePipeline, provenance } from "../src/gallery/made-faces.ts";
import { Connection } from "../src/gallery/sqlite/connection.ts";
import { mobileFaceNet } from "../src/networks/index.ts";
import { exportGallery } from "../src/recognise/index.ts";
import { formulaWeights } from "./formula-weights.ts";
import { hasTerminal, type Interrupted, interrupt, leftUsable } from "./interrupt.ts";
import { samplePhotographs } from "./pack.ts";
import { arcfaceHere } from "./run-cli.ts";

/** Within which one Ctrl-C has to end any command. */
const SECONDS = 2;

let folder: string;
let silent: Server;
/** A connection that lets nobody else open a gallery. */
let holder: Connection;
const clock = (): Date => new Date(0);
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  if (!hasTerminal) return;
  folder = await mkdtemp(join(tmpdir(), "arcface-interrupt-"));
  const samples = await samplePhotographs();
  // Each photograph many times over, in other bytes: enough work to be interrupted in the middle of. A few of them are
  // for what is interrupted only when all have been looked at.
  for (const [person, path] of Object.entries(samples)) {
    await mkdir(at(`people/person ${person}`), { recursive: true });
    const picture = await sharp(path).rotate().resize(640).toBuffer();
    await mkdir(at(`few/person ${person}`), { recursive: true });
    for (let n = 0; n < 6; n++) {
      const path = at(`people/person ${person}/${n}.jpg`);
      await sharp(picture)
        .jpeg({ quality: 70 + n })
        .toFile(path);
      if (n < 2) await copyFile(path, at(`few/person ${person}/${n}.jpg`));
    }
  }
  await writeFile(at("vectors.npy"), npy(2_500, 128));
  for (const args of [["create"], ["enrol", "--people", at("people"), "--force"]]) {
    const { code, err } = await arcfaceHere(["gallery", ...args, ...gallery()]);
    expect(code, err).toBe(0);
  }
  expect((await arcfaceHere(["gallery", "create", ...gallery("new")])).code).toBe(0);
  await makeManyFaces();
  holder = await Connection.open(at("other.db"));
  holder.database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  const weights = [...formulaWeights(mobileFaceNet())];
  writeCheckpoint(
    at("net.safetensors"),
    "safetensors",
    weights.map(([name, { shape, floats }]) => floatTensorOf(name, shape, floats())),
  );
  // A registry that takes every connection and never answers.
  silent = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
});
afterAll(async () => {
  holder?.close();
  silent?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** More faces than are read or written in a moment: in a gallery, in a file, and in none of two other galleries. */
async function makeManyFaces(): Promise<void> {
  const create = async (name: string): Promise<Gallery> =>
    await Gallery.create(`sqlite:${at(`${name}.db`)}`, madePipeline(), { clock, threshold: 0.5 });
  for (const name of ["empty", "other"]) await (await create(name)).close();
  await using many = await create("many");
  const made = new MadeFaces(3);
  for (let person = 0; person < 6; person++) {
    const faces = Array.from({ length: 1000 }, (_, n) => ({
      vector: made.direction(),
      provenance: provenance(`${person}/${n}.jpg`),
    }));
    await many.enrol([{ name: `person ${person}`, faces }]);
  }
  await exportGallery(many, at("faces.jsonl"));
}

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

/** The environment of a download that never ends. */
const unanswered = (): Record<string, string> => ({
  ARCFACE_HOME: at("nothing"),
  npm_config_registry: `http://127.0.0.1:${(silent.address() as { port: number }).port}/`,
  npm_config_cache: at("npm"),
});

/** One thread for pictures, which begins sooner than several: those of `study` and `embed` are stopped while several work. */
const ONE = ["--jobs", "1"];

/**
 * Every command that can take long: what it is called, its arguments, and when it is interrupted: at what is on the
 * screen, long before its end, or some seconds after its start, where it waits for something that does not come.
 */
const LONG: readonly {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly when?: string;
  readonly after?: number;
  readonly env?: () => Record<string, string>;
}[] = [
  {
    name: "study, looking for faces",
    args: () => ["study", at("people"), "--out", at("study")],
    when: "photographs",
  },
  { name: "study, asking why", args: () => ["study", at("few"), "--out", at("study")], when: "why " },
  {
    name: "study, covering faces",
    args: () => ["study", at("few"), "--out", at("study")],
    when: "occlusion maps",
  },
  {
    name: "study, drawing",
    args: () => ["study", at("few"), "--no-why", "--out", at("study")],
    when: "figures|thumbnails",
  },
  { name: "embed", args: () => ["embed", at("people"), "--out", at("faces.parquet")], when: "photographs" },
  { name: "search", args: () => ["search", at("people"), "--in", at("people"), ...ONE], when: "photographs" },
  { name: "detect", args: () => ["detect", at("people")], when: "detect" },
  { name: "align", args: () => ["align", at("people"), "--out", at("crops")], when: "png" },
  {
    name: "inspect --probe",
    args: () => ["inspect", at("net.safetensors"), "--probe", at("people")],
    when: "probe ",
  },
  {
    name: "cluster",
    args: () => ["cluster", at("people"), "--out", at("groups"), ...ONE],
    when: "photographs",
  },
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
  { name: "evaluate", args: () => ["evaluate", "folder", at("people"), ...ONE], when: "embed" },
  {
    name: "calibrate",
    args: () => ["calibrate", "folder", at("people"), "--out", at("calibration.json"), ...ONE],
    when: "embed",
  },
  {
    name: "data pack",
    args: () => ["data", "pack", at("people"), "--out", at("faces.pack"), ...ONE],
    when: "align",
  },
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
    args: () => ["gallery", "enrol", "--people", at("people"), ...ONE, ...gallery("new")],
    when: "enrol",
  },
  {
    name: "gallery identify",
    args: () => ["gallery", "identify", at("people"), ...ONE, ...gallery()],
    when: "person 2",
  },
  {
    name: "gallery import",
    args: () => ["gallery", "import", at("faces.jsonl"), ...gallery("empty")],
    when: "import",
  },
  {
    name: "gallery export",
    args: () => ["gallery", "export", "--out", at("out.jsonl"), ...gallery("many")],
    when: "export",
  },
  {
    name: "gallery reindex",
    args: () => ["gallery", "reindex", "--model", "mobilefacenet-192", ...gallery()],
    when: "reindex",
  },
  { name: "bench", args: () => ["bench"], after: 2 },
  {
    name: "gallery check, waiting for a gallery that another process has locked",
    args: () => ["gallery", "check", ...gallery("other")],
    after: 1.5,
  },
  { name: "doctor, waiting for a server", args: () => ["doctor"], after: 1.5, env: unanswered },
  {
    name: "models pull, waiting for a server",
    args: () => ["models", "pull", "mtcnn"],
    after: 1.5,
    env: unanswered,
  },
];

/** Throws unless Ctrl-C ended a command in time, and the terminal is as it was. */
function expectEnded(ended: Interrupted): void {
  expect(ended.seconds, ended.output.slice(-500)).not.toBeNull();
  expect(ended.seconds).toBeLessThan(SECONDS);
  // 130 where the command stopped by itself, the signal where it was ended; a shell reads both as 130.
  expect(ended.exit ?? 128 + ended.signal!).toBe(130);
  expect(ended.sameTerminal).toBe(true);
  expect(leftUsable(ended)).toBe(true);
}

/** Tells whether a command was done when Ctrl-C came, on a machine that is faster than was thought of. */
const wasDone = ({ exit, seconds }: Interrupted): boolean =>
  exit === 0 && (seconds === null || seconds < SECONDS / 4);

test.skipIf(!hasTerminal).for(LONG)(
  `Ctrl-C ends a command within ${SECONDS} s and leaves the terminal as it was: $name [needs python3]`,
  { timeout: 180_000 },
  async ({ args, env, ...moment }, context) => {
    const ended = await interrupt(args(), { ...moment, ...(env && { env: env() }) });
    if (wasDone(ended)) context.skip("the command was done before Ctrl-C came");
    expectEnded(ended);
  },
);

test.skipIf(!hasTerminal)(
  "Ctrl-C ends forgetting that waits for a reader, and what is left to do is done later [needs python3]",
  async () => {
    await copyFile(at("people.db"), at("leaving.db"));
    const reader = await Connection.open(at("leaving.db"));
    reader.database.exec("BEGIN");
    reader.get("SELECT count(*) FROM vector");
    // The reader is waited for until ten seconds after the rows are gone.
    expectEnded(await interrupt(["gallery", "forget", "person 1", ...gallery("leaving")], { after: 4 }));
    reader.database.exec("COMMIT");
    reader.close();
    await using people = await Gallery.open(`sqlite:${at("leaving.db")}`, { clock });
    const finished = await people.finishErasures();
    // On a machine where four seconds were not enough to begin, everybody is there.
    const gone = finished.length > 0;
    expect(await people.everNamed("person 1")).toHaveLength(gone ? 0 : 1);
    expect(finished.every((erasure) => erasure.finished)).toBe(true);
  },
  180_000,
);

test.skipIf(!hasTerminal)(
  "a reader who goes away after a line, as head -1 does, ends a command at once and without a word, while several threads look at pictures [needs python3]",
  async () => {
    const bin = join(import.meta.dirname, "..", "bin", "arcface.js");
    // Threads that were ended amid native work took the process down two times of three.
    for (let time = 0; time < 3; time++) {
      const child = spawn(process.execPath, [bin, "gallery", "identify", at("people"), ...gallery()]);
      let err = "";
      child.stderr.on("data", (chunk: Buffer) => {
        // The threshold is told before the first answer.
        err += chunk.toString();
      });
      await once(child.stdout, "data");
      child.stdout.destroy();
      const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      // 0 where the command stopped by itself in the second that it has.
      expect([code ?? signal, err]).toEqual([
        expect.toBeOneOf([0, "SIGTERM"]),
        expect.not.stringMatching(/terminate|what\(\)|arcface:/),
      ]);
    }
  },
  180_000,
);

test.skipIf(!hasTerminal)("a second Ctrl-C ends a command at once [needs python3]", async () => {
  const ended = await interrupt(["map", at("vectors.npy"), "--out", at("map.svg")], {
    when: "t-SNE",
    times: 2,
  });
  expect(ended.seconds).toBeLessThan(0.15 + 0.5);
  expect(leftUsable(ended)).toBe(true);
});
