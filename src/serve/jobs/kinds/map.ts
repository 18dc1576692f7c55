import { z } from "zod";
import { parseJson, throwIfAborted, type UnitVector } from "../../../core/index.ts";
import type { NewJob } from "../../../gallery/index.ts";
import { embedTsne, pointsOf } from "../../../project/index.ts";
import type { JobKind, Work } from "../work.ts";

/** Faces in one question to the gallery. */
const PAGE = 1000;

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
    return {
      counts: { faces: faces.length },
      outcome: "[]",
      result: JSON.stringify({ faces: placed, perplexity: used, klDivergence, seed }),
    };
  },
};

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
