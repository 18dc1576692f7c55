import { FACES } from "./endpoints/faces.ts";
import { GALLERIES } from "./endpoints/galleries.ts";
import { JOBS } from "./endpoints/jobs.ts";
import { OPERATION } from "./endpoints/operation.ts";
import { PEOPLE } from "./endpoints/people.ts";
import { PICTURES } from "./endpoints/pictures.ts";
import { QUESTIONS } from "./endpoints/questions.ts";
import { STUDIES } from "./endpoints/studies.ts";

/** Everything that the service does: routes, documents and rights are made of this table. */
export const ENDPOINTS = {
  ...OPERATION,
  ...PICTURES,
  ...GALLERIES,
  ...PEOPLE,
  ...FACES,
  ...QUESTIONS,
  ...JOBS,
  ...STUDIES,
} as const;

/** Names of the things that the service does. */
export type EndpointName = keyof typeof ENDPOINTS;
