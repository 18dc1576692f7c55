import { z } from "zod";
import {
  C,
  endpoint,
  events,
  gives,
  inCollection,
  json,
  limit,
  none,
  nothing,
  ofPerson,
  threshold,
} from "../endpoint.ts";
import * as wire from "../schemas.ts";

const Side = z.object({
  person: wire.Person,
  unknown: z.boolean().describe("True if nobody gave the person a name yet."),
  faces: z.array(wire.number).describe("Up to twelve, the one first that is most like the others."),
  count: wire.count,
});

const Question = z.object({
  kind: z
    .enum(["who", "merge", "split"])
    .describe(
      "Somebody without a name and somebody with one; two people who may be one; one who may be two.",
    ),
  faces: z.array(wire.number).length(2).describe("What is answered is kept of these two."),
  sides: z.array(Side).length(2),
  leaving: z
    .array(wire.number)
    .nullable()
    .describe("Of a split: the faces that leave when it is two people."),
  cosine: wire.cosine.describe("The mean over all pairs across."),
  likelihood: z
    .number()
    .min(0)
    .max(1)
    .describe("That it is one person, by the likeness and the answers so far."),
  pairs: wire.count.describe("Pairs of faces that the answer settles."),
  gain: z.number().describe("Pairs that are expected to be put right."),
});

/** Words about faces, and questions for them. */
export const QUESTIONS = {
  questions: endpoint({
    method: "get",
    path: `${C}/questions`,
    role: "read",
    summary: "Single questions about the gallery's people, the ones first whose answers put most right.",
    params: inCollection,
    query: z.strictObject({ limit: limit(200, 20), threshold }),
    body: none,
    answer: gives(z.object({ threshold: z.number(), questions: z.array(Question) })),
  }),
  answer: endpoint({
    method: "post",
    path: `${C}/answers`,
    role: "write",
    summary:
      "Keeps what somebody says of two faces, and does what follows: one person, two people, or no faces at all. 409 in words when it contradicts an earlier answer.",
    params: inCollection,
    query: nothing,
    body: json(
      z.strictObject({
        kind: wire.LinkKind,
        faces: z.array(wire.number).min(1).max(1000).describe('Two, or any number for "no-face".'),
        leaving: z
          .array(wire.number)
          .max(10_000)
          .optional()
          .describe('For "different", where both are one person\'s: the faces that leave with the second.'),
      }),
    ),
    answer: gives(
      z.object({
        sequence: wire.count.describe("The change's number, which undo takes; 0 where nothing changed."),
        persons: z.array(wire.Person),
      }),
    ),
  }),
  changes: endpoint({
    method: "get",
    path: `${C}/events`,
    role: "read",
    summary: "The gallery's changes as server-sent events: numbers and kinds, by whichever process.",
    params: inCollection,
    query: nothing,
    body: none,
    answer: events(z.object({ sequence: wire.count, kinds: z.array(z.string()) })),
  }),
  crops: endpoint({
    method: "get",
    path: `${C}/crops`,
    role: "read",
    summary: "The kept crops of up to 100 faces at once.",
    params: inCollection,
    query: z.strictObject({
      faces: z
        .string()
        .regex(/^\d{1,15}(,\d{1,15}){0,99}$/)
        .describe("Numbers of faces, with commas between."),
    }),
    body: none,
    answer: gives(
      z.object({
        crops: z.array(z.object({ face: wire.number, crop: z.string().describe("JPEG as base64.") })),
      }),
    ),
  }),
  weakest: endpoint({
    method: "get",
    path: `${C}/persons/{person}/weakest`,
    role: "read",
    summary: "A person's faces, those first that are least like the person's others.",
    params: ofPerson,
    query: z.strictObject({ limit: limit(1000, 1000) }),
    body: none,
    answer: gives(
      z.object({
        faces: z.array(
          wire.GalleryFace.extend({
            cosine: z
              .number()
              .nullable()
              .describe("The mean with the person's other faces; null for the only one."),
          }),
        ),
      }),
    ),
  }),
} as const;
