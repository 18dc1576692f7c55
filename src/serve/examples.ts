import type { z } from "zod";
import { ENDPOINTS, type Endpoint, type EndpointName } from "./wire/index.ts";

type NameOf<Kind extends string> = {
  [N in EndpointName]: (typeof ENDPOINTS)[N]["body"]["kind"] extends Kind ? N : never;
}[EndpointName];
type JsonOf<N extends EndpointName> = (typeof ENDPOINTS)[N]["body"] extends {
  schema: infer S extends z.ZodType;
}
  ? z.input<S>
  : never;

/** A part of an embedding's answer, which another call takes: a jq filter. */
interface FromEmbedding {
  readonly filter: string;
}

const FACE = ".pictures[0].faces[0]";

/** Bodies of JSON, one for each call that takes one. */
const BODIES: { readonly [N in NameOf<"json">]: JsonOf<N> | FromEmbedding } = {
  judge: { cosines: [0.31, 0.62] },
  occlusion: { filter: `{crop: ${FACE}.crop, vector: ${FACE}.embedding}` },
  who: { filter: `{vectors: [${FACE}.embedding]}` },
  undo: {},
  forget: { persons: [1] },
  prune: { deletedBefore: "2026-01-01T00:00:00Z" },
  changePerson: { name: "Ann Example-Smith" },
  merge: { persons: [3] },
  split: { faces: [2], name: "Somebody else" },
  move: { faces: [2], to: "Bob Example" },
  deleteFaces: { faces: [2] },
  answer: { kind: "same", faces: [2, 4] },
  reindexJob: {},
  mapJob: {},
  studyJob: { folder: "people" },
  evaluateJob: { folder: "people" },
};

/** The query of a call, where it cannot do without or is better with. */
const QUERIES: { readonly [N in EndpointName]?: z.input<(typeof ENDPOINTS)[N]["query"]> } = {
  export: { format: "parquet" },
  portraits: { persons: "1,3" },
  crops: { faces: "2,4" },
};

/** Fields of forms besides their pictures. */
const FIELDS: { readonly [N in NameOf<"pictures">]?: Readonly<Record<string, string>> } = {
  createPerson: { name: "Ann Example" },
  enrolJob: { people: '[{"name": "Ann Example", "pictures": [0, 1]}]' },
};

/** Pictures of forms, where it is not the one of somebody. */
const FILES: { readonly [N in NameOf<"pictures">]?: readonly string[] } = {
  compare: ["ann.jpg", "door.jpg"],
  enrolJob: ["ann.jpg", "ann-2.jpg"],
  importJob: ["people.parquet"],
};

/** The parts of one call that works, with numbers as a gallery has them whose first person was just made. */
export interface Example {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  /** A value, or the part of an embedding's answer that is one. */
  readonly body: object | undefined;
}

const PARTS: Readonly<Record<string, string>> = {
  collection: "default",
  person: "1",
  face: "2",
  job: "1",
  secret: "$SECRET",
  file: "index.html",
};

/** Files that answers of bytes are kept in, by their first type. */
const KEPT: Readonly<Record<string, string>> = {
  "image/jpeg": "face.jpg",
  "application/x-ndjson": "people.parquet",
  "text/html": "index.html",
};

/** A call of an endpoint as somebody would make it. */
export function exampleOf(name: EndpointName): Example {
  const { path, body } = ENDPOINTS[name] as Endpoint;
  const takes = body.kind === "pictures";
  return {
    path: path.replace(/\{(\w+)\}/g, (_, part: string) => PARTS[part]!),
    query: (QUERIES as Record<string, Record<string, string>>)[name] ?? {},
    fields: (FIELDS as Record<string, Record<string, string>>)[name] ?? {},
    files: takes ? ((FILES as Record<string, string[]>)[name] ?? ["ann.jpg"]) : [],
    body: (BODIES as Record<string, object>)[name],
  };
}

/** The same as a line for a shell. */
export function curlOf(name: EndpointName): string {
  const { method, role, answer } = ENDPOINTS[name] as Endpoint;
  const { path, query, fields, files, body } = exampleOf(name);
  const address = (to: string): string => `"$ARCFACE_URL${to}"`;
  const key = role === null ? "" : ' -H "x-api-key: $ARCFACE_KEY"';
  const asked = Object.entries(query).map(([field, value]) => `${field}=${value}`);
  const to = address(asked.length > 0 ? `${path}?${asked.join("&")}` : path);
  const form = [
    ...Object.entries(fields).map(([field, value]) => ` -F '${field}=${value}'`),
    ...files.map((file) => ` -F pictures=@${file}`),
  ].join("");
  const ofJson = (data: string): string => ` -H "Content-Type: application/json" -d ${data}`;
  if (body && "filter" in body)
    return `curl${key} -F crops=true -F pictures=@ann.jpg ${address("/v1/embed")} | jq '${String(body.filter)}' |\n  curl${key}${ofJson("@-")} ${to}`;
  const verb = method === "get" || form !== "" ? "" : ` -X ${method.toUpperCase()}`;
  const data = body && Object.keys(body).length > 0 ? ofJson(`'${JSON.stringify(body)}'`) : "";
  const kept = answer.kind === "bytes" ? KEPT[answer.types[0]!] : undefined;
  const into = kept === undefined ? "" : ` -o ${kept}`;
  return `curl${answer.kind === "events" ? " -N" : ""}${verb}${key}${form}${data}${into} ${to}`;
}
