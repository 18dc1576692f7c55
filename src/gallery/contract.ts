import { createHash } from "node:crypto";
import { z } from "zod";
import { FaceError, type UnitVector } from "../core/index.ts";

/** Which vectors a gallery holds. Vectors made in any other way cannot be compared with them and are refused. */
export interface GalleryContract {
  /** Id of the model: a card's id, or `NAME@` and digits of the file's sha256. */
  readonly model: string;
  /** Length of the vectors. */
  readonly dimension: number;
  /** How vectors compare; all have length 1. */
  readonly metric: "cosine";
  /** {@link digestOf} how pictures are fed to the model: size, channels, mean, scale, mirrored or not. */
  readonly preprocessing: string;
}

/** A contract as it is read back from a database. */
export const GalleryContractSchema: z.ZodType<GalleryContract> = z.strictObject({
  model: z.string().min(1),
  dimension: z.number().int().min(2).max(8192),
  metric: z.literal("cosine"),
  preprocessing: z.string().min(1),
});

/** Sixteen hexadecimal digits that stand for a value of plain data; equal values have equal digits. */
export function digestOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** Whether vectors of one contract compare with vectors of another. */
export function sameContract(a: GalleryContract, b: GalleryContract): boolean {
  return a.model === b.model && a.dimension === b.dimension && a.preprocessing === b.preprocessing;
}

/** Throws FaceError MODEL_MISMATCH unless vectors made by one contract belong into a gallery of another. */
export function expectContract(where: string, wanted: GalleryContract, got: GalleryContract): void {
  if (sameContract(wanted, got)) return;
  const differs = wanted.model === got.model && wanted.dimension === got.dimension ? ", fed differently" : "";
  throw new FaceError(
    "MODEL_MISMATCH",
    `${where}: expected vectors of ${wanted.model} (${wanted.dimension}), got vectors of ${got.model} (${got.dimension})${differs}; "reindex" moves a gallery to another model`,
  );
}

/** Throws FaceError SHAPE for a vector of another dimension, ZERO_VECTOR for one with numbers that are none. */
export function expectVector(where: string, { dimension }: GalleryContract, vector: UnitVector): void {
  if (vector.length !== dimension)
    throw new FaceError(
      "SHAPE",
      `${where}: expected a vector of dimension ${dimension}, got ${vector.length}`,
    );
  for (let i = 0; i < dimension; i++) {
    if (!Number.isFinite(vector[i]))
      throw new FaceError("ZERO_VECTOR", `${where}: expected finite numbers, got ${vector[i]}`);
  }
}
