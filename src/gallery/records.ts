import { z } from "zod";
import type { UnitVector } from "../core/index.ts";

/** Someone of the gallery. */
export interface Person {
  /** Never given twice. */
  readonly id: number;
  /** Unique among the people who are there. */
  readonly name: string;
  /** ISO date and time after which `prune` forgets the person; null when kept until told otherwise. */
  readonly expires: string | null;
  /** The number of faces that the person has. */
  readonly faces: number;
}

/** Origin of a face: its photograph, and its place there. Box and landmarks in pixels of the upright photograph. */
export interface Provenance {
  /** Path or address of the photograph, as it was given. */
  readonly source: string;
  /** sha256 of the photograph's bytes, 64 hexadecimal digits; null when they were not at hand. */
  readonly sha256: string | null;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Five [x, y]: eyes, nose, mouth corners, each from the picture's left. */
  readonly landmarks: readonly (readonly [number, number])[];
  /** The detector's, 0…1. */
  readonly score: number;
}

/** Provenance as it is read back from a database or an export. */
export const ProvenanceSchema: z.ZodType<Provenance> = z.strictObject({
  source: z.string(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  box: z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  landmarks: z.array(z.tuple([z.number(), z.number()])).max(5),
  score: z.number(),
});

/** A face to be put into a gallery. */
export interface NewFace {
  readonly vector: UnitVector;
  readonly provenance: Provenance;
  /** The aligned crop as a JPEG file, from which the face can be shown and embedded again. */
  readonly crop?: Uint8Array | undefined;
}

/** A face of the gallery, without its vector and crop. */
export interface GalleryFace {
  /** Never given twice. */
  readonly id: number;
  /** Id of the person. */
  readonly person: number;
  readonly provenance: Provenance;
}

/** A person who resembles a query, by the face that does most. */
export interface PersonHit {
  readonly person: number;
  readonly face: number;
  /** In [−1, 1]. */
  readonly cosine: number;
}

/** People by the photographs they have faces from. */
export function peopleByPhotograph(
  rows: readonly { readonly sha256: string; readonly person: number }[],
): Map<string, number[]> {
  const people = new Map<string, number[]>();
  for (const { sha256, person } of rows) {
    const known = people.get(sha256);
    if (known) known.push(person);
    else people.set(sha256, [person]);
  }
  return people;
}
