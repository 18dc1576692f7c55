import { z } from "zod";
import { bytes, C, endpoint, gives, none, nothing } from "../endpoint.ts";
import { collectionName, number } from "../schemas.ts";

/** Pages of studies and evaluations, for browsers. */
export const STUDIES = {
  folders: endpoint({
    method: "get",
    path: `${C}/folders`,
    role: "write",
    summary: "Folders of people that long work may read, and whether there is a place for pages of studies.",
    params: z.strictObject({ collection: collectionName }),
    query: nothing,
    body: none,
    answer: gives(
      z.object({
        folders: z.array(z.string()).describe("As `folder` of a job names them; those with folders in them."),
        studies: z.boolean().describe("True where studies and evaluations are taken (--studies)."),
      }),
    ),
  }),
  openPage: endpoint({
    method: "post",
    path: `${C}/jobs/{job}/page`,
    role: "read",
    summary: "An address under which a browser, which shows no key, can open a study's page for an hour.",
    params: z.strictObject({ collection: collectionName, job: number }),
    query: nothing,
    body: none,
    answer: gives(z.object({ address: z.string(), seconds: number })),
  }),
  page: endpoint({
    method: "get",
    path: "/v1/pages/{secret}/{file}",
    role: null,
    summary: "A study's page or a file beside it, at the address that was given for it.",
    params: z.strictObject({
      secret: z.string().regex(/^[\w-]{32}$/),
      file: z.string().regex(/^[\w-]{1,64}\.(html|json|png|svg)$/),
    }),
    query: nothing,
    body: none,
    answer: bytes("text/html", "application/json", "image/png", "image/svg+xml"),
  }),
} as const;
