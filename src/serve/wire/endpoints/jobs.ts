import { z } from "zod";
import {
  C,
  endpoint,
  events,
  gate,
  gives,
  inCollection,
  json,
  limit,
  none,
  nothing,
  pictures,
  threshold,
} from "../endpoint.ts";
import * as jobs from "../job-schemas.ts";
import { collectionName, moment, nameText, number } from "../schemas.ts";

const ofJob = z.strictObject({ collection: collectionName, job: number });

/** Pictures that one job may bring. */
const UPLOADS = 1000;

const place = z.string().min(1).max(4096);
const folder = place
  .optional()
  .describe("A folder that the service may read (--allow-folder), or one in it. In place of pictures.");

const ofPeople = place.describe(
  "A folder that the service may read (--allow-folder), or one in it, with a folder of pictures for every person.",
);

/** Long work: who asks gets a job at once, and its progress, its end and its result later. */
export const JOBS = {
  jobs: endpoint({
    method: "get",
    path: `${C}/jobs`,
    role: "read",
    summary: "Long work on a gallery, newest first.",
    params: inCollection,
    query: z.strictObject({ after: number.optional(), limit: limit(100, 20) }),
    body: none,
    answer: gives(jobs.Jobs),
  }),
  enrolJob: endpoint({
    method: "post",
    path: `${C}/jobs/enrol`,
    role: "write",
    summary:
      "Many people at once: a folder with a folder of pictures for each, or pictures with the list of whose they are.",
    params: inCollection,
    query: nothing,
    body: pictures(
      0,
      UPLOADS,
      z.strictObject({
        folder,
        people: z
          .array(
            z.strictObject({
              name: nameText,
              pictures: z.array(z.number().int().min(0)).min(1).max(UPLOADS),
            }),
          )
          .max(UPLOADS)
          .optional()
          .describe("Whose the pictures are, by their numbers from 0."),
        expires: moment.optional(),
        ...gate,
      }),
    ),
    answer: gives(jobs.Job, 202),
  }),
  importJob: endpoint({
    method: "post",
    path: `${C}/jobs/import`,
    role: "write",
    summary:
      "Faces with their vectors out of a file, as export writes it: one that the service may read, or one that comes in a picture's place.",
    params: inCollection,
    query: nothing,
    body: pictures(
      0,
      1,
      z.strictObject({
        path: place
          .optional()
          .describe(
            "A .parquet, .npy or .jsonl file in a folder that the service may read (--allow-folder).",
          ),
        format: z
          .enum(["jsonl", "parquet"])
          .default("parquet")
          .describe("Of a file that comes with the request."),
      }),
    ),
    answer: gives(jobs.Job, 202),
  }),
  reindexJob: endpoint({
    method: "post",
    path: `${C}/jobs/reindex`,
    role: "admin",
    summary:
      "Moves a gallery to the service's own model: everybody's faces are embedded again, from their photographs or kept crops.",
    params: inCollection,
    query: nothing,
    body: json(
      z.strictObject({
        dropMissing: z
          .boolean()
          .default(false)
          .describe("Delete faces that cannot be embedded, rather than stay."),
      }),
    ),
    answer: gives(jobs.Job, 202),
  }),
  clusterJob: endpoint({
    method: "post",
    path: `${C}/jobs/cluster`,
    role: "write",
    summary: "Faces on many pictures that are nobody's in the gallery, in groups by person.",
    params: inCollection,
    query: nothing,
    body: pictures(0, UPLOADS, z.strictObject({ folder, threshold })),
    answer: gives(jobs.Job, 202),
  }),
  mapJob: endpoint({
    method: "post",
    path: `${C}/jobs/map`,
    role: "write",
    summary: "The gallery's faces in the plane, by t-SNE: alike ones lie near each other.",
    params: inCollection,
    query: nothing,
    body: json(
      z.strictObject({
        perplexity: z.number().min(1).max(100).default(30),
        seed: z
          .number()
          .int()
          .min(0)
          .max(2 ** 31)
          .default(1),
      }),
    ),
    answer: gives(jobs.Job, 202),
  }),
  studyJob: endpoint({
    method: "post",
    path: `${C}/jobs/study`,
    role: "write",
    summary:
      "A page about the people of a folder: who resembles whom, a map, and what scores go by. The gallery keeps the job, nothing else of it.",
    params: inCollection,
    query: nothing,
    body: json(z.strictObject({ folder: ofPeople })),
    answer: gives(jobs.Job, 202),
  }),
  evaluateJob: endpoint({
    method: "post",
    path: `${C}/jobs/evaluate`,
    role: "write",
    summary: "A page about how well the model tells the people of a folder apart, with intervals.",
    params: inCollection,
    query: nothing,
    body: json(z.strictObject({ folder: ofPeople })),
    answer: gives(jobs.Job, 202),
  }),
  job: endpoint({
    method: "get",
    path: `${C}/jobs/{job}`,
    role: "read",
    summary: "How far a job is.",
    params: ofJob,
    query: nothing,
    body: none,
    answer: gives(jobs.Job),
  }),
  jobResult: endpoint({
    method: "get",
    path: `${C}/jobs/{job}/result`,
    role: "read",
    summary:
      "What a job found, and the pictures that were not taken with the reasons. Gone when anybody is forgotten after it ended.",
    params: ofJob,
    query: z.strictObject({ after: z.number().int().min(0).optional(), limit: limit(1000, 100) }),
    body: none,
    answer: gives(jobs.JobResult),
  }),
  jobEvents: endpoint({
    method: "get",
    path: `${C}/jobs/{job}/events`,
    role: "read",
    summary:
      "A job whenever it changes, as server-sent events, until it has ended. Last-Event-ID goes on behind what was seen.",
    params: ofJob,
    query: nothing,
    body: none,
    answer: events(jobs.Job),
  }),
  cancelJob: endpoint({
    method: "post",
    path: `${C}/jobs/{job}/cancel`,
    role: "write",
    summary: "Ends a job. What it did stays; nothing more is begun. 409 when it has ended already.",
    params: ofJob,
    query: nothing,
    body: none,
    answer: gives(jobs.Job),
  }),
} as const;
