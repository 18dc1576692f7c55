import type { GalleryFace } from "../../gallery/index.ts";
import { enrolUploads, outcomeOnWire } from "../enrol.ts";
import { changed, comparable, type Handlers, served } from "../service.ts";
import { ServiceError } from "../service-error.ts";

/** The faces of people. */
export const FACES: Handlers<"addFaces" | "faces" | "portrait" | "crop" | "move" | "deleteFaces"> = {
  addFaces: async (service, asked) => {
    const where = comparable(service, asked);
    const { id: person, name } = await where.gallery.person(asked.params.person);
    const outcomes = await enrolUploads(
      service,
      where,
      { name, person },
      asked.pictures,
      asked.body,
      asked.signal,
    );
    return {
      person: await where.gallery.person(asked.params.person),
      pictures: outcomes.map(outcomeOnWire),
    };
  },

  faces: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { id } = await gallery.person(asked.params.person);
    const { after, limit } = asked.query;
    const faces = await gallery.records.faces({ after, limit }, id);
    return {
      faces: faces.map(faceOnWire),
      next: faces.length < limit ? null : String(faces.at(-1)!.id),
    };
  },

  portrait: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { id } = await gallery.person(asked.params.person);
    for (const face of await gallery.records.faces({ limit: 100 }, id)) {
      const crop = await gallery.records.crop(face.id);
      if (crop) return jpeg(crop);
    }
    throw new ServiceError("NOT_FOUND", {
      where: "portrait",
      expected: "a face whose crop was kept",
      got: "none",
    });
  },

  crop: async (service, asked) => {
    const { records } = served(service, asked).gallery;
    const [face] = await records.facesWith([asked.params.face]);
    const crop = face && (await records.crop(face.id));
    if (crop) return jpeg(crop);
    throw new ServiceError("NOT_FOUND", { where: "face", expected: "one whose crop was kept", got: "none" });
  },

  move: async (service, asked) => {
    const { gallery } = served(service, asked);
    return await changed(gallery, await gallery.move(asked.body.faces, asked.body.to));
  },

  deleteFaces: async (service, asked) => {
    const { sequence } = await served(service, asked).gallery.deleteFaces(asked.body.faces);
    return { sequence, person: null };
  },
};

/** A face of a gallery, without its vector. */
export function faceOnWire({ id, person, provenance }: GalleryFace) {
  const { source, sha256, box, landmarks, score } = provenance;
  return {
    id,
    person,
    source,
    sha256,
    box: { ...box },
    landmarks: landmarks.map(([x, y]): [number, number] => [x, y]),
    score,
  };
}

function jpeg(bytes: Uint8Array): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": "image/jpeg" } });
}
