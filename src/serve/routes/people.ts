import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { FaceError, momentOf, personName } from "../../core/index.ts";
import type { Applied, Erasure, Gallery, GalleryFace, Person } from "../../gallery/index.ts";
import { chooseFace, exportGallery } from "../../recognise/index.ts";
import { enrolUploads, outcomeOnWire } from "../enrol.ts";
import {
  type Caller,
  collectionOf,
  comparable,
  found,
  type Handlers,
  look,
  onlyPicture,
  type Served,
  type Service,
} from "../service.ts";
import { ServiceError } from "../service-error.ts";
import { verdictOnWire } from "../verdict-on-wire.ts";
import { choiceOf } from "./work.ts";

type Names =
  | "collections"
  | "collection"
  | "persons"
  | "createPerson"
  | "person"
  | "changePerson"
  | "deletePerson"
  | "addFaces"
  | "faces"
  | "portrait"
  | "crop"
  | "verify"
  | "merge"
  | "split"
  | "move"
  | "deleteFaces"
  | "log"
  | "undo"
  | "forget"
  | "prune"
  | "export";

/** The people of galleries. */
export const PEOPLE: Handlers<Names> = {
  collections: async (service, { caller }) => ({
    collections: await Promise.all(
      [...service.collections.values()]
        .filter(({ name }) => caller.gallery === null || caller.gallery === name)
        .map(describe),
    ),
  }),

  collection: async (service, asked) => await describe(served(service, asked)),

  persons: async (service, asked) => {
    const { records } = served(service, asked).gallery;
    const { name, after, limit } = asked.query;
    if (name !== undefined) {
      const person = await records.personNamed(personName("name", name));
      return { persons: person ? [person] : [], next: null };
    }
    const persons = await records.people({ after, limit });
    return { persons, next: persons.length < limit ? null : persons.at(-1)!.name };
  },

  createPerson: async (service, asked) => {
    const where = comparable(service, asked);
    const { gallery } = where;
    const { name: text, expires, ...gate } = asked.body;
    const name = personName("name", text);
    const until = expires === undefined ? undefined : momentOf("expires", expires);
    if (await gallery.records.personNamed(name)) throw taken();
    if (asked.pictures.length === 0) {
      const { result } = await gallery.enrol([{ name, faces: [], expires: until ?? null }]);
      if (!result[0]!.created) throw taken();
      return { person: await gallery.person(result[0]!.person), pictures: [] };
    }
    const outcomes = await enrolUploads(
      service,
      where,
      name,
      asked.pictures,
      { ...gate, expires: until },
      asked.signal,
    );
    const answer = {
      person: (await gallery.records.personNamed(name)) ?? null,
      pictures: outcomes.map(outcomeOnWire),
    };
    return answer.person ? answer : Response.json(answer, { status: 200 });
  },

  person: async (service, asked) => await served(service, asked).gallery.person(asked.params.person),

  changePerson: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { name, expires } = asked.body;
    if ((name === undefined) === (expires === undefined))
      throw new FaceError("USAGE", {
        where: "person",
        expected: "a name or a date",
        got: name === undefined ? "neither" : "both",
      });
    const { person } = asked.params;
    return await changed(
      gallery,
      name === undefined
        ? await gallery.retain(person, expires ? momentOf("expires", expires) : null)
        : await gallery.rename(person, name),
    );
  },

  deletePerson: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { sequence } = await gallery.deletePerson(asked.params.person);
    return { sequence, person: null };
  },

  addFaces: async (service, asked) => {
    const where = comparable(service, asked);
    const { name } = await where.gallery.person(asked.params.person);
    const outcomes = await enrolUploads(service, where, name, asked.pictures, asked.body, asked.signal);
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

  verify: async (service, asked) => {
    const { gallery, recognition } = comparable(service, asked);
    const { person: id } = asked.params;
    const person = await gallery.person(id);
    const photograph = await look(service, recognition, onlyPicture(asked), "faces", asked.signal);
    const face = chooseFace(photograph.faces, choiceOf(asked.body), photograph);
    if (!face) return { model: recognition.model, person, face: null, cosine: null, verdict: null };
    const { threshold } = asked.body;
    const { calibration } = recognition;
    const answer = await gallery.verify(id, face.embedding, { threshold, calibration });
    return {
      model: recognition.model,
      person: answer.person,
      face: { ...found(face), found: photograph.faces.length },
      cosine: answer.cosine,
      verdict: verdictOnWire(answer),
    };
  },

  merge: async (service, asked) => {
    const { gallery } = served(service, asked);
    return await changed(gallery, await gallery.merge(asked.body.persons, asked.params.person));
  },

  split: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { faces, name } = asked.body;
    return await changed(gallery, await gallery.split(asked.params.person, faces, name));
  },

  move: async (service, asked) => {
    const { gallery } = served(service, asked);
    return await changed(gallery, await gallery.move(asked.body.faces, asked.body.to));
  },

  deleteFaces: async (service, asked) => {
    const { sequence } = await served(service, asked).gallery.deleteFaces(asked.body.faces);
    return { sequence, person: null };
  },

  log: async (service, asked) => {
    const { after, limit } = asked.query;
    const entries = await served(service, asked).gallery.records.log({ after, limit });
    return {
      entries: entries.map((entry) => ({ ...entry, effects: [...entry.effects] })),
      next: entries.length < limit ? null : String(entries.at(-1)!.sequence),
    };
  },

  undo: async (service, asked) => {
    const { sequence, result } = await served(service, asked).gallery.undo(asked.body.sequence);
    return { sequence, undone: result.sequence, kind: result.kind };
  },

  forget: async (service, asked) => {
    const { persons, names } = asked.body;
    if (persons.length + names.length === 0)
      throw new FaceError("USAGE", { where: "forget", expected: "persons or names", got: "neither" });
    return receipt(await served(service, asked).gallery.forget([...persons, ...names]));
  },

  prune: async (service, asked) => {
    const { deletedBefore } = asked.body;
    const before = deletedBefore === undefined ? undefined : momentOf("deletedBefore", deletedBefore);
    const { gallery } = served(service, asked);
    const erasure = await gallery.prune(before ? { deletedBefore: before } : {});
    return { receipt: erasure ? receipt(erasure) : null };
  },

  export: async (service, asked) => {
    const { gallery, name } = served(service, asked);
    const { format } = asked.query;
    const path = join(tmpdir(), `arcface-export-${randomUUID()}.${format}`);
    try {
      await exportGallery(gallery, path, { signal: asked.signal });
      const file = await open(path);
      const { size } = await file.stat();
      return new Response(Readable.toWeb(file.createReadStream()) as ReadableStream, {
        headers: {
          "Content-Type": format === "jsonl" ? "application/x-ndjson" : "application/vnd.apache.parquet",
          "Content-Length": String(size),
          "Content-Disposition": `attachment; filename="${name}.${format}"`,
        },
      });
    } finally {
      // An open file can still be read; nothing of it stays when the service is killed meanwhile.
      await rm(path, { force: true });
    }
  },
};

