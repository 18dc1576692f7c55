export { type CreatedKey, type KeptKey, KeyRing, type ListedKey } from "./key-ring.ts";
export { LIMITS, type Limits } from "./limits.ts";
export { RateLimit } from "./rate-limit.ts";
export { readServiceConfig } from "./read-config.ts";
export { ROLES, type Role } from "./roles.ts";
