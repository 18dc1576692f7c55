import { cosine, FaceError, normalize, type UnitVector } from "../../core/index.ts";
import type { Gallery } from "../../gallery/index.ts";
import { chooseFace } from "../../recognise/index.ts";
import { describeVerdict, judge } from "../../verdict/index.ts";
import { occlude } from "../occlude.ts";
import { choiceOf, comparable, found, type Handlers, look, lookAtAll, onlyPicture } from "../service.ts";
import { verdictOnWire } from "../verdict-on-wire.ts";
import type { PictureWorkers } from "../work-queue.ts";
import { faceOnWire } from "./faces.ts";

/** Faces of one person that are looked at. */
const MOST_FACES = 1000;

/** Work on pictures, without a gallery or against one. */
export const PICTURES: Handlers<
  "detect" | "embed" | "compare" | "judge" | "occlusion" | "identify" | "who" | "search"
> = {
  detect: async (service, { pictures, signal }) => {
    const { recognition } = service;
    const photographs = await lookAtAll(service, recognition, pictures, "detect", signal);
    return {
      model: recognition.pipeline.detector?.id ?? recognition.model,
      pictures: photographs.map((each) =>
        "error" in each ? each : { ...sizeOf(each), faces: each.faces.map(found) },
      ),
    };
  },

  embed: async (service, { pictures, body, signal }) => {
    const { recognition } = service;
    const task = body.crops ? "portraits" : "faces";
    const photographs = await lookAtAll(service, recognition, pictures, task, signal);
    return {
      model: recognition.model,
      pictures: photographs.map((each) =>
        "error" in each
          ? each
          : {
              ...sizeOf(each),
              faces: each.faces.map((face) => ({
                ...found(face),
                embedding: [...face.embedding],
                ...(face.norm === undefined ? {} : { norm: face.norm }),
                ...(face.quality && { quality: { ...face.quality, pose: face.quality.pose } }),
                ...("crop" in face && { crop: Buffer.from(face.crop).toString("base64") }),
              })),
            },
      ),
    };
  },

  compare: async (service, { pictures, body, signal }) => {
    const { recognition } = service;
    const { vectors, threshold } = body;
    if ((pictures.length === 2) === (vectors !== undefined))
      throw new FaceError("USAGE", {
        where: "compare",
        expected: "two pictures, or one picture and vectors",
        got: vectors ? "two pictures and vectors" : "one picture alone",
      });
    const others = vectors && unitVectors(vectors, recognition);
    service.queueOf(recognition).expectRoom(pictures.length);
    const photographs = await Promise.all(
      pictures.map((picture) => look(service, recognition, picture, "faces", signal)),
    );
    const chosen = photographs.map((each) => chooseFace(each.faces, choiceOf(body), each));
    const verdictOf = (score: number) => {
      const verdict = judge(score, { calibration: recognition.calibration, threshold });
      return verdict ? verdictOnWire(verdict) : null;
    };
    const [a, b] = chosen;
    const score = a && b ? cosine(a.embedding, b.embedding) : null;
    return {
      model: recognition.model,
      cosine: score,
      verdict: score === null ? null : verdictOf(score),
      ...(recognition.uncalibrated === undefined ? {} : { uncalibrated: recognition.uncalibrated }),
      faces: chosen.map((face, i) => (face ? { ...found(face), found: photographs[i]!.faces.length } : null)),
      ...(others &&
        a && {
          scores: others.map((vector) => {
            const each = cosine(a.embedding, vector);
            return { cosine: each, verdict: verdictOf(each) };
          }),
        }),
    };
  },

  judge: async (service, { body: { cosines, threshold } }) => {
    const { model, calibration, uncalibrated } = service.recognition;
    return {
      model,
      ...(uncalibrated === undefined ? {} : { uncalibrated }),
      scores: cosines.map((score) => {
        const verdict = judge(score, { calibration, threshold });
        return {
          cosine: score,
          verdict: verdict ? verdictOnWire(verdict) : null,
          sentences: describeVerdict(verdict, uncalibrated),
        };
      }),
    };
  },

  occlusion: async (service, { body, signal }) => {
    const { recognition } = service;
    const [other] = unitVectors([body.vector], recognition);
    const crop = Uint8Array.from(Buffer.from(body.crop, "base64"));
    const { side, changes } = await occlude(service, crop, other!, signal);
    return { model: recognition.model, side, changes: [...changes] };
  },

  identify: async (service, asked) => {
    const { pictures, body, signal } = asked;
    const { gallery, recognition } = comparable(service, asked);
    const { threshold, strangers, k, floor } = body;
    const how = { threshold, strangers, k, floor, calibration: recognition.calibration, signal };
    const photographs = await lookAtAll(service, recognition, pictures, "faces", signal);
    const answers = [];
    for (const each of photographs) {
      if ("error" in each) {
        answers.push(each);
        continue;
      }
      const faces = [];
      for (const face of each.faces) {
        const { verdict, candidates, ...who } = await gallery.identify(face.embedding, how);
        faces.push({
          ...found(face),
          who: { ...who, verdict: verdictOnWire(verdict), candidates: [...candidates] },
        });
      }
      answers.push({ ...sizeOf(each), faces });
    }
    return { model: recognition.model, pictures: answers };
  },

  who: async (service, asked) => {
    const { gallery, recognition } = comparable(service, asked);
    const { vectors, nearest, ...how } = asked.body;
    const query = unitVectors(vectors, recognition);
    const { calibration } = recognition;
    const { verdict, candidates, ...who } = await gallery.identify(query, {
      ...how,
      calibration,
      signal: asked.signal,
    });
    return {
      model: recognition.model,
      who: { ...who, verdict: verdictOnWire(verdict), candidates: [...candidates] },
      pictures: await nearestFaces(gallery, query, nearest),
    };
  },

  search: async (service, asked) => {
    const { gallery, recognition } = comparable(service, asked);
    const photograph = await look(service, recognition, onlyPicture(asked), "faces", asked.signal);
    const face = chooseFace(photograph.faces, choiceOf(asked.body), photograph);
    return {
      model: recognition.model,
      face: face ? found(face) : null,
      hits: face ? await gallery.search(face.embedding, asked.body.k, { floor: asked.body.floor }) : [],
    };
  },
};

