import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { parseJson, throwIfAborted } from "../../../core/index.ts";
import { expectPipeline, type NewJob, type ShareOutcome } from "../../../gallery/index.ts";
import { listPhotographs } from "../../../photographs/index.ts";
import { type FaceRecord, recordsOf, writeEmbeddings } from "../../../recognise/index.ts";
import { addShares, LAST } from "../add-shares.ts";
import { bytesOf, folderOf, JobFolder, nameOf, picturesOf, sharesOf } from "../job-pictures.ts";
import { type JobKind, NOTHING, type Work } from "../work.ts";

/** Outcomes read at a time. */
const PAGE = 500;

const ShardsInput = JobFolder.extend({ to: z.string(), share: z.number().int().min(1) });

/** A shard, as the manifest lists it. */
const Part = z.object({
  file: z.string().nullable(),
  faces: z.number(),
  photographs: z.number(),
  bytes: z.number(),
  sha256: z.string().nullable(),
});
const Failed = z.object({ picture: z.string(), reasons: z.array(z.object({ code: z.string() })) });

/**
 * The faces of a folder's photographs as Parquet files with a manifest.
 *
 * @param input.share photographs of a shard
 */
export function shardsJob(input: z.input<typeof ShardsInput>): NewJob {
  return {
    kind: "shards",
    input: JSON.stringify(input),
    shares: [
      { ordinal: 0, step: "plan", units: 0, input: "[]" },
      { ordinal: LAST, step: "finish", units: 0, input: "[]" },
    ],
  };
}

/**
 * A shard for each share. Its name carries the fence under which it was written, and counts when the share's outcome is
 * kept: what a worker wrote that lost its share is in no manifest.
 */
export const SHARDS: JobKind = {
  plan: async (work) => {
    const { share } = inputOf(work);
    const folder = await folderOf(work);
    const { paths } = await listPhotographs([folder]);
    await addShares(
      work,
      sharesOf(
        paths.map((path) => [{ path: relative(folder, path) }]),
        share,
      ),
    );
    return NOTHING;
  },
  work: embed,
  finish: manifest,
};

async function embed(work: Work): Promise<ShareOutcome> {
  const { gallery, recognition, share, signal, look } = work;
  expectPipeline("shards", gallery.pipeline, recognition.pipeline);
  const folder = await folderOf(work);
  const pictures = picturesOf(work);
  const asked = pictures.map((picture) => {
    const path = nameOf(picture);
    const file = { bytes: 0, modified: "", sha256: "" };
    const read = async (): Promise<Uint8Array> => {
      const bytes = await bytesOf(work, picture, folder);
      file.bytes = bytes.length;
      file.modified = new Date((await stat(join(folder, path))).mtime).toISOString();
      file.sha256 = createHash("sha256").update(bytes).digest("hex");
      return bytes;
    };
    return { path, file, result: look.at(read, "faces", signal) };
  });
  for (const { result } of asked) result.catch(() => undefined);
  const records: FaceRecord[] = [];
  const failures: z.infer<typeof Failed>[] = [];
  const counts = new Map<string, number>();
  const count = (what: string, by = 1): void => {
    counts.set(what, (counts.get(what) ?? 0) + by);
  };
  for (const { path, file, result } of asked) {
    const seen = await result;
    if (seen.kind === "failed") {
      const { code } = seen.error;
      failures.push({ picture: path, reasons: [{ code }] });
      count("failed");
      count(`reason:${code}`);
      continue;
    }
    const { faces } = seen.photograph;
    count(faces.length > 0 ? "withFaces" : "withoutFaces");
    count("faces", faces.length);
    records.push(...recordsOf(path, faces, recognition.model, file));
  }
  const name = `job-${share.job}-${String(share.ordinal).padStart(9, "0")}-${share.fence}.parquet`;
  const part = await writePart(work, name, records, pictures.length);
  return { counts: Object.fromEntries(counts), outcome: JSON.stringify([{ part }, ...failures]) };
}

async function writePart(
  work: Work,
  name: string,
  records: readonly FaceRecord[],
  photographs: number,
): Promise<z.infer<typeof Part>> {
  if (records.length === 0) return { file: null, faces: 0, photographs, bytes: 0, sha256: null };
  const to = placeOf(work);
  await mkdir(to, { recursive: true });
  throwIfAborted(work.signal);
  const path = join(to, name);
  await writeEmbeddings(path, work.recognition.pipeline, all(records));
  const bytes = await readFile(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file: name, faces: records.length, photographs, bytes: bytes.length, sha256 };
}

async function* all<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** `manifest.json` says what counts, `failures.jsonl` which photographs could not be read. Each is written whole. */
async function manifest(work: Work): Promise<ShareOutcome> {
  const { gallery, recognition, share, signal } = work;
  const parts: z.infer<typeof Part>[] = [];
  const failures: string[] = [];
  for (let after = 0; ; ) {
    throwIfAborted(signal);
    const page = await gallery.jobs.outcomes(share.job, { after, limit: PAGE });
    for (const { outcome } of page) {
      const [first, ...failed] = parseJson(outcome) as unknown[];
      parts.push(z.object({ part: Part }).parse(first).part);
      for (const { picture, reasons } of z.array(Failed).parse(failed))
        failures.push(JSON.stringify({ path: picture, code: reasons[0]!.code }));
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.ordinal;
  }
  const to = placeOf(work);
  await mkdir(to, { recursive: true });
  const written = parts.filter(({ file }) => file !== null);
  const sum = (of: (part: z.infer<typeof Part>) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  const about = {
    format: "arcface-shards",
    version: 1,
    job: share.job,
    pipeline: recognition.pipeline,
    photographs: sum(({ photographs }) => photographs),
    failed: failures.length,
    faces: sum(({ faces }) => faces),
    bytes: sum(({ bytes }) => bytes),
    parts: written,
  };
  await writeWhole(join(to, "failures.jsonl"), failures.map((line) => `${line}\n`).join(""));
  await writeWhole(join(to, "manifest.json"), `${JSON.stringify(about, null, 1)}\n`);
  return { counts: { parts: written.length }, outcome: "[]" };
}

async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  try {
    await writeFile(draft, text, { flush: true });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

function inputOf({ share }: Work): z.infer<typeof ShardsInput> {
  return ShardsInput.parse(parseJson(share.jobInput));
}

function placeOf(work: Work): string {
  return work.places.shards ?? inputOf(work).to;
}
