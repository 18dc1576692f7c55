import { z } from "zod";
import type { Role } from "../settings/roles.ts";
import * as wire from "./schemas.ts";

/** The things that a request carries besides its path. */
export type BodyOf =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly schema: z.ZodObject }
  /** Pictures, as multipart, as one raw body with options in the query, or in JSON as base64. */
  | {
      readonly kind: "pictures";
      readonly least: number;
      readonly most: number;
      readonly options: z.ZodObject;
    };

/** The answer to a request that went well. */
export type AnswerOf =
  | { readonly kind: "json"; readonly schema: z.ZodType; readonly status: 200 | 201 }
  | { readonly kind: "bytes"; readonly types: readonly string[] };

/** One thing that the service does, as it is on the wire. */
export interface Endpoint {
  readonly method: "get" | "post" | "patch" | "delete";
  /** With `{name}` for a part that varies. */
  readonly path: string;
  /** The least role of a key; null where none is asked for. */
  readonly role: Role | null;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: BodyOf;
  readonly answer: AnswerOf;
}

const none = { kind: "none" } as const;
const nothing = z.strictObject({});
const json = <S extends z.ZodObject>(schema: S) => ({ kind: "json", schema }) as const;
const pictures = <S extends z.ZodObject>(least: number, most: number, options: S) =>
  ({ kind: "pictures", least, most, options }) as const;
const gives = <S extends z.ZodType>(schema: S, status: 200 | 201 = 200) =>
  ({ kind: "json", schema, status }) as const;
const bytes = (...types: string[]) => ({ kind: "bytes", types }) as const;

/** Keeps the exact schemas in the type, for handlers and the client. */
const endpoint = <const E extends Endpoint>(each: E): E => each;

const inCollection = z.strictObject({ collection: wire.collectionName });
const ofPerson = z.strictObject({ collection: wire.collectionName, person: wire.number });
const ofFace = z.strictObject({ collection: wire.collectionName, face: wire.number });

/** Pictures that one request may bring. */
const MANY = 100;

const whichFace = {
  face: z
    .union([z.enum(["largest", "central", "only"]), z.number().int().min(0)])
    .default("largest")
    .describe("Which face counts when a picture has several: a rule, or a number as /v1/detect lists them."),
  faceAt: z
    .array(z.number())
    .length(2)
    .optional()
    .describe("The face that holds this point, x and y in pixels."),
};
const threshold = wire.cosine.optional().describe("A threshold of your own, in place of the calibrated one.");
const limit = (most: number, usual: number) => z.number().int().min(1).max(most).default(usual);
const gate = {
  threshold,
  minEyeDistancePx: z.number().min(0).optional(),
  minSharpness: z.number().min(0).optional(),
  maxTurn: z.number().min(0).max(0.5).optional(),
  maxTilt: z.number().min(0).max(0.5).optional(),
  force: z.boolean().default(false).describe("Take the largest face of every picture, however it looks."),
};
const faceNumbers = z.array(wire.number).min(1).max(10_000);

const C = "/v1/collections/{collection}";

