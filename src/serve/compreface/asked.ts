import { FaceError } from "../../core/index.ts";
import { expectPipeline } from "../../gallery/index.ts";
import type { Face } from "../../recognise/index.ts";
import { type ForeignAsked, type ForeignRoute, impliedGallery } from "../foreign.ts";
import { look, type Served, type Service } from "../service.ts";

/** CompreFace's number for a picture in which nobody was found. */
const NO_FACE = 28;

const tell: ForeignRoute["tell"] = (code, message, requestId, status) => ({
  message,
  code: code === "NO_FACE" ? NO_FACE : status,
  error: { code, requestId },
});

/** A route of CompreFace's. */
export const route = (
  method: ForeignRoute["method"],
  path: string,
  role: ForeignRoute["role"],
  handle: ForeignRoute["handle"],
): ForeignRoute => ({
  name: `compreface ${method} ${path}`,
  method,
  path: `/api/v1/${path}`,
  role,
  handle,
  tell,
  statuses: { NO_FACE: 400 },
});

/** The gallery of a request, whose vectors are those that are made here. */
export function galleryOf(service: Service, asked: ForeignAsked): Served {
  const served = impliedGallery(service, asked);
  expectPipeline("gallery", served.gallery.pipeline, served.recognition.pipeline);
  return served;
}

/** The faces that a request means: as sure as `det_prob_threshold`, at most `limit`. Throws FaceError NO_FACE, as CompreFace does. */
export async function facesOf(
  service: Service,
  { recognition }: Pick<Served, "recognition">,
  asked: ForeignAsked,
  ...fields: readonly string[]
): Promise<readonly Face[]> {
  const photograph = await look(service, recognition, await asked.picture(...fields), "faces", asked.signal);
  const least = numberOf(asked, "det_prob_threshold", 0);
  const limit = numberOf(asked, "limit", 0);
  const sure = photograph.faces.filter(({ score }) => score >= least);
  if (sure.length === 0) throw noFace();
  return limit > 0 ? sure.slice(0, limit) : sure;
}

/** CompreFace's own sentence: its clients look for it. */
export function noFace(): FaceError {
  return new FaceError("NO_FACE", { where: "", problem: "No face is found in the given image" });
}

export function numberOf({ query }: ForeignAsked, name: string, usual: number): number {
  const text = query[name];
  if (text === undefined || text === "") return usual;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new FaceError("USAGE", { where: name, expected: "a number of 0 or more", got: "something else" });
}

export function textOf(asked: ForeignAsked, name: string): string {
  const { json } = asked;
  const inBody: unknown =
    typeof json === "object" && json !== null && Object.hasOwn(json, name)
      ? Reflect.get(json, name)
      : asked.query[name];
  if (typeof inBody === "string" && inBody !== "") return inBody;
  throw new FaceError("USAGE", { where: name, expected: "a text", got: "none" });
}
