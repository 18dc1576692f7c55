import type { Gallery, Provenance } from "../gallery/index.ts";
import type { KnownPair } from "./known-pairs.ts";

/** The place of a face: its photograph, by its bytes, and its box there. */
export type FacePlace = Pick<Provenance, "sha256" | "box">;

/** Words about faces that are found again. */
export interface SaidOfFaces {
  /** Faces that are none, by their places in the list. */
  readonly noFaces: ReadonlySet<number>;
  /** Known pairs, for `known` of `clusterFaces`. */
  readonly known: readonly KnownPair[];
}

/** The share of two boxes' union that both cover, from which they are of one face. */
const ONE_FACE = 0.5;

/**
 * Words kept in a gallery about faces that lie where these do: the same photograph, boxes that cover each other by half.
 * Copies of a photograph each count.
 */
export async function saidOfFaces(gallery: Gallery, faces: readonly FacePlace[]): Promise<SaidOfFaces> {
  const links = await gallery.records.links();
  const noFaces = new Set<number>();
  const known: KnownPair[] = [];
  if (links.length === 0) return { noFaces, known };
  const byPhotograph = new Map<string, number[]>();
  for (const [i, { sha256 }] of faces.entries())
    if (sha256 !== null) byPhotograph.set(sha256, [...(byPhotograph.get(sha256) ?? []), i]);
  const at = (place: FacePlace | undefined): readonly number[] =>
    (place?.sha256 ? (byPhotograph.get(place.sha256) ?? []) : []).filter(
      (i) => overlap(faces[i]!.box, place!.box) >= ONE_FACE,
    );
  const there = await gallery.records.facesWith(links.flatMap((link) => link.faces));
  const places = new Map(there.map(({ id, provenance }) => [id, provenance]));
  for (const { kind, faces: ids, place } of links) {
    if (kind === "no-face") {
      for (const face of at(place)) noFaces.add(face);
      continue;
    }
    const [some, others] = ids.map((id) => at(places.get(id))) as [readonly number[], readonly number[]];
    for (const a of some) for (const b of others) if (a !== b) known.push({ kind, faces: [a, b] });
  }
  return { noFaces, known };
}

type Box = FacePlace["box"];

function overlap(a: Box, b: Box): number {
  const along = (from: number, length: number, other: number, otherLength: number): number =>
    Math.max(0, Math.min(from + length, other + otherLength) - Math.max(from, other));
  const both = along(a.x, a.width, b.x, b.width) * along(a.y, a.height, b.y, b.height);
  const all = a.width * a.height + b.width * b.height - both;
  return all > 0 ? both / all : 0;
}
