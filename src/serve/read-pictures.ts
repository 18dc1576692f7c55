import { z } from "zod";
import { FaceError, type Fault, parseJson, reasonOf } from "../core/index.ts";
import { fromText } from "./from-text.ts";
import { type BodyRules, readBody } from "./read-body.ts";
import { ServiceError } from "./service-error.ts";

/** Fetches what an address names, so many bytes at most; undefined in a service that does not. */
export type FetchUrl = (url: string, signal: AbortSignal, bytes: number) => Promise<Uint8Array>;

/** Pictures of a request, and what else it says. */
export interface PictureRequest<S extends z.ZodObject> {
  readonly pictures: readonly Uint8Array[];
  readonly options: z.output<S>;
}

/** A request as it came: pictures are bytes, or addresses of some. */
interface Sent {
  readonly pictures: readonly (Uint8Array | { readonly url: string })[];
  readonly options: unknown;
}

const PictureJson = z.union([
  z.strictObject({ base64: z.string() }),
  z.strictObject({ url: z.string().max(4096) }),
]);
const PicturesJson = z.looseObject({
  pictures: z.array(PictureJson).max(1000).optional(),
  picture: PictureJson.optional(),
});

/** For the document: a picture in JSON. */
export const PictureJsonSchema = PictureJson;

/**
 * The pictures of a request, in whichever of three ways they came. Nothing is fetched for a request that is refused anyway.
 *
 * Throws    ServiceError MEDIA_TYPE, TOO_LARGE, TIMEOUT, FORBIDDEN; FaceError USAGE
 */
export async function readPictures<S extends z.ZodObject>(
  request: Request,
  body: { readonly least: number; readonly most: number; readonly options: S },
  rules: BodyRules,
  fetchUrl: FetchUrl | undefined,
  signal: AbortSignal,
): Promise<PictureRequest<S>> {
  const { least, most } = body;
  const sent = await readSent(request, body.options, rules);
  const { length } = sent.pictures;
  if (length < least || length > most)
    throw new FaceError("USAGE", {
      where: "pictures",
      expected: least === most ? `${least}` : `${least} to ${most}`,
      got: String(length),
    });
  const options = checked(body.options, sent.options);
  const pictures: Uint8Array[] = [];
  let left = rules.bodyBytes;
  for (const each of sent.pictures) {
    if (each instanceof Uint8Array) pictures.push(each);
    else {
      // All of them together are no more than a body that brings them may have.
      const bytes = await fetched(each.url, fetchUrl, signal, left);
      left -= bytes.length;
      pictures.push(bytes);
    }
  }
  return { pictures, options };
}

async function readSent(request: Request, options: z.ZodObject, rules: BodyRules): Promise<Sent> {
  const type = (request.headers.get("content-type") ?? "").toLowerCase();
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const body = await readBody(request, rules);
  if (type.startsWith("multipart/form-data")) {
    const { files, fields } = await readForm(body, request.headers.get("content-type")!);
    // A picture's field may have any name, and its file's name is nobody's business here.
    const pictures = files.map(({ bytes }) => bytes);
    return { pictures, options: fromText(options, { ...query, ...fields }) };
  }
  if (type.startsWith("application/json")) return ofJson(body);
  if (type.startsWith("image/") || type.startsWith("application/octet-stream"))
    return { pictures: body.length > 0 ? [body] : [], options: fromText(options, query) };
  if (body.length === 0) return { pictures: [], options: fromText(options, query) };
  throw new ServiceError("MEDIA_TYPE", {
    where: "body",
    expected: "multipart/form-data, application/json or a picture (image/…)",
    got: "another Content-Type",
  });
}

/** A form's files, by the names of their fields, and its other fields. */
export interface Form {
  readonly files: readonly { readonly field: string; readonly bytes: Uint8Array }[];
  readonly fields: Readonly<Record<string, string>>;
}

/** Parts of a form, and names in an object of JSON: many times what any request has. */
const MANY = 1000;

/** Bytes of what stands in front of a part of a form, many times what any client sends. */
const PART_HEAD = 16_384;

const LINE = Buffer.from("\r\n");

