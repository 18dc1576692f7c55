export type { AnswerOf, BodyOf, Endpoint } from "./endpoint.ts";
export { ENDPOINTS, type EndpointName } from "./endpoints.ts";
export * as wire from "./schemas.ts";