/** Vectors of any length, but of the model's dimension. Throws FaceError SHAPE, ZERO_VECTOR. */
function unitVectors(
  vectors: readonly (readonly number[])[],
  { dimension, model }: Pick<PictureWorkers, "dimension" | "model">,
): UnitVector[] {
  return vectors.map((vector) => {
    if (vector.length === dimension) return normalize(Float32Array.from(vector));
    throw new FaceError("SHAPE", {
      where: "vectors",
      expected: `${dimension} numbers each, as ${model} gives`,
      got: String(vector.length),
    });
  });
}

/** The nearest faces of a gallery: those of as many people, of whom none has a nearer one left out. */
async function nearestFaces({ records }: Gallery, query: readonly UnitVector[], most: number) {
  if (most === 0) return [];
  const mean = Float32Array.from(query[0]!, (_, i) =>
    query.reduce((sum, vector) => sum + vector[i]! / query.length, 0),
  );
  const hits = await records.nearest(normalize(mean), most);
  const people = new Map(
    (await records.peopleWith(hits.map(({ person }) => person))).map((each) => [each.id, each]),
  );
  const found = [];
  for (const person of people.values()) {
    const faces = await records.faces({ limit: MOST_FACES }, person.id);
    const vectors = await records.vectors(faces.map(({ id }) => id));
    for (const face of faces) {
      const own = vectors.get(face.id);
      const score = own && query.reduce((sum, vector) => sum + cosine(vector, own) / query.length, 0);
      if (score !== undefined) found.push({ face: faceOnWire(face), person, cosine: score });
    }
  }
  return found.sort((a, b) => b.cosine - a.cosine || a.face.id - b.face.id).slice(0, most);
}

function sizeOf({
  width,
  height,
  warnings,
}: {
  readonly width: number;
  readonly height: number;
  readonly warnings?: readonly string[];
}) {
  return { width, height, ...(warnings ? { warnings: [...warnings] } : {}) };
}