/** A form with more parts than any request has, or with a longer head of one, is not begun with. Throws FaceError USAGE. */
function expectFewParts(body: Uint8Array, type: string): void {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type)?.slice(1).find(Boolean);
  if (boundary === undefined) return;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = `--${boundary}`;
  let parts = 0;
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
    if (++parts > MANY)
      throw new FaceError("USAGE", { where: "body", expected: `at most ${MANY} parts`, got: "more" });
    // A line of its own: bytes of a picture may look like a short boundary.
    if (at > 0 && !bytes.subarray(at - 2, at).equals(LINE)) continue;
    const head = bytes.subarray(at + mark.length, at + mark.length + PART_HEAD);
    if (head.length === PART_HEAD && head.subarray(0, 2).equals(LINE) && !head.includes("\r\n\r\n"))
      throw new FaceError("USAGE", {
        where: "body",
        expected: `at most ${PART_HEAD} bytes in front of a part`,
        got: "more",
      });
  }
}

/** A form's parts. Throws FaceError USAGE. */
export async function readForm(body: Uint8Array, type: string): Promise<Form> {
  expectFewParts(body, type);
  let form: FormData;
  try {
    form = await new Response(body as Uint8Array<ArrayBuffer>, {
      headers: { "Content-Type": type },
    }).formData();
  } catch (cause) {
    throw new FaceError("USAGE", {
      where: "body",
      expected: "multipart/form-data as its header says",
      got: "something else",
      cause,
    });
  }
  const files: { field: string; bytes: Uint8Array }[] = [];
  const fields: Record<string, string> = {};
  for (const [name, value] of form as unknown as Iterable<[string, string | Blob]>) {
    if (typeof value !== "string")
      files.push({ field: name, bytes: new Uint8Array(await value.arrayBuffer()) });
    else if (Object.hasOwn(fields, name))
      throw new FaceError("USAGE", { where: "body", expected: "each field once", got: "one twice" });
    else Object.defineProperty(fields, name, { value, enumerable: true });
  }
  return { files, fields };
}

function ofJson(body: Uint8Array): Sent {
  const { pictures = [], picture, ...options } = checked(PicturesJson, json(body));
  const all = picture ? [picture, ...pictures] : pictures;
  return { pictures: all.map((each) => ("base64" in each ? ofBase64(each.base64) : each)), options };
}

async function fetched(
  url: string,
  fetchUrl: FetchUrl | undefined,
  signal: AbortSignal,
  bytes: number,
): Promise<Uint8Array> {
  if (fetchUrl) return await fetchUrl(url, signal, bytes);
  throw new ServiceError("FORBIDDEN", {
    where: "url",
    expected: "the picture itself",
    got: "an address",
    note: "this service was started without --allow-urls",
  });
}

/** The bytes of base64, with or without `data:…;base64,` in front. Throws FaceError USAGE. */
export function ofBase64(text: string): Uint8Array {
  // As browsers make it: data:image/jpeg;base64,…
  const bare = text.replace(/^data:[^,]{0,200};base64,/i, "");
  // No two parts of this can take the same character: anything else takes the square of a hostile body's length.
  if (!/^[A-Za-z0-9+/_\s-]*(?:=\s*){0,2}$/.test(bare))
    throw new FaceError("USAGE", { where: "base64", expected: "base64", got: "other characters" });
  return Buffer.from(bare, "base64");
}

/** A body's JSON. Throws FaceError USAGE. */
export function json(body: Uint8Array): unknown {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "something else" : reasonOf(cause);
    throw new FaceError("USAGE", { where: "body", expected: "JSON", got: why, cause });
  }
  if (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > MANY
  )
    throw new FaceError("USAGE", { where: "body", expected: `at most ${MANY} names`, got: "more" });
  return value;
}

/** A value that a schema takes. Throws FaceError USAGE, which names the field and not what was in it. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue!.path.map(String).join(".").slice(0, 80) || "request";
  throw new FaceError("USAGE", { where, ...faultOf(issue!, schema) });
}

/** Zod's words, in which names of unknown keys, which are the caller's own text, are left out. */
function faultOf(issue: z.core.$ZodIssue, schema: z.ZodType): Fault {
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const fields = known.map((name) => JSON.stringify(name)).join(", ");
    return {
      expected: fields === "" ? "only what /docs lists" : `no other fields than ${fields}`,
      got: "another field",
    };
  }
  return { problem: issue.message.slice(0, 200) };
}
