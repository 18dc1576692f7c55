import { FaceError, momentOf, personName } from "../../core/index.ts";
import { chooseFace } from "../../recognise/index.ts";
import { enrolUploads, outcomeOnWire } from "../enrol.ts";
import {
  changed,
  choiceOf,
  comparable,
  found,
  type Handlers,
  look,
  onlyPicture,
  served,
} from "../service.ts";
import { verdictOnWire } from "../verdict-on-wire.ts";

/** The people of a gallery. */
export const PEOPLE: Handlers<
  "persons" | "createPerson" | "person" | "changePerson" | "deletePerson" | "verify" | "merge" | "split"
> = {
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
      const { result } = await gallery.enrol([{ name, faces: [], expires: until ?? null, person: "new" }]);
      return { person: await gallery.person(result[0]!.person), pictures: [] };
    }
    const outcomes = await enrolUploads(
      service,
      where,
      { name, person: "new" },
      asked.pictures,
      { ...gate, expires: until },
      asked.signal,
    );
    const made = outcomes.find((outcome) => outcome.kind === "enrolled");
    const [face] = made ? await gallery.records.facesWith([made.face]) : [];
    const answer = {
      person: face ? await gallery.person(face.person) : null,
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
};

function taken(): FaceError {
  return new FaceError("CONFLICT", {
    where: "name",
    expected: "a name that nobody has",
    got: "somebody's; POST …/persons/{person}/faces adds faces to them",
  });
}
