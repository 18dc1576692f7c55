import { FaceError, nearestName, personName } from "../core/index.ts";
import { type Effect, type FaceContent, nameTaken, type PersonState } from "./change.ts";
import { mentions } from "./links.ts";
import type { NewFace, Person } from "./records.ts";
import type { GalleryStore } from "./store.ts";

/** The plan of a change, worked out from the state of the gallery now. */
export interface Plan<T> {
  readonly effects: readonly Effect[];
  readonly contents?: readonly FaceContent[];
  readonly result: T;
}

/** Faces of one person, to be added. */
export interface Enrolment {
  readonly name: string;
  readonly faces: readonly NewFace[];
  /** Date after which the person is forgotten, for a person who is new; null for never. @default null */
  readonly expires?: Date | null | undefined;
  /**
   * Someone who is there, by number and whatever their name is by now; or "new" for someone who must not be there.
   * @default whoever has the name, who is made when not there
   */
  readonly person?: number | "new" | undefined;
}

/** The result of enrolling one person. */
export interface Enrolled {
  readonly person: number;
  readonly name: string;
  /** True if nobody of this name was there before. */
  readonly created: boolean;
  /** Ids of the faces, in the order they were given. */
  readonly faces: readonly number[];
}

/** Faces listed in one question to the store. */
const PAGE = 1000;

/**
 * Someone by name, in whatever spelling, or by number. Throws FaceError PERSON_UNKNOWN, USAGE for a name that nobody can
 * have.
 */
export async function personNamed(store: GalleryStore, who: string | number): Promise<Person> {
  if (typeof who === "number") return await personNumbered(store, who);
  const text = who;
  const name = personName("gallery", text);
  const person = await store.personNamed(name);
  if (person) return person;
  throw await unknownPerson(store, name);
}

async function personNumbered(store: GalleryStore, id: number): Promise<Person> {
  const [person] = Number.isSafeInteger(id) ? await store.peopleWith([id]) : [];
  if (person) return person;
  throw new FaceError("PERSON_UNKNOWN", {
    where: "gallery",
    expected: "a person of this gallery",
    got: `number ${id}`,
  });
}

/** The error for a name that nobody has, with the one that is nearest. */
export async function unknownPerson(store: GalleryStore, name: string): Promise<FaceError> {
  // Names that begin with the same letter, as far as one page holds them.
  const others = await store.people({ after: name.slice(0, 1), limit: PAGE });
  const nearest = nearestName(
    name,
    others.map((other) => other.name),
  );
  return new FaceError("PERSON_UNKNOWN", {
    where: "gallery",
    expected: "someone of this gallery",
    got: `"${name}"`,
    note: nearest && `did you mean "${nearest}"?`,
  });
}

