import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { cosine as cosineOf, parseJson, throwIfAborted, type UnitVector } from "../../../core/index.ts";
import type { NewJob } from "../../../gallery/index.ts";
import { embedTsne, pointsOf } from "../../../project/index.ts";
import { thresholdOf } from "../../../verdict/index.ts";
import type { JobKind, Work } from "../work.ts";

/** Faces in one question to the gallery. */
const PAGE = 1000;

/** Pairs of one person below the threshold that are told; more would hide the map. */
const MAX_LINKS = 4000;

/** Pairs that are looked at before others get their turn. */
const AT_ONCE = 20_000;

const MapInput = z.strictObject({ perplexity: z.number(), seed: z.number().int() });

/** A map of a gallery's faces. */
export function mapJob(input: z.input<typeof MapInput>): NewJob {
  return {
    kind: "map",
    input: JSON.stringify(input),
    shares: [{ ordinal: 1, step: "work", units: 0, input: "[]" }],
  };
}

/** The gallery's faces in the plane by t-SNE: near each other where their vectors are. */
export const MAP: JobKind = {
  work: async (work) => {
    const { perplexity, seed } = MapInput.parse(parseJson(work.share.jobInput));
    const { faces, vectors } = await everyone(work);
    if (faces.length === 0)
      return { counts: { faces: 0 }, outcome: "[]", result: JSON.stringify({ faces: [] }) };
    const layout = await embedTsne(pointsOf(vectors), {
      perplexity,
      seed,
      signal: work.signal,
      onProgress: ({ done, total = done }) => work.tell(done, total),
    });
    const placed = faces.map((face, i) => ({
      ...face,
      x: layout.layout[2 * i]!,
      y: layout.layout[2 * i + 1]!,
    }));
    const { klDivergence, perplexity: used } = layout;
    const threshold = thresholdOf(work.gallery.policy({ calibration: work.recognition.calibration }));
    const links = threshold === undefined ? [] : await linksBelow(threshold, faces, vectors, work.signal);
    return {
      counts: { faces: faces.length },
      outcome: "[]",
      result: JSON.stringify({ faces: placed, perplexity: used, klDivergence, seed, threshold, links }),
    };
  },
};

/** Pairs of faces of one person whose cosine lies below the threshold, the lowest first. */
async function linksBelow(
  threshold: number,
  faces: readonly { readonly face: number; readonly person: number }[],
  vectors: readonly UnitVector[],
  signal: AbortSignal,
): Promise<{ faces: [number, number]; cosine: number }[]> {
  const own = new Map<number, number[]>();
  for (const [i, { person }] of faces.entries()) {
    const those = own.get(person);
    if (those) those.push(i);
    else own.set(person, [i]);
  }
  let links: { faces: [number, number]; cosine: number }[] = [];
  const keepLowest = (): void => {
    links.sort((a, b) => a.cosine - b.cosine);
    links = links.slice(0, MAX_LINKS);
  };
  let looked = 0;
  for (const those of own.values())
    for (const [n, a] of those.entries()) {
      for (const b of those.slice(n + 1)) {
        const cosine = cosineOf(vectors[a]!, vectors[b]!);
        if (cosine < threshold) links.push({ faces: [faces[a]!.face, faces[b]!.face], cosine });
      }
      if (links.length > 4 * MAX_LINKS) keepLowest();
      looked += those.length - n - 1;
      if (looked < AT_ONCE) continue;
      looked = 0;
      await setImmediate();
      throwIfAborted(signal);
    }
  keepLowest();
  return links;
}

async function everyone({ gallery, signal }: Work): Promise<{
  faces: { face: number; person: number }[];
  vectors: UnitVector[];
}> {
  const faces: { face: number; person: number }[] = [];
  const vectors: UnitVector[] = [];
  for (let after: number | undefined; ; ) {
    throwIfAborted(signal);
    const page = await gallery.records.faces({ after, limit: PAGE });
    const found = await gallery.records.vectors(page.map(({ id }) => id));
    for (const { id, person } of page) {
      const vector = found.get(id);
      if (!vector) continue;
      faces.push({ face: id, person });
      vectors.push(vector);
    }
    if (page.length < PAGE) return { faces, vectors };
    after = page.at(-1)!.id;
  }
}
