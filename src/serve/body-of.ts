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
    const type = request.headers.get("content-type") ?? "";
    if (!/^application\/json\b/i.test(type))
      throw new ServiceError("MEDIA_TYPE", {
        where: "body",
        expected: "application/json",
        got: "another Content-Type",
      });
    return { body: checked(body.schema, json(await readBody(request, rules))), pictures: [] };
  }
  const { pictures, options } = await readPictures(request, body, rules, fetchUrl, signal);
  return { body: options, pictures };
}