/** Everything that the service does: routes, documents and rights are made of this table. */
export const ENDPOINTS = {
  health: endpoint({
    method: "get",
    path: "/healthz",
    role: null,
    summary: "Whether the process answers.",
    params: nothing,
    query: nothing,
    body: none,
    answer: gives(wire.Ok),
  }),
  ready: endpoint({
    method: "get",
    path: "/readyz",
    role: null,
    summary: "Whether work is taken: galleries answer, and the service is not being stopped. 503 when not.",
    params: nothing,
    query: nothing,
    body: none,
    answer: gives(wire.Ready),
  }),
  metrics: endpoint({
    method: "get",
    path: "/metrics",
    role: "read",
    summary: "Figures for Prometheus.",
    params: nothing,
    query: nothing,
    body: none,
    answer: bytes("text/plain"),
  }),
  model: endpoint({
    method: "get",
    path: "/v1/model",
    role: "read",
    summary: "The pipeline that makes vectors, and its calibration with its curves.",
    params: nothing,
    query: z.strictObject({ collection: wire.collectionName.optional() }),
    body: none,
    answer: gives(wire.ModelAnswer),
  }),
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
    body: pictures(1, MANY, z.strictObject({})),
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
  collections: endpoint({
    method: "get",
    path: "/v1/collections",
    role: "read",
    summary: "The galleries that the key may use.",
    params: nothing,
    query: nothing,
    body: none,
    answer: gives(wire.Collections),
  }),
  collection: endpoint({
    method: "get",
    path: C,
    role: "read",
    summary: "A gallery's size and model.",
    params: inCollection,
    query: nothing,
    body: none,
    answer: gives(wire.Collection),
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
        strangers: z
          .number()
          .gt(0)
          .lt(1)
          .default(0.01)
          .describe("Share of strangers that may be taken for someone."),
        k: limit(100, 1).describe("Candidates that are told."),
      }),
    ),
    answer: gives(wire.IdentifyAnswer),
  }),
  search: endpoint({
    method: "post",
    path: `${C}/search`,
    role: "read",
    summary: "The people who resemble a face most, whether near enough or not.",
    params: inCollection,
    query: nothing,
    body: pictures(1, 1, z.strictObject({ ...whichFace, k: limit(100, 3) })),
    answer: gives(wire.SearchAnswer),
  }),
  persons: endpoint({
    method: "get",
    path: `${C}/persons`,
    role: "read",
    summary: "People in order of their names, or one by name.",
    params: inCollection,
    query: z.strictObject({
      name: wire.nameText.optional(),
      after: wire.nameText.optional().describe("`next` of the page before."),
      limit: limit(1000, 100),
    }),
    body: none,
    answer: gives(wire.PersonPage),
  }),
  createPerson: endpoint({
    method: "post",
    path: `${C}/persons`,
    role: "write",
    summary: "A new person, from pictures or without. 409 when somebody has the name.",
    params: inCollection,
    query: nothing,
    body: pictures(
      0,
      MANY,
      z.strictObject({ name: wire.nameText, expires: wire.moment.optional(), ...gate }),
    ),
    answer: gives(wire.EnrolAnswer, 201),
  }),
  person: endpoint({
    method: "get",
    path: `${C}/persons/{person}`,
    role: "read",
    summary: "A person.",
    params: ofPerson,
    query: nothing,
    body: none,
    answer: gives(wire.Person),
  }),
  changePerson: endpoint({
    method: "patch",
    path: `${C}/persons/{person}`,
    role: "write",
    summary:
      "Another name, or another date after which the person is forgotten; null for never. One of the two.",
    params: ofPerson,
    query: nothing,
    body: json(
      z.strictObject({ name: wire.nameText.optional(), expires: wire.moment.nullable().optional() }),
    ),
    answer: gives(wire.Changed),
  }),
  deletePerson: endpoint({
    method: "delete",
    path: `${C}/persons/{person}`,
    role: "write",
    summary: "Takes a person and all faces out. Undo brings them back; only forgetting removes what is kept.",
    params: ofPerson,
    query: nothing,
    body: none,
    answer: gives(wire.Changed),
  }),
  addFaces: endpoint({
    method: "post",
    path: `${C}/persons/{person}/faces`,
    role: "write",
    summary:
      "Adds faces from pictures, each of which is looked at first: what is not good enough is refused, with reasons.",
    params: ofPerson,
    query: nothing,
    body: pictures(1, MANY, z.strictObject(gate)),
    answer: gives(wire.EnrolAnswer),
  }),
  faces: endpoint({
    method: "get",
    path: `${C}/persons/{person}/faces`,
    role: "read",
    summary: "A person's faces in order of their numbers.",
    params: ofPerson,
    query: z.strictObject({ after: wire.number.optional(), limit: limit(1000, 100) }),
    body: none,
    answer: gives(wire.FacePage),
  }),
  portrait: endpoint({
    method: "get",
    path: `${C}/persons/{person}/portrait`,
    role: "read",
    summary: "The crop of a person's first face that one was kept of.",
    params: ofPerson,
    query: nothing,
    body: none,
    answer: bytes("image/jpeg"),
  }),
  crop: endpoint({
    method: "get",
    path: `${C}/faces/{face}/crop`,
    role: "read",
    summary: "The kept crop of a face.",
    params: ofFace,
    query: nothing,
    body: none,
    answer: bytes("image/jpeg"),
  }),
  verify: endpoint({
    method: "post",
    path: `${C}/persons/{person}/verify`,
    role: "read",
    summary: "Whether the face on a picture is a person's.",
    params: ofPerson,
    query: nothing,
    body: pictures(1, 1, z.strictObject({ ...whichFace, threshold })),
    answer: gives(wire.VerifyAnswer),
  }),
  merge: endpoint({
    method: "post",
    path: `${C}/persons/{person}/merge`,
    role: "write",
    summary: "Makes others this person: their faces come here, and they leave.",
    params: ofPerson,
    query: nothing,
    body: json(z.strictObject({ persons: z.array(wire.number).min(1).max(1000) })),
    answer: gives(wire.Changed),
  }),
  split: endpoint({
    method: "post",
    path: `${C}/persons/{person}/split`,
    role: "write",
    summary: "A new person out of some of this person's faces.",
    params: ofPerson,
    query: nothing,
    body: json(z.strictObject({ faces: faceNumbers, name: wire.nameText })),
    answer: gives(wire.Changed),
  }),
  move: endpoint({
    method: "post",
    path: `${C}/faces/move`,
    role: "write",
    summary: "Gives faces to somebody else, who is made when not there.",
    params: inCollection,
    query: nothing,
    body: json(z.strictObject({ faces: faceNumbers, to: wire.nameText })),
    answer: gives(wire.Changed),
  }),
  deleteFaces: endpoint({
    method: "post",
    path: `${C}/faces/delete`,
    role: "write",
    summary: "Takes single faces out. Undo brings them back.",
    params: inCollection,
    query: nothing,
    body: json(z.strictObject({ faces: faceNumbers })),
    answer: gives(wire.Changed),
  }),
  log: endpoint({
    method: "get",
    path: `${C}/log`,
    role: "read",
    summary: "Changes, newest first.",
    params: inCollection,
    query: z.strictObject({ after: wire.number.optional(), limit: limit(1000, 50) }),
    body: none,
    answer: gives(wire.LogPage),
  }),
  undo: endpoint({
    method: "post",
    path: `${C}/undo`,
    role: "write",
    summary: "Takes the last change back, or one by its number in the log.",
    params: inCollection,
    query: nothing,
    body: json(z.strictObject({ sequence: wire.number.optional() })),
    answer: gives(z.object({ sequence: wire.number, undone: wire.number, kind: z.string() })),
  }),
  forget: endpoint({
    method: "post",
    path: `${C}/forget`,
    role: "admin",
    summary:
      "Removes people with everything kept of them, for good, and proves it by searching the files. A name means everybody who ever bore it.",
    params: inCollection,
    query: nothing,
    body: json(
      z.strictObject({
        persons: z.array(wire.number).max(1000).default([]),
        names: z.array(wire.nameText).max(1000).default([]),
      }),
    ),
    answer: gives(wire.Receipt),
  }),
  prune: endpoint({
    method: "post",
    path: `${C}/prune`,
    role: "admin",
    summary: "Forgets everyone whose date has passed and, when asked to, what was deleted before a date.",
    params: inCollection,
    query: nothing,
    body: json(z.strictObject({ deletedBefore: wire.moment.optional() })),
    answer: gives(z.object({ receipt: wire.Receipt.nullable() })),
  }),
  export: endpoint({
    method: "get",
    path: `${C}/export`,
    role: "admin",
    summary: "Everyone's faces with their vectors, as `arcface gallery export` writes them.",
    params: inCollection,
    query: z.strictObject({ format: z.enum(["jsonl", "parquet"]).default("jsonl") }),
    body: none,
    answer: bytes("application/x-ndjson", "application/vnd.apache.parquet"),
  }),
} as const;

/** Names of the things that the service does. */
export type EndpointName = keyof typeof ENDPOINTS;
