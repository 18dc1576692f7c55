export { type App, type AppOptions, createApp, type GalleryToServe, type ServiceLog } from "./app.ts";
export type { FetchOptions, ResolveName } from "./guarded-fetch.ts";
export { type Listening, listen } from "./listen.ts";
export { openApiDocument } from "./openapi.ts";
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
