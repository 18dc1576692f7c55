export { type AnswerOf, type BodyOf, ENDPOINTS, type Endpoint, type EndpointName } from "./endpoints.ts";
export * as wire from "./schemas.ts";