/** Ids of a person's faces. */
export async function* facesOf(store: GalleryStore, person: number): AsyncGenerator<number> {
  for (let after: number | undefined; ; ) {
    const page = await store.faces({ after, limit: PAGE }, person);
    for (const { id } of page) yield id;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/** @param firstId the first of as many reserved ids as there are people and faces */
export async function planEnrolment(
  store: GalleryStore,
  enrolments: readonly Enrolment[],
  firstId: number,
): Promise<Plan<Enrolled[]>> {
  let next = firstId;
  const effects: Effect[] = [];
  const contents: FaceContent[] = [];
  const result: Enrolled[] = [];
  const created = new Map<string, number>();
  for (const { name: given, faces, expires, person: whose } of enrolments) {
    const numbered = typeof whose === "number" ? await personNumbered(store, whose) : undefined;
    const name = numbered?.name ?? given;
    const known = created.get(name) ?? (numbered ?? (await store.personNamed(name)))?.id;
    if (whose === "new" && known !== undefined) throw nameTaken("gallery", name);
    const person = known ?? next++;
    if (known === undefined) {
      created.set(name, person);
      const after = { name, expires: expires?.toISOString() ?? null };
      effects.push({ subject: "person", id: person, before: null, after });
    }
    const ids = faces.map(({ vector, provenance, crop }) => {
      const id = next++;
      contents.push({ id, vector, provenance, crop: store.settings.keepCrops ? crop : undefined });
      effects.push({ subject: "face", id, before: null, after: { person } });
      return id;
    });
    result.push({ person, name, created: known === undefined, faces: ids });
  }
  return { effects, contents, result };
}

/** Another name or another date for a person. */
export async function planPerson(
  store: GalleryStore,
  who: string | number,
  change: (state: PersonState) => PersonState,
): Promise<Plan<Person>> {
  const person = await personNamed(store, who);
  const before = stateOf(person);
  const after = change(before);
  if (after.name !== before.name && (await store.personNamed(after.name)))
    throw nameTaken("gallery", after.name);
  return { effects: [{ subject: "person", id: person.id, before, after }], result: { ...person, ...after } };
}

/**
 * Faces become someone's, who is made when not there.
 *
 * @param newId a reserved id
 */
export async function planMove(
  store: GalleryStore,
  faces: readonly number[],
  to: string,
  newId: number,
): Promise<Plan<Person>> {
  const owners = await ownersOf(store, faces);
  const known = await store.personNamed(to);
  const target = known ?? { id: newId, name: to, expires: null, faces: 0 };
  const effects: Effect[] = known
    ? []
    : [{ subject: "person", id: newId, before: null, after: stateOf(target) }];
  for (const [id, person] of owners) {
    if (person !== target.id)
      effects.push({ subject: "face", id, before: { person }, after: { person: target.id } });
  }
  return { effects: [...effects, ...(await overruled(store, effects))], result: target };
}

/**
 * Effects that withdraw what was said of faces and is no longer so after others: who moves faces by hand has the last
 * word. Taken back with the change, it stands again.
 */
async function overruled(store: GalleryStore, effects: readonly Effect[]): Promise<Effect[]> {
  const moved = new Map<number, number>();
  for (const { subject, id, after } of effects) if (subject === "face" && after) moved.set(id, after.person);
  const links = (await store.links()).filter(mentions(moved.keys()));
  const owners = new Map(
    (await store.facesWith(links.flatMap(({ faces }) => faces))).map(({ id, person }) => [id, person]),
  );
  const ownerOf = (face: number): number | undefined => moved.get(face) ?? owners.get(face);
  return links.flatMap(({ id, sequence: _, ...before }): Effect[] => {
    const [a, b] = before.faces.map(ownerOf);
    if (a === undefined || b === undefined) return [];
    return (a === b) === (before.kind === "same") ? [] : [{ subject: "link", id, before, after: null }];
  });
}

/** As {@link planMove}, for faces of one person to someone who is not there yet. */
export async function planSplit(
  store: GalleryStore,
  who: string | number,
  faces: readonly number[],
  to: string,
  newId: number,
): Promise<Plan<Person>> {
  const { id, name } = await personNamed(store, who);
  const owners = await ownersOf(store, faces);
  const stranger = [...owners].find(([, person]) => person !== id);
  if (stranger)
    throw new FaceError("PERSON_UNKNOWN", {
      where: "split",
      expected: `faces of "${name}"`,
      got: `face ${stranger[0]}`,
    });
  if (await store.personNamed(to)) throw nameTaken("split", to);
  return await planMove(store, faces, to, newId);
}

/** The faces of several people become one's, and they leave. */
export async function planMerge(
  store: GalleryStore,
  names: readonly (string | number)[],
  into: string | number,
): Promise<Plan<Person>> {
  const target = await personNamed(store, into);
  const effects: Effect[] = [];
  const spelled = names.map((each) => (typeof each === "number" ? each : personName("merge", each)));
  const merged = new Set<number>();
  for (const who of new Set(spelled)) {
    const person = await personNamed(store, who);
    if (person.id === target.id)
      throw new FaceError("USAGE", {
        where: "merge",
        expected: `people other than "${into}"`,
        got: `"${who}"`,
      });
    if (merged.has(person.id)) continue;
    merged.add(person.id);
    for await (const id of facesOf(store, person.id))
      effects.push({ subject: "face", id, before: { person: person.id }, after: { person: target.id } });
    effects.push({ subject: "person", id: person.id, before: stateOf(person), after: null });
  }
  // No face says into whom the others were merged.
  if (effects.length > 0 && effects.every(({ subject }) => subject === "person"))
    effects.push({ subject: "person", id: target.id, before: stateOf(target), after: stateOf(target) });
  return { effects: [...effects, ...(await overruled(store, effects))], result: target };
}

/** A person leaves with all faces. */
export async function planDeletion(store: GalleryStore, who: string | number): Promise<Plan<Person>> {
  const person = await personNamed(store, who);
  const effects: Effect[] = [];
  for await (const id of facesOf(store, person.id))
    effects.push({ subject: "face", id, before: { person: person.id }, after: null });
  effects.push({ subject: "person", id: person.id, before: stateOf(person), after: null });
  return { effects, result: person };
}

/** Single faces leave. */
export async function planFaceDeletion(store: GalleryStore, faces: readonly number[]): Promise<Plan<number>> {
  const effects = [...(await ownersOf(store, faces))].map(
    ([id, person]): Effect => ({ subject: "face", id, before: { person }, after: null }),
  );
  return { effects, result: effects.length };
}

/** The owners of faces. Throws FaceError PERSON_UNKNOWN for one that is not there. */
export async function ownersOf(store: GalleryStore, faces: readonly number[]): Promise<Map<number, number>> {
  const owners = new Map((await store.facesWith(faces)).map(({ id, person }) => [id, person]));
  const missing = faces.find((id) => !owners.has(id));
  if (missing !== undefined)
    throw new FaceError("PERSON_UNKNOWN", {
      where: "gallery",
      expected: "a face of this gallery",
      got: missing,
    });
  return owners;
}

function stateOf({ name, expires }: Person): PersonState {
  return { name, expires };
}
