import { type BodyRules, readBody } from "./read-body.ts";
import { checked, type FetchUrl, json, readPictures } from "./read-pictures.ts";
import { ServiceError } from "./service-error.ts";
import type { Endpoint } from "./wire/index.ts";

/**
 * Everything that a request brings besides its path, checked by its endpoint.
 *
 * Throws    ServiceError MEDIA_TYPE, TOO_LARGE, TIMEOUT, FORBIDDEN; FaceError USAGE
 */
export async function bodyOf(
  request: Request,
  body: Endpoint["body"],
  signal: AbortSignal,
  rules: BodyRules,
  fetchUrl: FetchUrl | undefined,
): Promise<{ readonly body: unknown; readonly pictures: readonly Uint8Array[] }> {
  if (body.kind === "none") return { body: undefined, pictures: [] };
  if (body.kind === "json") {
    const type = request.headers.get("content-type");
    const mediaType = new ServiceError("MEDIA_TYPE", {
      where: "body",
      expected: 'JSON, with "Content-Type: application/json"',
      got: type === null ? "no Content-Type" : "another Content-Type",
    });
    if (type !== null && !/^application\/json\b/i.test(type)) throw mediaType;
    const bytes = await readBody(request, rules);
    // Nothing at all says as much as {}: where every field has a default, a body is none of the caller's business.
    if (type === null && bytes.length > 0) throw mediaType;
    return { body: checked(body.schema, type === null ? {} : json(bytes)), pictures: [] };
  }
  const { pictures, options } = await readPictures(request, body, rules, fetchUrl, signal);
  return { body: options, pictures };
}
