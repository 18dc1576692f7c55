import { z } from "zod";
import { parseJson } from "../../../core/index.ts";
import type { NewJob } from "../../../gallery/index.ts";
import { reindexBy } from "../../../recognise/index.ts";
import type { JobKind } from "../work.ts";

const ReindexInput = z.strictObject({ dropMissing: z.boolean() });

/** A move of a gallery to the pipeline of whoever works on it. */
export function reindexJob(input: z.input<typeof ReindexInput>): NewJob {
  return {
    kind: "reindex",
    input: JSON.stringify(input),
    shares: [{ ordinal: 1, step: "work", units: 0, input: "[]" }],
  };
}

/** Vectors of another pipeline for everybody's faces. One that was interrupted goes on where it was. */
export const REINDEX: JobKind = {
  work: async ({ gallery, recognition, share, signal, look, tell }) => {
    const { dropMissing } = ReindexInput.parse(parseJson(share.jobInput));
    const report = await reindexBy(
      gallery,
      {
        pipeline: recognition.pipeline,
        faces: async (bytes) => {
          const seen = await look.at(async () => bytes, "faces", signal);
          return seen.kind === "faces" ? seen.photograph.faces : [];
        },
        crop: async (jpeg) => {
          const seen = await look.at(async () => jpeg, "crop", signal);
          return seen.kind === "faces" ? seen.photograph.faces[0]?.embedding : undefined;
        },
      },
      {
        dropMissing,
        signal,
        abreast: recognition.workers,
        onProgress: ({ done, total = done }) => tell(done, total),
      },
    );
    const { embedded, fromPhotographs, fromCrops, missing, finished } = report;
    return {
      counts: { embedded, fromPhotographs, fromCrops, missing: missing.length },
      outcome: "[]",
      result: JSON.stringify({ finished, missing: missing.slice(0, 10_000) }),
    };
  },
};
