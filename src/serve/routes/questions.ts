import { GalleryQuestions } from "../../cluster/index.ts";
import { FaceError, type UnitVector } from "../../core/index.ts";
import type { Answer, Gallery } from "../../gallery/index.ts";
import { thresholdOf } from "../../verdict/index.ts";
import { changeEvents } from "../change-events.ts";
import { lastSeen } from "../event-stream.ts";
import { type Handlers, served } from "../service.ts";
import type { QUESTIONS as ENDPOINTS } from "../wire/endpoints/questions.ts";
import { faceOnWire } from "./faces.ts";

/** Questions that are held in memory, by the gallery and the threshold that they are about. */
const HELD = new WeakMap<Gallery, Map<number, GalleryQuestions>>();

/** Faces of a person that are held against each other. */
const MOST_FACES = 1000;

/** Words about faces, and questions for them. */
export const QUESTIONS: Handlers<keyof typeof ENDPOINTS> = {
  questions: async (service, asked) => {
    const { gallery, recognition } = served(service, asked);
    const { calibration } = recognition;
    const policy = gallery.policy({ threshold: asked.query.threshold, calibration });
    const threshold = thresholdOf(policy);
    if (threshold === undefined)
      throw new FaceError("USAGE", {
        where: "questions",
        expected: "a threshold, from the model's calibration or your own",
        got: "none",
      });
    const questions = await questionsOf(gallery, threshold).next(asked.query.limit);
    return {
      threshold,
      questions: questions.map((question) => ({
        ...question,
        faces: [...question.faces],
        sides: question.sides.map((side) => ({ ...side, faces: [...side.faces] })),
        leaving: question.leaving && [...question.leaving],
      })),
    };
  },

  answer: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { sequence, result } = await gallery.answer(answerOf(asked.body));
    return { sequence, persons: await gallery.records.peopleWith(result.people) };
  },

  changes: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { isStopping, now } = service;
    return changeEvents({ gallery, seen: lastSeen(asked.headers), isStopping, now });
  },

  crops: async (service, asked) => {
    const { records } = served(service, asked).gallery;
    const there = await records.facesWith(asked.query.faces.split(",").map(Number));
    const crops = await Promise.all(
      there.map(async ({ id }) => ({ face: id, crop: await records.crop(id) })),
    );
    return {
      crops: crops.flatMap(({ face, crop }) =>
        crop ? [{ face, crop: Buffer.from(crop).toString("base64") }] : [],
      ),
    };
  },

  weakest: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { id } = await gallery.person(asked.params.person);
    const faces = await gallery.records.faces({ limit: MOST_FACES }, id);
    const vectors = await gallery.records.vectors(faces.map((face) => face.id));
    const likeness = likenessWithOthers(vectors);
    return {
      faces: faces
        .map((face) => ({ ...faceOnWire(face), cosine: likeness.get(face.id) ?? null }))
        .sort((a, b) => (a.cosine ?? 1) - (b.cosine ?? 1) || a.id - b.id)
        .slice(0, asked.query.limit),
    };
  },
};

function questionsOf(gallery: Gallery, threshold: number): GalleryQuestions {
  const held = HELD.get(gallery);
  const known = held?.get(threshold);
  if (known) return known;
  const questions = new GalleryQuestions(gallery, threshold);
  // One threshold at a time: each holds all vectors.
  HELD.set(gallery, new Map([[threshold, questions]]));
  return questions;
}

/** Throws FaceError USAGE. */
function answerOf({
  kind,
  faces,
  leaving,
}: {
  readonly kind: Answer["kind"];
  readonly faces: readonly number[];
  readonly leaving?: readonly number[] | undefined;
}): Answer {
  if (kind === "no-face") return { kind, faces };
  const [a, b] = faces;
  if (a === undefined || b === undefined || faces.length > 2)
    throw new FaceError("USAGE", { where: "answer", expected: "two faces", got: String(faces.length) });
  return kind === "same" ? { kind, faces: [a, b] } : { kind, faces: [a, b], leaving };
}

/** The mean cosine of each face with all others; none for a face that is alone. */
function likenessWithOthers(vectors: ReadonlyMap<number, UnitVector>): Map<number, number> {
  const [first] = vectors.values();
  const sum = new Float64Array(first?.length ?? 0);
  for (const vector of vectors.values()) for (let d = 0; d < sum.length; d++) sum[d]! += vector[d]!;
  const means = new Map<number, number>();
  if (vectors.size < 2) return means;
  for (const [id, vector] of vectors) {
    let product = 0;
    for (let d = 0; d < sum.length; d++) product += vector[d]! * sum[d]!;
    means.set(id, Math.max(-1, Math.min(1, (product - 1) / (vectors.size - 1))));
  }
  return means;
}
