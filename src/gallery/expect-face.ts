import { FaceError } from "../core/index.ts";
import type { NewFace } from "./records.ts";

/**
 * Holds a face against what a gallery can keep, give out in a file and take back from it.
 *
 * Throws    FaceError USAGE with what is wrong
 */
export function expectFace(where: string, { provenance, crop }: NewFace): void {
  const refuse = (expected: string, got: unknown): never => {
    throw new FaceError("USAGE", { where, expected, got: shown(got) });
  };
  const { source, sha256, box, landmarks, score } = provenance;
  if (typeof source !== "string" || /\p{Cs}/u.test(source) || source.includes("\0"))
    refuse("a photograph's path or address as text", source);
  if (sha256 !== null && !/^[0-9a-f]{64}$/.test(sha256))
    refuse("the photograph's sha256 as 64 hexadecimal digits or null", sha256);
  for (const side of ["x", "y", "width", "height"] as const)
    if (!Number.isFinite(box[side])) refuse(`a box with finite ${side}`, box[side]);
  if (landmarks.length !== 5) refuse("five landmarks", `${landmarks.length}`);
  for (const point of landmarks)
    if (point.length !== 2 || !point.every(Number.isFinite)) refuse("landmarks of two finite numbers", point);
  if (!Number.isFinite(score)) refuse("a finite score", score);
  if (crop !== undefined && !(ArrayBuffer.isView(crop) && crop.byteLength > 0))
    refuse("a crop as the bytes of a JPEG file", crop);
}

/** A date as it is kept. Throws FaceError USAGE for one that is none, or has no year of four digits. */
export function keptDate(where: string, date: Date | null | undefined): string | null {
  if (date === null || date === undefined) return null;
  const year = date.getUTCFullYear();
  if (year >= 0 && year <= 9999) return date.toISOString();
  throw new FaceError("USAGE", {
    where,
    expected: "a date from year 0 to 9999",
    got: Number.isNaN(year) ? "one that is none" : `year ${year}`,
  });
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);
}
