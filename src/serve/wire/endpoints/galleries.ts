import { z } from "zod";
import { bytes, C, endpoint, gives, inCollection, json, limit, none, nothing } from "../endpoint.ts";
import * as wire from "../schemas.ts";

/** Galleries as a whole: their size, their log, what is taken back, and what is forgotten. */
export const GALLERIES = {
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
