import type { Gallery, GalleryFace } from "../../gallery/index.ts";
import { enrolUploads, outcomeOnWire } from "../enrol.ts";
import { changed, comparable, type Handlers, served } from "../service.ts";
import { ServiceError } from "../service-error.ts";

/** The faces of people. */
export const FACES: Handlers<
  "addFaces" | "faces" | "portrait" | "portraits" | "crop" | "move" | "deleteFaces"
> = {
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
    const found = await portraitOf(gallery, id);
    if (found) return jpeg(found.crop);
    throw new ServiceError("NOT_FOUND", {
      where: "portrait",
      expected: "a face whose crop was kept",
      got: "none",
    });
  },

  portraits: async (service, asked) => {
    const { gallery } = served(service, asked);
    const there = await gallery.records.peopleWith(asked.query.persons.split(",").map(Number));
    const portraits = await Promise.all(
      there.map(async ({ id }) => {
        const found = await portraitOf(gallery, id);
        return found
          ? [{ person: id, face: found.face, crop: Buffer.from(found.crop).toString("base64") }]
          : [];
      }),
    );
    return { portraits: portraits.flat() };
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

/** The first of a person's first hundred faces that a crop was kept of. */
async function portraitOf(
  { records }: Gallery,
  person: number,
): Promise<{ readonly face: number; readonly crop: Uint8Array } | undefined> {
  // Nearly always it is the very first.
  for (const limit of [1, 100])
    for (const { id } of await records.faces({ limit }, person)) {
      const crop = await records.crop(id);
      if (crop) return { face: id, crop };
    }
  return undefined;
}

function jpeg(bytes: Uint8Array): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": "image/jpeg" } });
}
