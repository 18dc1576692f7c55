import { cosine, FaceError, normalize, type UnitVector } from "../../core/index.ts";
import type { Gallery } from "../../gallery/index.ts";
import { chooseFace, type Face } from "../../recognise/index.ts";
import { thresholdOf } from "../../verdict/index.ts";
import type { ForeignAsked, ForeignRoute } from "../foreign.ts";
import { look, type Served } from "../service.ts";
import { facesOf, galleryOf, noFace, numberOf, route } from "./asked.ts";
import { similarityOf } from "./similarity.ts";
import { storedFace, storedVector } from "./stored-faces.ts";

/** Questions about pictures and vectors. */
export const RECOGNITION: readonly ForeignRoute[] = [
  route("POST", "recognition/faces/:image_id/verify", "read", async (service, asked) => {
    const served = galleryOf(service, asked);
    const { id, subject } = await storedFace(served.gallery, asked);
    const own = await storedVector(served.gallery, id);
    const threshold = pairThreshold(served);
    const faces = await facesOf(service, served, asked, "file");
    const result = faces.map((face) => ({
      ...faceOnWire(face, asked),
      subject,
      ...pairOnWire(face.embedding, own, threshold),
    }));
    return withStatus(asked, served, result);
  }),
  route("POST", "recognition/recognize", "read", async (service, asked) => {
    const served = galleryOf(service, asked);
    const result = [];
    for (const face of await facesOf(service, served, asked, "file"))
      result.push({ ...faceOnWire(face, asked), ...(await subjectsOf(served, face.embedding, asked)) });
    return withStatus(asked, served, result);
  }),
  route("POST", "recognition/embeddings/recognize", "read", async (service, asked) => {
    const served = galleryOf(service, asked);
    const result = [];
    for (const vector of embeddingsOf(asked, served.recognition.dimension)) {
      const { subjects, verdict } = await subjectsOf(served, vector, asked);
      result.push({ embedding: [...vector], similarities: subjects, verdict });
    }
    return Response.json({ result });
  }),
  route("POST", "recognition/embeddings/faces/:image_id/verify", "read", async (service, asked) => {
    const served = galleryOf(service, asked);
    const own = await storedVector(served.gallery, (await storedFace(served.gallery, asked)).id);
    const threshold = pairThreshold(served);
    return Response.json({
      result: embeddingsOf(asked, served.recognition.dimension).map((vector) => ({
        embedding: [...vector],
        ...pairOnWire(vector, own, threshold),
      })),
    });
  }),
  route("POST", "detection/detect", "read", async (service, asked) => {
    const faces = await facesOf(service, service, asked, "file");
    return withStatus(
      asked,
      service,
      faces.map((face) => faceOnWire(face, asked)),
    );
  }),
  route("POST", "verification/verify", "read", async (service, asked) => {
    const { recognition } = service;
    const threshold = pairThreshold({ recognition });
    const source = await look(
      service,
      recognition,
      await asked.picture("source_image"),
      "faces",
      asked.signal,
    );
    const own = chooseFace(source.faces, "largest", source);
    if (!own) throw noFace();
    const faces = await facesOf(service, service, asked, "target_image");
    return withStatus(asked, service, [
      {
        source_image_face: faceOnWire(own, asked),
        face_matches: faces.map((face) => ({
          ...faceOnWire(face, asked),
          ...pairOnWire(own.embedding, face.embedding, threshold),
        })),
      },
    ]);
  }),
];

/** A face with what `face_plugins` asks for; age, gender and mask are not guessed here. */
function faceOnWire(face: Face, { query }: ForeignAsked) {
  const plugins = (query["face_plugins"] ?? "").split(",").map((each) => each.trim());
  const { x, y, width, height } = face.box;
  return {
    box: {
      probability: face.score,
      x_min: Math.round(x),
      y_min: Math.round(y),
      x_max: Math.round(x + width),
      y_max: Math.round(y + height),
    },
    ...(plugins.includes("landmarks") && {
      landmarks: face.landmarks.map((point) => [Math.round(point.x), Math.round(point.y)]),
    }),
    ...(plugins.includes("calculator") && { embedding: [...face.embedding] }),
    ...(plugins.includes("pose") && face.quality?.pose && { pose: { ...face.quality.pose } }),
  };
}

/** With `status=true` CompreFace says what made the answer. */
function withStatus({ query }: ForeignAsked, { recognition }: Pick<Served, "recognition">, result: object) {
  if (query["status"] !== "true") return Response.json({ result });
  const { model, pipeline } = recognition;
  return Response.json({
    result,
    plugins_versions: { detector: pipeline.detector?.id ?? "none", calculator: model },
  });
}

/** People who reach the threshold, and nobody for a stranger. */
async function subjectsOf(
  { gallery, recognition }: Served,
  vector: UnitVector,
  asked: ForeignAsked,
): Promise<{ readonly subjects: object[]; readonly verdict: object }> {
  const k = Math.min(100, Math.max(1, Math.floor(numberOf(asked, "prediction_count", 1))));
  const { calibration } = recognition;
  const who = await gallery.identify(vector, { k, calibration, signal: asked.signal });
  const { threshold, answer } = who;
  const known = who.candidates.filter(({ similarity }) => similarity >= threshold);
  return {
    subjects: known.map(({ person, similarity, cosine: nearest }) => ({
      subject: person.name,
      similarity: similarityOf(similarity, threshold),
      cosine: nearest,
    })),
    verdict: { answer, score: who.similarity, threshold, strangers: who.verdict.strangers?.fpir ?? null },
  };
}

/** The cosine from which two faces count as one person's. Throws FaceError USAGE without a calibration. */
function pairThreshold({
  recognition,
  gallery,
}: {
  recognition: Served["recognition"];
  gallery?: Gallery;
}): number {
  const { calibration } = recognition;
  const threshold = thresholdOf(gallery ? gallery.policy({ calibration }) : { calibration });
  if (threshold !== undefined) return threshold;
  throw new FaceError("USAGE", {
    where: "verify",
    expected: "a calibrated model",
    got: "one without a threshold",
  });
}

function pairOnWire(a: UnitVector, b: UnitVector, threshold: number) {
  const score = cosine(a, b);
  return { similarity: similarityOf(score, threshold), cosine: score, same: score >= threshold, threshold };
}

/** Vectors of a request's `embeddings`. Throws FaceError USAGE, SHAPE, ZERO_VECTOR. */
function embeddingsOf({ json }: ForeignAsked, dimension: number): UnitVector[] {
  const list: unknown =
    typeof json === "object" && json !== null ? (json as { embeddings?: unknown }).embeddings : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > 1000)
    throw new FaceError("USAGE", {
      where: "embeddings",
      expected: "1 to 1000 vectors",
      got: "something else",
    });
  return list.map((each: unknown) => {
    if (!Array.isArray(each) || each.length !== dimension || !each.every((value) => Number.isFinite(value)))
      throw new FaceError("SHAPE", {
        where: "embeddings",
        expected: `${dimension} numbers each`,
        got: "others",
      });
    return normalize(Float32Array.from(each as number[]));
  });
}
