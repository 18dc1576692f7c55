import { FaceError } from "../core/index.ts";
import type { ChangeKind, Effect, LinkState } from "./change.ts";
import { type Link, saidDifferent, saidSame } from "./links.ts";
import { facesOf, ownersOf, type Plan, personNamed, planMerge, planMove } from "./plans.ts";
import type { Person } from "./records.ts";
import type { GalleryStore } from "./store.ts";

/** Somebody's word about faces of a gallery. */
export type Answer =
  /** Both are one person's: whose they are become one. */
  | { readonly kind: "same"; readonly faces: readonly [number, number] }
  /**
   * They are two people's. Where they were one's, the second leaves, with those that go with it: `leaving`, or the faces
   * that were said to be the same as it.
   */
  | {
      readonly kind: "different";
      readonly faces: readonly [number, number];
      readonly leaving?: readonly number[] | undefined;
    }
  /** They are no faces, and leave. */
  | { readonly kind: "no-face"; readonly faces: readonly number[] };

/** The people that an answer was about, as they are after it. */
export interface Answered {
  /** Ids, the first face's first; those who left are not among them. */
  readonly people: readonly number[];
}

/** The plan of an answer, and the kind of change that it is. */
export interface AnswerPlan extends Plan<Answered> {
  readonly kind: ChangeKind;
}

/** A name for somebody whom nobody named yet; the number is the person's own. */
export function unknownName(person: number): string {
  return `Unknown ${person}`;
}

/** Tells whether a name is one that {@link unknownName} gives. */
export function isUnknownName(name: string): boolean {
  return /^Unknown \d+$/.test(name);
}

/** Ids that a plan may need: the link of each face, and a new person. */
export function idsOfAnswer({ faces }: Answer): number {
  return faces.length + 1;
}

/** @param firstId the first of {@link idsOfAnswer} reserved ids */
export async function planAnswer(store: GalleryStore, answer: Answer, firstId: number): Promise<AnswerPlan> {
  if (answer.kind === "no-face") return await planNoFace(store, answer.faces, firstId);
  const { faces } = answer;
  const [a, b] = faces;
  if (a === b)
    throw new FaceError("USAGE", { where: "answer", expected: "two faces", got: `face ${a} twice` });
  const owners = await ownersOf(store, faces);
  const [one, other] = [owners.get(a)!, owners.get(b)!];
  const links = await store.links();
  const known = links.some(({ kind, faces: [x, y] }) => {
    return kind === answer.kind && ((x === a && y === b) || (x === b && y === a));
  });
  const word: Effect = { subject: "link", id: firstId, before: null, after: { kind: answer.kind, faces } };
  const words = known ? [] : [word];
  if (answer.kind === "same") {
    if (one === other) return { kind: "answer", effects: words, result: { people: [one] } };
    const [some, others] = [await everyFace(store, one), await everyFace(store, other)];
    const apart = saidDifferent(links, some, others);
    if (apart) throw contradiction(apart);
    const [stays, leaves] = whoStays(await personNamed(store, one), await personNamed(store, other));
    const { effects } = await planMerge(store, [leaves.id], stays.id);
    return { kind: "merge", effects: [...effects, ...words], result: { people: [stays.id] } };
  }
  if (one !== other) return { kind: "answer", effects: words, result: { people: [one, other] } };
  const leaving = saidSame(links, [...(answer.leaving ?? []), b]);
  if (leaving.has(a)) {
    const said = links.find(
      ({ kind, faces: pair }) => kind === "same" && pair.every((face) => leaving.has(face)),
    );
    if (said) throw contradiction(said);
    throw new FaceError("USAGE", {
      where: "answer",
      expected: `faces that leave with face ${b}`,
      got: `face ${a}, which stays`,
    });
  }
  const own = await everyFace(store, one);
  const newId = firstId + 1;
  const moved = await planMove(
    store,
    [...leaving].filter((face) => own.has(face)),
    unknownName(newId),
    newId,
  );
  return { kind: "split", effects: [...moved.effects, ...words], result: { people: [one, moved.result.id] } };
}

async function planNoFace(
  store: GalleryStore,
  faces: readonly number[],
  firstId: number,
): Promise<AnswerPlan> {
  const owners = await ownersOf(store, faces);
  const effects: Effect[] = [];
  const gone = new Map((await store.facesWith([...owners.keys()])).map((face) => [face.id, face]));
  let id = firstId;
  for (const [face, person] of owners) {
    const { sha256, box } = gone.get(face)!.provenance;
    const after: LinkState = { kind: "no-face", faces: [face], place: { sha256, box } };
    effects.push(
      { subject: "face", id: face, before: { person }, after: null },
      { subject: "link", id: id++, before: null, after },
    );
  }
  const people = await store.peopleWith([...new Set(owners.values())]);
  const left: number[] = [];
  for (const person of people) {
    const taken = [...owners.values()].filter((owner) => owner === person.id).length;
    // Nobody named them, and nothing is left of them.
    if (isUnknownName(person.name) && taken === person.faces) {
      const { name, expires } = person;
      effects.push({ subject: "person", id: person.id, before: { name, expires }, after: null });
    } else left.push(person.id);
  }
  return { kind: "delete", effects, result: { people: left } };
}

/** Someone who has a name stays; else whoever has more faces, else the first. */
function whoStays(a: Person, b: Person): [Person, Person] {
  const [unknownA, unknownB] = [isUnknownName(a.name), isUnknownName(b.name)];
  if (unknownA !== unknownB) return unknownA ? [b, a] : [a, b];
  return unknownA && b.faces > a.faces ? [b, a] : [a, b];
}

async function everyFace(store: GalleryStore, person: number): Promise<Set<number>> {
  const faces = new Set<number>();
  for await (const face of facesOf(store, person)) faces.add(face);
  return faces;
}

function contradiction({ sequence, kind, faces: [a, b] }: Link): FaceError {
  return new FaceError("CONFLICT", {
    where: "answer",
    expected: "one that goes with those before it",
    got: `the contrary of change ${sequence}, by which faces ${a} and ${b} are ${kind === "same" ? "one person" : "two people"}`,
    note: `"undo ${sequence}" takes that back`,
  });
}
