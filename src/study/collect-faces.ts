import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  type Box,
  type Landmarks,
  reasonOf,
  throwIfAborted,
  type UnitVector,
  type WorkOptions,
} from "../core/index.ts";
import type { LabelledPhotograph } from "../photographs/index.ts";
import {
  chooseFace,
  type Face,
  type FaceCache,
  type FaceRule,
  type Photograph,
  type RecognizerPool,
} from "../recognise/index.ts";

/** A face of the study: one of a photograph, with the person that the photograph was labelled with. */
export interface StudyFace {
  /** Path of the photograph, and its name in reports. */
  readonly path: string;
  readonly name: string;
  readonly person: string;
  /** In pixels of the upright photograph, as the landmarks. */
  readonly box: Box<"image">;
  readonly landmarks: Landmarks<"image">;
  /** Of the detector, 0…1. */
  readonly score: number;
  readonly embedding: UnitVector;
  /** Of the photograph's bytes, in hexadecimal. */
  readonly sha256: string;
  readonly photograph: { readonly width: number; readonly height: number };
  /** Faces of the photograph that were passed over, because one of them had to be chosen. */
  readonly others: number;
}

/** A photograph without a part in the study. */
export interface RejectedPhotograph {
  readonly path: string;
  readonly name: string;
  readonly person: string;
  readonly reason: "no-face" | "unreadable" | "identical";
  /** For people: what is wrong with it, or what it is identical to. */
  readonly detail: string;
}

/** The findings in a folder of photographs. */
export interface CollectedFaces {
  /** In the order of the photographs. */
  readonly faces: readonly StudyFace[];
  readonly rejected: readonly RejectedPhotograph[];
}

/** The one of a photograph's faces that is the person's. */
export interface CollectOptions extends WorkOptions {
  /** @default "central" */
  readonly face?: Exclude<FaceRule, "only"> | undefined;
}

/**
 * One face of each photograph, embedded. A photograph that cannot be read, shows no face or repeats another of the
 * same person byte by byte is listed with the reason, and the rest goes on.
 */
export async function collectFaces(
  photographs: readonly LabelledPhotograph[],
  pool: RecognizerPool,
  cache: FaceCache,
  options: CollectOptions = {},
): Promise<CollectedFaces> {
  const faces: StudyFace[] = [];
  const rejected: RejectedPhotograph[] = [];
  const { hashes, failed } = await hashPhotographs(photographs, options);
  const unknown = new Map<string, string>();
  for (const { path } of photographs) {
    const hash = hashes.get(path);
    if (hash !== undefined && !cache.get(hash) && !unknown.has(hash)) unknown.set(hash, path);
  }
  const hashOf = new Map([...unknown].map(([hash, path]) => [path, hash]));
  const work = { signal: options.signal, onProgress: options.onProgress, total: unknown.size };
  for await (const result of pool.faces(unknown.values(), work)) {
    const hash = hashOf.get(result.path)!;
    if (result.kind === "faces") await cache.add(hash, result.photograph);
    else failed.set(hash, result.error.message);
  }
  const kept = new Map<string, string>();
  for (const { path, name, person } of photographs) {
    const sha256 = hashes.get(path);
    const failure = failed.get(sha256 ?? path);
    const reject = (reason: RejectedPhotograph["reason"], detail: string): void =>
      void rejected.push({ path, name, person, reason, detail });
    if (sha256 === undefined || failure !== undefined) {
      reject("unreadable", failure ?? "");
      continue;
    }
    const before = kept.get(`${person}\0${sha256}`);
    if (before !== undefined) {
      reject("identical", before);
      continue;
    }
    const photograph = cache.get(sha256)!;
    const face = chooseFace(photograph.faces, options.face ?? "central", photograph);
    if (!face) {
      reject("no-face", "");
      continue;
    }
    kept.set(`${person}\0${sha256}`, name);
    faces.push(studyFace({ path, name, person }, sha256, photograph, face));
  }
  return { faces, rejected };
}

function studyFace(
  labelled: LabelledPhotograph,
  sha256: string,
  { width, height, faces }: Photograph<Face>,
  { box, landmarks, score, embedding }: Face,
): StudyFace {
  return {
    ...labelled,
    box,
    landmarks,
    score,
    embedding,
    sha256,
    photograph: { width, height },
    others: faces.length - 1,
  };
}

/** The hash of every photograph's bytes by path, and why some have none, by path. */
async function hashPhotographs(
  photographs: readonly LabelledPhotograph[],
  { signal }: WorkOptions,
): Promise<{ hashes: Map<string, string>; failed: Map<string, string> }> {
  const hashes = new Map<string, string>();
  const failed = new Map<string, string>();
  for (const { path } of photographs) {
    throwIfAborted(signal);
    try {
      hashes.set(
        path,
        createHash("sha256")
          .update(await readFile(path))
          .digest("hex"),
      );
    } catch (error) {
      failed.set(path, reasonOf(error));
    }
  }
  return { hashes, failed };
}
