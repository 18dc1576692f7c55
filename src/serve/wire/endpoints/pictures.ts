import { z } from "zod";
import {
  C,
  endpoint,
  gives,
  inCollection,
  json,
  limit,
  MANY,
  nothing,
  pictures,
  threshold,
  whichFace,
} from "../endpoint.ts";
import * as wire from "../schemas.ts";

const strangers = z
  .number()
  .gt(0)
  .lt(1)
  .default(0.01)
  .describe("Share of strangers that may be taken for someone.");

const floor = z
  .number()
  .min(-1)
  .max(1)
  .optional()
  .describe("People with a lower score are left out; looking for strangers is shorter then.");

/** Work on pictures, without a gallery or against one. */
export const PICTURES = {
  detect: endpoint({
    method: "post",
    path: "/v1/detect",
    role: "read",
    summary: "Faces of pictures, without vectors.",
    params: nothing,
    query: nothing,
    body: pictures(1, MANY, z.strictObject({})),
    answer: gives(wire.DetectAnswer),
  }),
  embed: endpoint({
    method: "post",
    path: "/v1/embed",
    role: "read",
    summary: "Faces of pictures with their vectors.",
    params: nothing,
    query: nothing,
    body: pictures(
      1,
      MANY,
      z.strictObject({
        crops: z.boolean().default(false).describe("With each face's crop, as the network sees it."),
      }),
    ),
    answer: gives(wire.EmbedAnswer),
  }),
  compare: endpoint({
    method: "post",
    path: "/v1/compare",
    role: "read",
    summary: "One person or two: two pictures, or one picture and vectors.",
    params: nothing,
    query: nothing,
    body: pictures(
      1,
      2,
      z.strictObject({
        ...whichFace,
        threshold,
        vectors: z
          .array(z.array(z.number()).min(2).max(8192))
          .min(1)
          .max(1000)
          .optional()
          .describe("With one picture: vectors of the same model, of any length but 0."),
      }),
    ),
    answer: gives(wire.CompareAnswer),
  }),
  judge: endpoint({
    method: "post",
    path: "/v1/judge",
    role: "read",
    summary: "What cosines of two faces mean: the verdict on each, in figures and in words.",
    params: nothing,
    query: nothing,
    body: json(z.strictObject({ cosines: z.array(wire.cosine).min(1).max(10_000), threshold })),
    answer: gives(wire.JudgeAnswer),
  }),
  occlusion: endpoint({
    method: "post",
    path: "/v1/occlusion",
    role: "read",
    summary:
      "Why two faces score as they do: the change of their cosine as patches of one's crop are covered in turn.",
    params: nothing,
    query: nothing,
    body: json(
      z.strictObject({
        crop: z
          .base64()
          .max(2 ** 20)
          .describe("A face's crop, as embed gives it."),
        vector: z.array(z.number()).min(2).max(8192).describe("The other face's."),
      }),
    ),
    answer: gives(wire.OcclusionAnswer),
  }),
  identify: endpoint({
    method: "post",
    path: `${C}/identify`,
    role: "read",
    summary: "Who the people on pictures are, as far as they are known.",
    params: inCollection,
    query: nothing,
    body: pictures(
      1,
      MANY,
      z.strictObject({
        threshold,
        strangers,
        k: limit(100, 1).describe("Candidates that are told."),
        floor,
      }),
    ),
    answer: gives(wire.IdentifyAnswer),
  }),
  who: endpoint({
    method: "post",
    path: `${C}/who`,
    role: "read",
    summary:
      "Whose face it is by its vector, or by several of one person, with the nearest people and pictures: what identify says, without looking at a picture again.",
    params: inCollection,
    query: nothing,
    body: json(
      z.strictObject({
        vectors: z
          .array(z.array(z.number()).min(2).max(8192))
          .min(1)
          .max(100)
          .describe("Of one person: scores are the means over them."),
        threshold,
        strangers,
        k: limit(100, 20).describe("People that are told."),
        floor,
        nearest: z.number().int().min(0).max(1000).default(0).describe("Pictures that are told."),
      }),
    ),
    answer: gives(wire.WhoAnswer),
  }),
  search: endpoint({
    method: "post",
    path: `${C}/search`,
    role: "read",
    summary: "The people who resemble a face most, whether near enough or not.",
    params: inCollection,
    query: nothing,
    body: pictures(1, 1, z.strictObject({ ...whichFace, k: limit(100, 3), floor })),
    answer: gives(wire.SearchAnswer),
  }),
} as const;
