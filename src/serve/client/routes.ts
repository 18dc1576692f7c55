import type { ENDPOINTS, EndpointName } from "../wire/index.ts";

/** The table of endpoints without its schemas, which browsers need not load. */
type Routes = {
  readonly [N in EndpointName]: {
    readonly method: (typeof ENDPOINTS)[N]["method"];
    readonly path: (typeof ENDPOINTS)[N]["path"];
    readonly body: (typeof ENDPOINTS)[N]["body"]["kind"];
    readonly answer: (typeof ENDPOINTS)[N]["answer"]["kind"];
  };
};

const C = "/v1/collections/{collection}";

/** Held to the table by its type, and by a test. */
export const ROUTES: Routes = {
  health: { method: "get", path: "/healthz", body: "none", answer: "json" },
  ready: { method: "get", path: "/readyz", body: "none", answer: "json" },
  metrics: { method: "get", path: "/metrics", body: "none", answer: "bytes" },
  model: { method: "get", path: "/v1/model", body: "none", answer: "json" },
  detect: { method: "post", path: "/v1/detect", body: "pictures", answer: "json" },
  embed: { method: "post", path: "/v1/embed", body: "pictures", answer: "json" },
  compare: { method: "post", path: "/v1/compare", body: "pictures", answer: "json" },
  judge: { method: "post", path: "/v1/judge", body: "json", answer: "json" },
  occlusion: { method: "post", path: "/v1/occlusion", body: "json", answer: "json" },
  identify: { method: "post", path: `${C}/identify`, body: "pictures", answer: "json" },
  who: { method: "post", path: `${C}/who`, body: "json", answer: "json" },
  search: { method: "post", path: `${C}/search`, body: "pictures", answer: "json" },
  collections: { method: "get", path: "/v1/collections", body: "none", answer: "json" },
  collection: { method: "get", path: C, body: "none", answer: "json" },
  log: { method: "get", path: `${C}/log`, body: "none", answer: "json" },
  undo: { method: "post", path: `${C}/undo`, body: "json", answer: "json" },
  forget: { method: "post", path: `${C}/forget`, body: "json", answer: "json" },
  prune: { method: "post", path: `${C}/prune`, body: "json", answer: "json" },
  jobs: { method: "get", path: `${C}/jobs`, body: "none", answer: "json" },
  enrolJob: { method: "post", path: `${C}/jobs/enrol`, body: "pictures", answer: "json" },
  importJob: { method: "post", path: `${C}/jobs/import`, body: "pictures", answer: "json" },
  reindexJob: { method: "post", path: `${C}/jobs/reindex`, body: "json", answer: "json" },
  clusterJob: { method: "post", path: `${C}/jobs/cluster`, body: "pictures", answer: "json" },
  mapJob: { method: "post", path: `${C}/jobs/map`, body: "json", answer: "json" },
  studyJob: { method: "post", path: `${C}/jobs/study`, body: "json", answer: "json" },
  evaluateJob: { method: "post", path: `${C}/jobs/evaluate`, body: "json", answer: "json" },
  folders: { method: "get", path: `${C}/folders`, body: "none", answer: "json" },
  openPage: { method: "post", path: `${C}/jobs/{job}/page`, body: "none", answer: "json" },
  page: { method: "get", path: "/v1/pages/{secret}/{file}", body: "none", answer: "bytes" },
  job: { method: "get", path: `${C}/jobs/{job}`, body: "none", answer: "json" },
  jobResult: { method: "get", path: `${C}/jobs/{job}/result`, body: "none", answer: "json" },
  jobEvents: { method: "get", path: `${C}/jobs/{job}/events`, body: "none", answer: "events" },
  cancelJob: { method: "post", path: `${C}/jobs/{job}/cancel`, body: "none", answer: "json" },
  export: { method: "get", path: `${C}/export`, body: "none", answer: "bytes" },
  persons: { method: "get", path: `${C}/persons`, body: "none", answer: "json" },
  createPerson: { method: "post", path: `${C}/persons`, body: "pictures", answer: "json" },
  person: { method: "get", path: `${C}/persons/{person}`, body: "none", answer: "json" },
  changePerson: { method: "patch", path: `${C}/persons/{person}`, body: "json", answer: "json" },
  deletePerson: { method: "delete", path: `${C}/persons/{person}`, body: "none", answer: "json" },
  verify: { method: "post", path: `${C}/persons/{person}/verify`, body: "pictures", answer: "json" },
  merge: { method: "post", path: `${C}/persons/{person}/merge`, body: "json", answer: "json" },
  split: { method: "post", path: `${C}/persons/{person}/split`, body: "json", answer: "json" },
  addFaces: { method: "post", path: `${C}/persons/{person}/faces`, body: "pictures", answer: "json" },
  faces: { method: "get", path: `${C}/persons/{person}/faces`, body: "none", answer: "json" },
  portrait: { method: "get", path: `${C}/persons/{person}/portrait`, body: "none", answer: "bytes" },
  portraits: { method: "get", path: `${C}/portraits`, body: "none", answer: "json" },
  crop: { method: "get", path: `${C}/faces/{face}/crop`, body: "none", answer: "bytes" },
  move: { method: "post", path: `${C}/faces/move`, body: "json", answer: "json" },
  questions: { method: "get", path: `${C}/questions`, body: "none", answer: "json" },
  answer: { method: "post", path: `${C}/answers`, body: "json", answer: "json" },
  changes: { method: "get", path: `${C}/events`, body: "none", answer: "events" },
  crops: { method: "get", path: `${C}/crops`, body: "none", answer: "json" },
  weakest: { method: "get", path: `${C}/persons/{person}/weakest`, body: "none", answer: "json" },
  deleteFaces: { method: "post", path: `${C}/faces/delete`, body: "json", answer: "json" },
};
