import { createHash } from "node:crypto";
import { z } from "zod";
import { cosine, FaceError, throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { galleryDigest } from "./gallery-pipeline.ts";
import { meanDirection, personScore } from "./person-score.ts";
import type { Person } from "./records.ts";
import type { GalleryStore } from "./store.ts";

/** The number of people who are asked for. */
export interface AskOptions extends WorkOptions {
  /** At most so many people, taken evenly from the list of names. */
  readonly most: number;
}

/** As much of a gallery as asking takes. */
export interface AskableGallery {
  readonly store: GalleryStore;
  people(): AsyncIterable<Person>;
  /** By falling score. */
  search(
    vector: UnitVector,
    k: number,
  ): Promise<readonly { readonly person: Person; readonly similarity: number }[]>;
}

/** People of a gallery, asked for by their first face as if each were a stranger to the gallery, and as if that face were new. */
export interface AskedAmongOthers {
  /** The gallery as it was. */
  readonly people: number;
  readonly faces: number;
  /** Of each who was asked for: the highest score with anybody else. */
  readonly others: readonly number[];
  /** Of each who was asked for: the score with the rest of their own faces; null of somebody with one face. */
  readonly own: readonly (number | null)[];
}

const NoteSchema = z.strictObject({
  pipeline: z.string(),
  sequence: z.number(),
  most: z.number(),
  people: z.number(),
  faces: z.number(),
  others: z.array(z.number()),
  own: z.array(z.number().nullable()),
});
/** With a digest of the rest: not every store notices a text that was changed. */
const KeptSchema = z.strictObject({ note: NoteSchema, sha256: z.string() });
const NOTE = "asked among others";

/** By which share a gallery may have grown or shrunk since it was asked. */
const SAME_SIZE = 0.1;
/** Faces of a person that are compared with another of theirs. */
const MOST_OWN = 256;

/**
 * Leaves everybody out once: asks for each of up to `most` people by their first face, among the others, and among the rest
 * of their own faces. The answer is kept with the gallery, as numbers without names, and is given again while the gallery is
 * about the same.
 *
 * Throws    FaceError ABORTED
 */
export async function askAmongOthers(
  gallery: AskableGallery,
  options: AskOptions,
): Promise<AskedAmongOthers> {
  const { store } = gallery;
  const sequence = await store.latest();
  const { people: count, faces } = await store.stats();
  const pipeline = galleryDigest(store.pipeline);
  const kept = readNote(await store.note(NOTE));
  if (
    kept?.pipeline === pipeline &&
    (kept.sequence === sequence || (isAbout(kept.people, count) && isAbout(kept.faces, faces))) &&
    (kept.most >= options.most || kept.others.length >= kept.people)
  ) {
    return { people: kept.people, faces: kept.faces, others: kept.others, own: kept.own };
  }
  const people: Person[] = [];
  for await (const person of gallery.people()) if (person.faces > 0) people.push(person);
  const step = Math.max(1, people.length / options.most);
  const others: number[] = [];
  const own: (number | null)[] = [];
  for (let at = 0; at < people.length; at += step) {
    throwIfAborted(options.signal);
    const person = people[Math.floor(at)]!;
    const ids = (await store.faces({ limit: MOST_OWN }, person.id)).map(({ id }) => id);
    const vectors = await store.vectors(ids);
    const [first, ...rest] = ids.flatMap((id) => vectors.get(id) ?? []);
    if (!first) continue;
    const other = (await gallery.search(first, 2)).find((each) => each.person.id !== person.id);
    if (!other) continue;
    others.push(other.similarity);
    own.push(scoreWith(first, rest));
    options.onProgress?.({ stage: "ask", done: others.length, total: Math.ceil(people.length / step) });
  }
  const asked = { people: count, faces, others, own };
  const note: z.infer<typeof NoteSchema> = { pipeline, sequence, most: options.most, ...asked };
  // An answer that cannot be kept is asked for again next time, and nothing else.
  await store
    .keepNote(NOTE, JSON.stringify({ note, sha256: digestOf(note) }), sequence)
    .catch((error: unknown) => {
      if (!(error instanceof FaceError && error.code === "STORAGE")) throw error;
    });
  return asked;
}

function scoreWith(face: UnitVector, rest: readonly UnitVector[]): number | null {
  if (rest.length === 0) return null;
  const nearest = Math.max(...rest.map((vector) => cosine(face, vector)));
  const mean = meanDirection(rest);
  return mean ? personScore(nearest, cosine(face, mean)) : nearest;
}

function digestOf(note: z.infer<typeof NoteSchema>): string {
  return createHash("sha256")
    .update(JSON.stringify(NoteSchema.parse(note)))
    .digest("hex");
}

/** A note of another version of this program, or that was changed, counts as none. */
function readNote(text: string | undefined): z.infer<typeof NoteSchema> | undefined {
  if (text === undefined) return undefined;
  try {
    const { note, sha256 } = KeptSchema.parse(JSON.parse(text));
    return digestOf(note) === sha256 ? note : undefined;
  } catch {
    return undefined;
  }
}

function isAbout(before: number, now: number): boolean {
  return Math.abs(now - before) <= SAME_SIZE * before;
}
