export type { AnswerOf, BodyOf, ENDPOINTS, Endpoint, EndpointName } from "../wire/index.ts";
export {
  type Client,
  type ClientAnswer,
  type ClientBody,
  ClientError,
  type ClientFields,
  type ClientInput,
  type ClientOptions,
  type ClientPicture,
  createClient,
} from "./client.ts";