function served(service: Service, asked: { caller: Caller; params: { collection: string } }): Served {
  return collectionOf(service, asked.caller, asked.params.collection);
}

async function describe({ name, gallery }: Served) {
  const { people, faces, deletedFaces, changes } = await gallery.records.stats();
  const { id: model, dimension } = gallery.pipeline.model;
  const { threshold, keepCrops } = gallery.records.settings;
  return { name, model, dimension, people, faces, deletedFaces, changes, threshold, keepCrops };
}

/** A change with the person as they are now. */
async function changed(gallery: Gallery, { sequence, result }: Applied<Person>) {
  const [person] = await gallery.records.peopleWith([result.id]);
  return { sequence, person: person ?? null };
}

function taken(): FaceError {
  return new FaceError("CONFLICT", {
    where: "name",
    expected: "a name that nobody has",
    got: "somebody's; POST …/persons/{person}/faces adds faces to them",
  });
}

function faceOnWire({ id, person, provenance }: GalleryFace) {
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

function receipt(erasure: Erasure) {
  const { at, people, faces, crops, logEffects, changes, searched, notProven, finished } = erasure;
  return {
    at,
    people: people.map(({ id, names, faces: own }) => ({ id, names: [...names], faces: own })),
    faces,
    crops,
    logEffects,
    changes: [...changes],
    searched: searched.map(({ path, bytes, hits }) => ({ file: basename(path), bytes, hits })),
    notProven: notProven.map(withoutFolders),
    finished,
    proven: finished && notProven.length === 0,
  };
}

/** A sentence whose paths are names only. */
function withoutFolders(sentence: string): string {
  return sentence.replace(/(?:[A-Za-z]:)?[\\/][^\s"]*[\\/]/g, "");
}

function jpeg(bytes: Uint8Array): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": "image/jpeg" } });
}
