import { createHash } from "node:crypto";
import { relative } from "node:path";
import { z } from "zod";
import { clusterFaces, saidOfFaces } from "../../../cluster/index.ts";
import { asUnitVector, FaceError, parseJson, throwIfAborted, type UnitVector } from "../../../core/index.ts";
import { expectPipeline, type NewJob, type ShareOutcome } from "../../../gallery/index.ts";
import { listPhotographs } from "../../../photographs/index.ts";
import { thresholdOf } from "../../../verdict/index.ts";
import { addShares, LAST } from "../add-shares.ts";
import { bytesOf, folderOf, JobFolder, nameOf, picturesOf, sharesOf } from "../job-pictures.ts";
import { type JobKind, NOTHING, type Work } from "../work.ts";

/** Photographs of a share. */
const SHARE = 16;

/** Outcomes read at a time. */
const PAGE = 100;

const ClusterInput = JobFolder.extend({ threshold: z.number().optional() });

const UnknownFace = z.object({
  picture: z.string(),
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  score: z.number(),
  /** Of the photograph's bytes; a job of an earlier version does not have it. */
  sha256: z.string().optional(),
});
const Seen = z.object({ faces: z.array(UnknownFace) });

const BEGINNING = { ordinal: 0, step: "plan", units: 0, input: "[]" } as const;
const END = { ordinal: LAST, step: "finish", units: 0, input: "[]" } as const;

/** Groups of the faces on photographs of a folder that are nobody's in the gallery. */
export function clusterFolderJob(input: z.input<typeof ClusterInput>): NewJob {
  return { kind: "cluster", input: JSON.stringify(input), shares: [BEGINNING, END] };
}

/** The same of pictures that came with the request. */
export function clusterUploadsJob(input: z.input<typeof ClusterInput>, files: readonly Uint8Array[]): NewJob {
  const pictures = files.map((_, file) => [{ file }]);
  const shares = [...sharesOf(pictures, SHARE)].map((share, i) => ({ ...share, ordinal: i + 1 }));
  return { kind: "cluster", input: JSON.stringify(input), shares: [...shares, END], files };
}

/** Unknown faces by person. Vectors of people whom nobody enrolled are kept until the job ends, no longer. */
export const CLUSTER: JobKind = {
  plan: async (work) => {
    const folder = await folderOf(work);
    const { paths } = await listPhotographs([folder]);
    const groups = paths.map((path) => [{ path: relative(folder, path) }]);
    await addShares(work, sharesOf(groups, SHARE));
    return NOTHING;
  },
  work: look,
  finish: group,
};

async function look(work: Work): Promise<ShareOutcome> {
  const { gallery, recognition, signal } = work;
  expectPipeline("cluster", gallery.pipeline, recognition.pipeline);
  const policy = policyOf(work);
  const pictures = picturesOf(work);
  const folder = pictures.some((picture) => "path" in picture) ? await folderOf(work) : "";
  const faces: z.infer<typeof UnknownFace>[] = [];
  const vectors: UnitVector[] = [];
  const failures: { picture: string; reasons: { code: string }[] }[] = [];
  let known = 0;
  const asked = pictures.map((picture) => {
    const file = { sha256: "" };
    const read = async (): Promise<Uint8Array> => {
      const bytes = await bytesOf(work, picture, folder);
      file.sha256 = createHash("sha256").update(bytes).digest("hex");
      return bytes;
    };
    return { picture: nameOf(picture), file, result: work.look.at(read, "faces", signal) };
  });
  for (const { result } of asked) result.catch(() => undefined);
  for (const { picture, file, result } of asked) {
    const seen = await result;
    if (seen.kind === "failed") {
      failures.push({ picture, reasons: [{ code: seen.error.code }] });
      continue;
    }
    for (const { box, score, embedding } of seen.photograph.faces) {
      const { answer } = await gallery.identify(embedding, policy);
      if (answer === "person") known++;
      else {
        faces.push({ picture, box: { ...box }, score, sha256: file.sha256 });
        vectors.push(embedding);
      }
    }
  }
  const reasons = new Map<string, number>();
  for (const { reasons: own } of failures)
    for (const { code } of own) reasons.set(`reason:${code}`, (reasons.get(`reason:${code}`) ?? 0) + 1);
  return {
    counts: {
      unknown: faces.length,
      known,
      ...(failures.length > 0 && { failed: failures.length }),
      ...Object.fromEntries(reasons),
    },
    outcome: JSON.stringify([{ faces }, ...failures]),
    vectors: bytesOfVectors(vectors),
  };
}

async function group(work: Work): Promise<ShareOutcome> {
  const { gallery, share, recognition, signal, tell } = work;
  const threshold = thresholdOf(policyOf(work));
  if (threshold === undefined)
    throw new FaceError("USAGE", {
      where: "cluster",
      expected: "a threshold, from the model's calibration or your own",
      got: "none",
    });
  const { dimension } = recognition.pipeline.model;
  const faces: z.infer<typeof UnknownFace>[] = [];
  const embeddings: UnitVector[] = [];
  for (let after = 0; ; ) {
    throwIfAborted(signal);
    const page = await gallery.jobs.outcomes(share.job, { after, limit: PAGE });
    for (const { outcome, vectors } of page) {
      const [first] = parseJson(outcome) as unknown[];
      const seen = Seen.safeParse(first).data?.faces ?? [];
      // Of a share that said something of somebody who was forgotten no vectors are left.
      if (!vectors) continue;
      faces.push(...seen);
      embeddings.push(...vectorsOf(vectors, dimension));
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.ordinal;
  }
  const places = faces.map(({ sha256 = null, box }) => ({ sha256, box }));
  const { noFaces, known } = await saidOfFaces(gallery, places);
  const found = await clusterFaces(
    faces.map(({ picture }, i) => ({ photograph: picture, embedding: embeddings[i]! })),
    { threshold, known, signal, onProgress: ({ done, total = done }) => tell(done, total) },
  );
  const groups = found
    .map((members) => members.filter((i) => !noFaces.has(i)))
    .filter(({ length }) => length > 0);
  return {
    counts: { groups: groups.filter(({ length }) => length > 1).length },
    outcome: "[]",
    result: JSON.stringify({
      threshold,
      groups: groups.map((members) => ({ faces: members.map((i) => withoutDigest(faces[i]!)) })),
    }),
  };
}

function withoutDigest({ picture, box, score }: z.infer<typeof UnknownFace>) {
  return { picture, box, score };
}

function policyOf({ gallery, recognition, share }: Work) {
  const { threshold } = ClusterInput.parse(parseJson(share.jobInput));
  return gallery.policy({ threshold, calibration: recognition.calibration });
}

function bytesOfVectors(vectors: readonly UnitVector[]): Uint8Array {
  const dimension = vectors[0]?.length ?? 0;
  const floats = new Float32Array(vectors.length * dimension);
  for (const [i, vector] of vectors.entries()) floats.set(vector, i * dimension);
  return new Uint8Array(floats.buffer);
}

function vectorsOf(bytes: Uint8Array, dimension: number): UnitVector[] {
  const floats = new Float32Array(Uint8Array.from(bytes).buffer);
  return Array.from({ length: floats.length / dimension }, (_, i) =>
    asUnitVector(floats.subarray(i * dimension, (i + 1) * dimension)),
  );
}
