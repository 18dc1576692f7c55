import { z } from "zod";
import { asUnitVector, FaceError, parseJson, type UnitVector } from "../../core/index.ts";
import type { Face } from "../face.ts";
import type { PictureFile } from "../picture-file.ts";

/** One face of one photograph, as it is written to a file. Box and landmarks in pixels of the upright photograph. */
export interface FaceRecord {
  readonly path: string;
  /** Index of the face in its photograph, from 0, by falling score. */
  readonly face: number;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly score: number;
  /** Five [x, y] pairs: eyes, nose, mouth corners, each from the picture's left. */
  readonly landmarks: readonly (readonly [number, number])[];
  readonly model: string;
  readonly embedding: UnitVector;
  /** The person whose face it is, in a file written from a gallery. */
  readonly person?: string | undefined;
  /** ISO date and time after which the person is forgotten. */
  readonly expires?: string | null | undefined;
  /** The photograph's file when it was looked at: its size, */
  readonly bytes?: number | null | undefined;
  /** when it was written last, ISO date and time, */
  readonly modified?: string | null | undefined;
  /** and the sha256 of its bytes. */
  readonly sha256?: string | null | undefined;
}

/** Numbers in a vector of a face. */
export const MAX_DIMENSION = 8192;

const Line = z.object({
  path: z.string(),
  face: z.number().int().min(0),
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  score: z.number(),
  landmarks: z.array(z.tuple([z.number(), z.number()])).length(5),
  model: z.string(),
  person: z.string().nullish(),
  expires: z.iso.datetime().nullish(),
  bytes: z.number().int().min(0).nullish(),
  modified: z.iso.datetime().nullish(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullish(),
  embedding: z.array(z.number()).min(2).max(MAX_DIMENSION),
});

const Description = Line.omit({ embedding: true });

/** Everything of a record but its vector. */
export type FaceDescription = Omit<FaceRecord, "embedding">;

/**
 * The records of a photograph's faces.
 *
 * @param file the photograph's, by which a later run sees whether it was replaced; without it, it is looked at again
 */
export function recordsOf(
  path: string,
  faces: readonly Face[],
  model: string,
  file?: PictureFile,
): FaceRecord[] {
  return faces.map((face, index) => ({
    path,
    face: index,
    box: {
      x: pixels(face.box.x),
      y: pixels(face.box.y),
      width: pixels(face.box.width),
      height: pixels(face.box.height),
    },
    score: short(face.score),
    landmarks: face.landmarks.map((point) => [pixels(point.x), pixels(point.y)] as const),
    model,
    ...file,
    embedding: face.embedding,
  }));
}

/** A record as one line of JSON, without the line's end. */
export function encodeRecord(record: FaceRecord): string {
  const { embedding, ...rest } = record;
  return `${JSON.stringify(rest).slice(0, -1)},"embedding":[${Array.from(embedding, short).join(",")}]}`;
}

/**
 * A line of JSON as a record; its vector is checked again.
 *
 * Throws    FaceError BAD_FILE
 */
export function decodeRecord(line: string, where: string): FaceRecord {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where, expected: "a face's record", got: "another line", cause });
  }
  return recordOf(value, where);
}

/** A file's data of a face as a record; its vector is checked again. Throws FaceError BAD_FILE. */
export function recordOf(value: unknown, where: string): FaceRecord {
  let parsed: z.infer<typeof Line>;
  try {
    parsed = Line.parse(value);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where, expected: "a face's record", got: lineWith(cause), cause });
  }
  return placed({ ...withoutAbsent(parsed), embedding: unitVectorOf(parsed.embedding, where) }, where);
}

/** The fault of a line, by its first field that has one. */
function lineWith(cause: unknown): string {
  const [issue] = cause instanceof z.ZodError ? cause.issues : [];
  if (!issue) return "another line";
  const field = issue.path.map(String).join(".");
  return field === "" ? "another line" : `one whose "${field}" is not: ${issue.message}`;
}

/** Values of a file as a vector. Throws FaceError BAD_FILE. */
export function unitVectorOf(values: ArrayLike<number>, where: string): UnitVector {
  try {
    return asUnitVector(values);
  } catch (cause) {
    const length = Math.hypot(...Array.from(values)).toPrecision(6);
    const got = `${values.length} numbers of length ${length}`;
    throw new FaceError("BAD_FILE", { where, expected: "a unit vector", got, cause });
  }
}

const places = new WeakMap<FaceRecord, string>();

/** Remembers where a record was read. */
export function placed(record: FaceRecord, where: string): FaceRecord {
  places.set(record, where);
  return record;
}

/** File and line of a record, for a sentence; undefined for one that was made. */
export function placeOf(record: FaceRecord): string | undefined {
  return places.get(record);
}

/**
 * A line of JSON as everything of a record but its vector.
 *
 * Throws    FaceError BAD_FILE
 */
export function decodeDescription(line: string, where: string): FaceDescription {
  try {
    return withoutAbsent(Description.parse(parseJson(line)));
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where, expected: "a face's description", got: lineWith(cause), cause });
  }
}

/** A record lacks the fields for which a file has no column, or null in it; but whose face it is says when it ends. */
function withoutAbsent<
  T extends Pick<FaceRecord, "expires" | "bytes" | "modified" | "sha256"> & {
    person?: string | null | undefined;
  },
>(parsed: T): Omit<T, "person"> & { person?: string } {
  const { person, expires, bytes, modified, sha256, ...rest } = parsed;
  const named = typeof person === "string";
  return {
    ...rest,
    ...(typeof bytes === "number" && { bytes }),
    ...(typeof modified === "string" && { modified }),
    ...(typeof sha256 === "string" ? { sha256 } : named && { sha256: null }),
    ...(named && { person, expires: expires ?? null }),
  } as Omit<T, "person">;
}

/** Nine significant digits: enough to give back the same float32. */
function short(value: number): number {
  return Number(value.toPrecision(9));
}

/** Hundredths of a pixel. */
function pixels(value: number): number {
  return Math.round(value * 100) / 100;
}
