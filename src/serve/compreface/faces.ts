import { FaceError, personName } from "../../core/index.ts";
import type { Gallery } from "../../gallery/index.ts";
import { enrolUploads } from "../enrol.ts";
import { type ForeignAsked, type ForeignRoute, impliedGallery } from "../foreign.ts";
import type { Service } from "../service.ts";
import { ServiceError } from "../service-error.ts";
import { galleryOf, noFace, numberOf, route, textOf } from "./asked.ts";
import { allFaces, everyone, storedFace } from "./stored-faces.ts";

/** Faces that one request may delete by their numbers, as in this service's own routes. */
const MOST_DELETED = 10_000;

/** Faces of people, added and taken away. */
export const FACES: readonly ForeignRoute[] = [
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
    const listed: readonly unknown[] = Array.isArray(asked.json) ? asked.json : [];
    if (listed.length > MOST_DELETED)
      throw new FaceError("USAGE", {
        where: "body",
        expected: `at most ${MOST_DELETED} numbers`,
        got: String(listed.length),
      });
    const wanted = listed.map(Number).filter(Number.isSafeInteger);
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
];

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

async function addFace(service: Service, asked: ForeignAsked): Promise<Response> {
  const served = galleryOf(service, asked);
  const subject = personName("subject", textOf(asked, "subject"));
  const picture = await asked.picture("file");
  const force = asked.query["force"] === "true";
  const [outcome] = await enrolUploads(
    service,
    served,
    { name: subject },
    [picture],
    { force },
    asked.signal,
  );
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
