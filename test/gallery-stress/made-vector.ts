import { createHash } from "node:crypto";
import type { UnitVector } from "../../src/core/index.ts";
import type { NewFace } from "../../src/gallery/index.ts";
import { MadeFaces, madePipeline, provenance } from "../../src/gallery/made-faces.ts";

export const STRESS_PIPELINE = madePipeline();

/** The vector that belongs to a source, so that whoever reads one back can tell whether it is whole. */
export function vectorFor(source: string): UnitVector {
  return new MadeFaces(digest(source).readUInt32LE(0)).direction();
}

/** The picture that belongs to a source: 1,600 bytes, which fill more than one vector's share of a page. */
export function cropFor(source: string): Uint8Array {
  return Uint8Array.from(Buffer.concat(Array.from({ length: 50 }, (_, i) => digest(`${source} ${i}`))));
}

export function faceFor(source: string): NewFace {
  return { vector: vectorFor(source), crop: cropFor(source), provenance: provenance(source) };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
