import { cosine, FaceError, normalize, personName, type UnitVector } from "../../core/index.ts";
import { expectPipeline, type Gallery, type Person } from "../../gallery/index.ts";
import { chooseFace, type Face } from "../../recognise/index.ts";
import { thresholdOf } from "../../verdict/index.ts";
import { enrolUploads } from "../enrol.ts";
import { type ForeignAsked, type ForeignRoute, impliedGallery } from "../foreign.ts";
import { look, type Served, type Service } from "../service.ts";
import { ServiceError } from "../service-error.ts";
import { similarityOf } from "./similarity.ts";

/*
 * CompreFace's routes over this service's own parts, so that its clients keep working with another address.
 *
 * Source    https://github.com/exadel-inc/CompreFace/blob/master/docs/Rest-API-description.md
 */

/** CompreFace's number for a picture in which nobody was found. */
const NO_FACE = 28;

const tell: ForeignRoute["tell"] = (code, message, requestId, status) => ({
  message,
  code: code === "NO_FACE" ? NO_FACE : status,
  error: { code, requestId },
});

const route = (
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
function galleryOf(service: Service, asked: ForeignAsked): Served {
  const served = impliedGallery(service, asked);
  expectPipeline("gallery", served.gallery.pipeline, served.recognition.pipeline);
  return served;
}

/** The faces that a request means: as sure as `det_prob_threshold`, at most `limit`. Throws FaceError NO_FACE, as CompreFace does. */
async function facesOf(
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
function noFace(): FaceError {
  return new FaceError("NO_FACE", { where: "", problem: "No face is found in the given image" });
}

function numberOf({ query }: ForeignAsked, name: string, usual: number): number {
  const text = query[name];
  if (text === undefined || text === "") return usual;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new FaceError("USAGE", { where: name, expected: "a number of 0 or more", got: "something else" });
}

function textOf(asked: ForeignAsked, name: string): string {
  const { json } = asked;
  const inBody: unknown =
    typeof json === "object" && json !== null && Object.hasOwn(json, name)
      ? Reflect.get(json, name)
      : asked.query[name];
  if (typeof inBody === "string" && inBody !== "") return inBody;
  throw new FaceError("USAGE", { where: name, expected: "a text", got: "none" });
}

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
  const k = Math.min(100, Math.max(1, numberOf(asked, "prediction_count", 1)));
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

/** A stored face by its number in the path. Throws FaceError PERSON_UNKNOWN. */
async function storedFace(gallery: Gallery, { params }: ForeignAsked) {
  const id = Number(params["image_id"]);
  const [face] = Number.isSafeInteger(id) && id > 0 ? await gallery.records.facesWith([id]) : [];
  if (!face)
    throw new FaceError("PERSON_UNKNOWN", {
      where: "image_id",
      expected: "a face of this gallery",
      got: "another",
    });
  const [person] = await gallery.records.peopleWith([face.person]);
  return { id: face.id, subject: person?.name ?? "" };
}

async function storedVector(gallery: Gallery, id: number): Promise<UnitVector> {
  const vector = (await gallery.records.vectors([id])).get(id);
  if (vector) return vector;
  throw new FaceError("PERSON_UNKNOWN", {
    where: "image_id",
    expected: "a face of this gallery",
    got: "another",
  });
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

/** The ids and names of faces, page by page as CompreFace counts them. */
async function facePage(gallery: Gallery, asked: ForeignAsked) {
  const page = Math.floor(numberOf(asked, "page", 0));
  const size = Math.min(1000, Math.max(1, Math.floor(numberOf(asked, "size", 20))));
  const wanted = asked.query["subject"];
  const person = wanted ? await gallery.person(wanted) : undefined;
  const total = person ? person.faces : (await gallery.records.stats()).faces;
  let faces = await gallery.records.faces({ limit: size }, person?.id);
  // Pages are numbered there, and follow one another here.
  for (let at = 0; at < page && faces.length > 0; at++)
    faces = await gallery.records.faces({ after: faces.at(-1)!.id, limit: size }, person?.id);
  const people = await gallery.records.peopleWith([...new Set(faces.map((face) => face.person))]);
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return {
    faces: faces.map(({ id, person: whose }) => ({ image_id: String(id), subject: names.get(whose) ?? "" })),
    page_number: page,
    page_size: size,
    total_pages: Math.ceil(total / size),
    total_elements: total,
  };
}

async function everyone(gallery: Gallery): Promise<Person[]> {
  const people: Person[] = [];
  for await (const person of gallery.people()) people.push(person);
  return people;
}

/** Every face of somebody. */
async function allFaces(gallery: Gallery, person: number) {
  const all = [];
  for (let after: number | undefined; ; ) {
    const page = await gallery.records.faces({ after, limit: 1000 }, person);
    all.push(...page);
    if (page.length < 1000) return all;
    after = page.at(-1)!.id;
  }
}

async function addFace(service: Service, asked: ForeignAsked): Promise<Response> {
  const served = galleryOf(service, asked);
  const subject = personName("subject", textOf(asked, "subject"));
  const picture = await asked.picture("file");
  const force = asked.query["force"] === "true";
  const [outcome] = await enrolUploads(service, served, subject, [picture], { force }, asked.signal);
  if (outcome?.kind === "enrolled")
    return Response.json({ image_id: String(outcome.face), subject }, { status: 201 });
  if (outcome?.kind === "failed") throw outcome.error;
  if (outcome?.kind === "rejected") {
    const codes = outcome.reasons.map(({ code }) => code);
    if (codes.includes("no-face")) throw noFace();
    throw new ServiceError("REFUSED", {
      where: "file",
      expected: "a picture that is good enough",
      got: codes.join(", "),
      note: "force=true takes it all the same",
    });
  }
  const { id } = await served.gallery.person(subject);
  const faces = await allFaces(served.gallery, id);
  const sha256 = await digestOf(picture);
  const known = faces.find(({ provenance }) => provenance.sha256 === sha256);
  return Response.json({ image_id: String(known?.id ?? ""), subject });
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString("hex");
}

/** CompreFace's routes. What is deleted can be brought back by an undo; forgetting is this service's own. */
export const COMPREFACE: readonly ForeignRoute[] = [
  route("GET", "recognition/subjects", "read", async (service, asked) => {
    const people = await everyone(impliedGallery(service, asked).gallery);
    return Response.json({ subjects: people.map(({ name }) => name) });
  }),
  route("POST", "recognition/subjects", "write", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const subject = personName("subject", textOf(asked, "subject"));
    await gallery.enrol([{ name: subject, faces: [] }]);
    return Response.json({ subject }, { status: 201 });
  }),
  route("PUT", "recognition/subjects/:subject", "write", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const [from, to] = [asked.params["subject"]!, personName("subject", textOf(asked, "subject"))];
    // A name that somebody has makes the two one there.
    if (await gallery.records.personNamed(to)) await gallery.merge([from], to);
    else await gallery.rename(from, to);
    return Response.json({ updated: true });
  }),
  route("DELETE", "recognition/subjects/:subject", "write", async (service, asked) => {
    const { result } = await impliedGallery(service, asked).gallery.deletePerson(asked.params["subject"]!);
    return Response.json({ subject: result.name });
  }),
  route("DELETE", "recognition/subjects", "admin", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const people = await everyone(gallery);
    for (const { id } of people) await gallery.deletePerson(id);
    return Response.json({ deleted: people.length });
  }),
  route("GET", "recognition/faces", "read", async (service, asked) =>
    Response.json(await facePage(impliedGallery(service, asked).gallery, asked)),
  ),
  route("POST", "recognition/faces", "write", addFace),
  route("DELETE", "recognition/faces", "admin", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const wanted = asked.query["subject"];
    const people = wanted ? [await gallery.person(wanted)] : await everyone(gallery);
    let deleted = 0;
    for (const { id } of people) {
      const faces = (await allFaces(gallery, id)).map((face) => face.id);
      if (faces.length > 0) deleted += (await gallery.deleteFaces(faces)).result;
    }
    return Response.json({ deleted });
  }),
  route("POST", "recognition/faces/delete", "write", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const wanted = Array.isArray(asked.json) ? asked.json.map(Number).filter(Number.isSafeInteger) : [];
    const faces = await gallery.records.facesWith(wanted);
    const people = await gallery.records.peopleWith([...new Set(faces.map(({ person }) => person))]);
    const names = new Map(people.map(({ id, name }) => [id, name]));
    if (faces.length > 0) await gallery.deleteFaces(faces.map(({ id }) => id));
    return Response.json(
      faces.map(({ id, person }) => ({ image_id: String(id), subject: names.get(person) ?? "" })),
    );
  }),
  route("DELETE", "recognition/faces/:image_id", "write", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const { id, subject } = await storedFace(gallery, asked);
    await gallery.deleteFaces([id]);
    return Response.json({ image_id: String(id), subject });
  }),
  route("GET", "recognition/faces/:image_id/img", "read", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const crop = await gallery.records.crop((await storedFace(gallery, asked)).id);
    if (!crop)
      throw new ServiceError("NOT_FOUND", {
        where: "image_id",
        expected: "a face whose crop was kept",
        got: "none",
      });
    return new Response(crop as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": "image/jpeg" } });
  }),
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
