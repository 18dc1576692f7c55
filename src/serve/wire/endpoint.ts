import { z } from "zod";
import type { Role } from "../settings/roles.ts";
import * as wire from "./schemas.ts";

/** The body of a request. */
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
  | { readonly kind: "json"; readonly schema: z.ZodType; readonly status: 200 | 201 | 202 }
  | { readonly kind: "bytes"; readonly types: readonly string[] }
  /** Server-sent events, each with such a value. */
  | { readonly kind: "events"; readonly events: z.ZodType };

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

/** No body. */
export const none = { kind: "none" } as const;

/** Nothing in the query or the path. */
export const nothing = z.strictObject({});

/** A body of JSON. */
export const json = <S extends z.ZodObject>(schema: S) => ({ kind: "json", schema }) as const;

/** A body of so many pictures, with options. */
export const pictures = <S extends z.ZodObject, L extends number>(least: L, most: number, options: S) =>
  ({ kind: "pictures", least, most, options }) as const;

/** An answer of JSON. */
export const gives = <S extends z.ZodType>(schema: S, status: 200 | 201 | 202 = 200) =>
  ({ kind: "json", schema, status }) as const;

/** An answer of bytes. */
export const bytes = (...types: string[]) => ({ kind: "bytes", types }) as const;

/** An answer of server-sent events. */
export const events = <S extends z.ZodType>(each: S) => ({ kind: "events", events: each }) as const;

/** Keeps the exact schemas in the type, for handlers and the client. */
export const endpoint = <const E extends Endpoint>(each: E): E => each;

/** The path of a gallery. */
export const inCollection = z.strictObject({ collection: wire.collectionName });

/** The path of a person. */
export const ofPerson = z.strictObject({ collection: wire.collectionName, person: wire.number });

/** The path of a face. */
export const ofFace = z.strictObject({ collection: wire.collectionName, face: wire.number });

/** Pictures that one request may bring. */
export const MANY = 100;

/** Where galleries are. */
export const C = "/v1/collections/{collection}";

/** Options where one face counts. */
export const whichFace = {
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

/** An option of whatever judges. */
export const threshold = wire.cosine
  .optional()
  .describe("A threshold of your own, in place of the calibrated one.");

/** A number of things that are told at most. */
export const limit = (most: number, usual: number) => z.number().int().min(1).max(most).default(usual);

/** Options of what is enrolled. */
export const gate = {
  threshold,
  minEyeDistancePx: z.number().min(0).optional(),
  minSharpness: z.number().min(0).optional(),
  maxTurn: z.number().min(0).max(0.5).optional(),
  maxTilt: z.number().min(0).max(0.5).optional(),
  force: z.boolean().default(false).describe("Take the largest face of every picture, however it looks."),
};

/** The place of a face that the detector does not find by itself. */
export const whereFace = {
  box: z
    .array(z.number())
    .length(4)
    .optional()
    .describe(
      "Of a single picture: x, y, width and height, in pixels of the upright photograph, of the one face that counts. Where the detector finds none there, its landmarks are looked for in the box.",
    ),
};

/** Faces by their numbers. */
export const faceNumbers = z.array(wire.number).min(1).max(10_000);
