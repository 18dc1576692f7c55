import { cosine, FaceError } from "../../core/index.ts";
import { chooseFace, type Face } from "../../recognise/index.ts";
import { judge } from "../../verdict/index.ts";
import type { ForeignRoute } from "../foreign.ts";
import { look } from "../service.ts";
import { ServiceError } from "../service-error.ts";
import { verdictOnWire } from "../verdict-on-wire.ts";

/*
 * The three routes of DeepFace's API, so that its callers work with another address.
 *
 * Source    https://github.com/serengil/deepface/tree/master/deepface/api
 */

const tell: ForeignRoute["tell"] = (code, message, requestId) => ({ error: message, code, requestId });

const route = (path: string, handle: ForeignRoute["handle"]): ForeignRoute => ({
  name: `deepface ${path}`,
  method: "POST",
  path,
  role: "read",
  handle,
  tell,
});

function areaOf({ box: { x, y, width, height } }: Face) {
  return { x: Math.round(x), y: Math.round(y), w: Math.round(width), h: Math.round(height) };
}

/** DeepFace's routes. Pictures come as base64 or in a form; a path of this machine is none. */
export const DEEPFACE: readonly ForeignRoute[] = [
  route("/represent", async (service, { picture, signal }) => {
    const { recognition } = service;
    const bytes = await picture("img", "img_path");
    const { faces } = await look(service, recognition, bytes, "faces", signal);
    return Response.json({
      results: faces.map((face) => ({
        embedding: [...face.embedding],
        facial_area: areaOf(face),
        face_confidence: face.score,
      })),
      model: recognition.model,
    });
  }),
  route("/verify", async (service, { picture, signal }) => {
    const { recognition } = service;
    const pictures = [await picture("img1", "img1_path"), await picture("img2", "img2_path")];
    const photographs = await Promise.all(
      pictures.map((bytes) => look(service, recognition, bytes, "faces", signal)),
    );
    const [a, b] = photographs.map((photograph) => chooseFace(photograph.faces, "largest", photograph));
    if (!a || !b)
      throw new FaceError("NO_FACE", { where: a ? "img2" : "img1", expected: "a face", got: "none" });
    const score = cosine(a.embedding, b.embedding);
    const verdict = judge(score, { calibration: recognition.calibration });
    return Response.json({
      verified: verdict?.same ?? null,
      distance: 1 - score,
      threshold: verdict ? 1 - verdict.threshold : null,
      similarity_metric: "cosine",
      model: recognition.model,
      detector_backend: recognition.pipeline.detector?.id ?? null,
      facial_areas: { img1: areaOf(a), img2: areaOf(b) },
      verdict: verdict ? verdictOnWire(verdict) : null,
    });
  }),
  route("/analyze", async () => {
    throw new ServiceError("NOT_IMPLEMENTED", {
      where: "analyze",
      problem: "age, gender, emotion and race are not guessed here",
    });
  }),
];
