import { z } from "zod";
import { PictureJsonSchema } from "./read-pictures.ts";
import { ENDPOINTS, type Endpoint, wire } from "./wire/index.ts";

/** A JSON Schema of what goes in or comes out; zod writes the dialect that OpenAPI 3.1 uses. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

/** Parameters of a path or a query, one each. */
function parameters(schema: z.ZodObject, where: "path" | "query"): object[] {
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
    ...("type" in rest && rest.type === "array" ? { style: "form", explode: false } : {}),
  }));
}

function bodyOf({ body }: Endpoint): object | undefined {
  if (body.kind === "none") return undefined;
  if (body.kind === "json")
    return {
      required: !body.schema.safeParse({}).success,
      content: { "application/json": { schema: schemaOf(body.schema, "input") } },
    };
  const { properties = {}, required = [] } = schemaOf(body.options, "input") as {
    properties?: Record<string, object>;
    required?: string[];
  };
  const { least, most } = body;
  const object = (pictures: object) => ({
    type: "object",
    properties: { pictures, ...properties },
    required: [...(least > 0 ? ["pictures"] : []), ...required],
    additionalProperties: false,
  });
  const list = { type: "array", minItems: least, maxItems: most };
  return {
    required: least > 0 || required.length > 0,
    content: {
      "application/json": { schema: object({ ...list, items: schemaOf(PictureJsonSchema, "input") }) },
      "multipart/form-data": {
        schema: object({ ...list, items: { type: "string", contentMediaType: "image/*" } }),
      },
      ...(least <= 1 ? { "image/*": { schema: { contentMediaType: "image/*" } } } : {}),
    },
  };
}

const ERRORS: Readonly<Record<number, string>> = {
  400: "The request is not as this document says.",
  401: "No key, or one that is not known, was revoked or has expired.",
  403: "The key may not do this, or is for another gallery.",
  404: "There is no such person, face, job or gallery.",
  408: "The body did not arrive in time.",
  409: "Something else is there or was changed in between, or the gallery is of another model.",
  413: "More bytes or faces than this service takes.",
  415: "A body of another Content-Type.",
  422: "The bytes are no picture, or not as the work needs it.",
  429: "More requests than a key may make; Retry-After says when to go on.",
  500: "A defect of the service; its log has the request's id.",
  502: "The address of a picture gave none.",
  503: "No room in the queue, or the service is being stopped; Retry-After says when to ask again.",
};

function errorsOf({ role, body, params }: Endpoint): number[] {
  const ofBody = body.kind === "none" ? [] : [408, 413, 415];
  const ofPictures = body.kind === "pictures" ? [422, 502] : [];
  const ofKey = role === null ? [] : [401, 403, 429];
  const ofPath = Object.keys(params.shape).length > 0 ? [404, 409] : [];
  return [400, ...ofKey, ...ofPath, ...ofBody, ...ofPictures, 500, 503].sort((a, b) => a - b);
}

function operation(name: string, endpoint: Endpoint): object {
  const { summary, role, params, query, body, answer } = endpoint;
  const options = body.kind === "pictures" ? parameters(body.options, "query") : [];
  const content =
    answer.kind === "json"
      ? { "application/json": { schema: schemaOf(answer.schema, "output") } }
      : answer.kind === "events"
        ? {
            "text/event-stream": {
              schema: {
                contentMediaType: "application/json",
                contentSchema: schemaOf(answer.events, "output"),
              },
            },
          }
        : Object.fromEntries(answer.types.map((type) => [type, {}]));
  const requestBody = bodyOf(endpoint);
  return {
    operationId: name,
    summary,
    ...(role === null ? { security: [] } : { "x-role": role }),
    parameters: [
      ...parameters(params, "path"),
      ...parameters(query, "query"),
      // With a raw picture as body; forms and JSON have them in the body.
      ...options.map((each) => ({ ...each, required: false })),
    ],
    ...(requestBody && { requestBody }),
    responses: {
      [answer.kind === "json" ? answer.status : 200]: { description: "Done.", content },
      ...Object.fromEntries(
        errorsOf(endpoint).map((status) => [
          status,
          {
            description: ERRORS[status],
            content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
          },
        ]),
      ),
    },
  };
}

/** The OpenAPI 3.1 document: everything that the service does, from the table it is made of. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    paths[endpoint.path] ??= {};
    paths[endpoint.path]![endpoint.method] = operation(name, endpoint);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "arcface",
      version,
      description: "Faces in pictures, and people kept: verdicts with evidence, deletion that is proven.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ bearer: [] }, { header: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        header: { type: "apiKey", in: "header", name: "x-api-key" },
      },
      schemas: { Error: schemaOf(wire.ErrorAnswer, "output") },
    },
  };
}
