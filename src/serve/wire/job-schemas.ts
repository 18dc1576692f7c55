import { z } from "zod";
import { Box, collectionName, count, Failure, number } from "./schemas.ts";

const counts = z.record(z.string(), count);

/** The kinds of long work that are asked for over the wire, and those that only the command asks for. */
export const JobKind = z.enum([
  "enrol",
  "import",
  "reindex",
  "cluster",
  "map",
  "shards",
  "study",
  "evaluate",
]);

/** Long work as it stands. */
export const Job = z.object({
  job: number,
  collection: collectionName,
  kind: JobKind,
  state: z.enum(["waiting", "running", "done", "failed", "cancelled"]),
  created: z.string(),
  changed: z.string().describe("When its state or its figures changed last."),
  done: count.describe("Units of work that are done and counted: pictures, faces or iterations."),
  total: count.describe("Units that are known of; 0 while that is being found out."),
  counts: counts.describe("Pictures or faces by what became of them."),
  reasons: counts.describe(
    "Pictures that were not taken, by the reason: the gate's codes, and those of errors.",
  ),
  error: Failure.nullable().describe("The reason why it failed."),
});

export const Jobs = z.object({ jobs: z.array(Job), next: z.string().nullable() });

const PlacedFace = z.object({ face: number, person: number, x: z.number(), y: z.number() });
const GroupedFace = z.object({ picture: z.string(), box: Box, score: z.number() });

/** The things that a job found. A page of them: shares of the work come one after the other. */
export const JobResult = z.object({
  job: Job,
  pictures: z
    .array(
      z.looseObject({
        picture: z.string().describe("Its path in the folder, or its number among those that came."),
        person: z.string().optional(),
        reasons: z.array(z.looseObject({ code: z.string() })),
      }),
    )
    .describe("Pictures that were not taken, and why, as far as the work has come."),
  next: z.string().nullable(),
  finished: z
    .boolean()
    .optional()
    .describe("Of a reindex: false while faces lack a vector of the new model."),
  missing: z.array(number).optional().describe("Of a reindex: faces with neither photograph nor crop."),
  threshold: z
    .number()
    .optional()
    .describe("Of groups and maps: the cosine from which two faces are one person's."),
  groups: z
    .array(z.object({ faces: z.array(GroupedFace) }))
    .optional()
    .describe("Unknown faces by person."),
  faces: z
    .array(PlacedFace)
    .optional()
    .describe(
      "Of a map: where each face lies, and whose it is now. Faces that were deleted since are left out.",
    ),
  links: z
    .array(z.object({ faces: z.tuple([number, number]), cosine: z.number() }))
    .optional()
    .describe("Of a map: faces of one person whose cosine is below the threshold, the lowest first."),
  page: z
    .string()
    .optional()
    .describe("Of a study or evaluation: its page, which `openPage` gives an address."),
  folder: z.string().optional().describe("Of a study or evaluation: the name of the folder."),
  perplexity: z.number().optional(),
  klDivergence: z.number().optional(),
  seed: z.number().optional(),
});
