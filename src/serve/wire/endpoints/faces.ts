import { z } from "zod";
import {
  bytes,
  C,
  endpoint,
  faceNumbers,
  gate,
  gives,
  inCollection,
  json,
  limit,
  MANY,
  none,
  nothing,
  ofFace,
  ofPerson,
  pictures,
  whereFace,
} from "../endpoint.ts";
import * as wire from "../schemas.ts";

/** The faces of people. */
export const FACES = {
  addFaces: endpoint({
    method: "post",
    path: `${C}/persons/{person}/faces`,
    role: "write",
    summary:
      "Adds faces from pictures, each of which is looked at first: what is not good enough is refused, with reasons.",
    params: ofPerson,
    query: nothing,
    body: pictures(1, MANY, z.strictObject({ ...gate, ...whereFace })),
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
  portraits: endpoint({
    method: "get",
    path: `${C}/portraits`,
    role: "read",
    summary: "The portraits of up to 100 people at once; who has none is left out.",
    params: inCollection,
    query: z.strictObject({
      persons: z
        .string()
        .regex(/^\d{1,15}(,\d{1,15}){0,99}$/)
        .describe("Numbers of people, with commas between."),
    }),
    body: none,
    answer: gives(
      z.object({
        portraits: z.array(
          z.object({ person: wire.number, face: wire.number, crop: z.string().describe("JPEG as base64.") }),
        ),
      }),
    ),
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
} as const;
