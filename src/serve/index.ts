export { type App, type AppOptions, createApp, type GalleryToServe, type ServiceLog } from "./app.ts";
export type { FetchOptions, ResolveName } from "./guarded-fetch.ts";
export { createWorker, LANES, type WorkerOptions } from "./jobs/create-worker.ts";
export { JobWorker, type JobWorkerOptions } from "./jobs/job-worker.ts";
export { enrolFolderJob } from "./jobs/kinds/enrol.ts";
export { shardsJob } from "./jobs/kinds/shards.ts";
export { PictureLook, type PictureQueue } from "./jobs/picture-look.ts";
export type { Studies, StudyKind } from "./jobs/studies.ts";
export type { JobPlaces, Work } from "./jobs/work.ts";
export { type Listening, type ListenOptions, listen } from "./listen.ts";
export { openApiDocument } from "./openapi.ts";
export { type PageFile, type PageFiles, readPage } from "./page/index.ts";
export {
  type CreatedKey,
  type KeptKey,
  KeyRing,
  LIMITS,
  type Limits,
  type ListedKey,
  ROLES,
  type Role,
  readServiceConfig,
} from "./settings/index.ts";
export type { PictureWorkers } from "./work-queue.ts";
