import { FaceError, type UnitVector } from "../../core/index.ts";
import type { Gallery, Person } from "../../gallery/index.ts";
import type { ForeignAsked } from "../foreign.ts";

/** A stored face by its number in the path. Throws FaceError PERSON_UNKNOWN. */
export async function storedFace(gallery: Gallery, { params }: ForeignAsked) {
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

export async function storedVector(gallery: Gallery, id: number): Promise<UnitVector> {
  const vector = (await gallery.records.vectors([id])).get(id);
  if (vector) return vector;
  throw new FaceError("PERSON_UNKNOWN", {
    where: "image_id",
    expected: "a face of this gallery",
    got: "another",
  });
}

export async function everyone(gallery: Gallery): Promise<Person[]> {
  const people: Person[] = [];
  for await (const person of gallery.people()) people.push(person);
  return people;
}

/** Every face of somebody. */
export async function allFaces(gallery: Gallery, person: number) {
  const all = [];
  for (let after: number | undefined; ; ) {
    const page = await gallery.records.faces({ after, limit: 1000 }, person);
    all.push(...page);
    if (page.length < 1000) return all;
    after = page.at(-1)!.id;
  }
}
