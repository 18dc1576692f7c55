import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  type FaceError,
  isDatabaseInUse,
  personName,
  type UnitVector,
  type WorkOptions,
} from "../../core/index.ts";
import {
  expectPipeline,
  type Gallery,
  type NewFace,
  type Person,
  type ShareLease,
} from "../../gallery/index.ts";
import { thresholdOf } from "../../verdict/index.ts";
import { chooseFace } from "../face.ts";
import type { RecognizerPool } from "../pool.ts";
import { likenessOf } from "./own-and-others.ts";
import type { Portrait, PortraitPhotograph } from "./portrait.ts";
import { provenanceOf } from "./provenance.ts";
import { QUALITY_DEFAULTS, type QualityGate, type QualityReason, qualityReasons } from "./quality.ts";

/** One reason for which a photograph was not enrolled. */
export type RejectReason =
  | QualityReason
  | { readonly code: "no-face" }
  | { readonly code: "several-faces"; readonly faces: number }
  /** It resembles none of the person's other images. */
  | { readonly code: "unlike-own"; readonly cosine: number; readonly threshold: number }
  /** It resembles someone else, and more than the person. */
  | {
      readonly code: "like-another";
      readonly person: string;
      readonly cosine: number;
      readonly threshold: number;
    };

/** The outcome for a photograph. */
export type EnrolmentResult = { readonly path: string; readonly person: string } & (
  | { readonly kind: "enrolled"; readonly face: number; readonly sequence: number }
  | { readonly kind: "rejected"; readonly reasons: readonly RejectReason[] }
  /** A face of the photograph is the person's already. */
  | { readonly kind: "known" }
  | { readonly kind: "failed"; readonly error: FaceError }
);

/** A person and the photographs to enrol them from. */
export interface PersonToEnrol {
  readonly name: string;
  readonly paths: readonly string[];
  /** As `Enrolment` of the gallery has it: someone who is there, by number, or "new". @default whoever has the name */
  readonly person?: number | "new" | undefined;
}

/** Someone as they are looked for in a gallery. */
type Whose = Pick<PersonToEnrol, "name" | "person">;

/** Whoever makes portraits of photographs: a pool, or a service in front of one. */
export type PortraitSource = Pick<RecognizerPool, "calibration" | "pipeline" | "portraits">;

/** Options for enrolling people. */
export interface EnrolmentOptions extends WorkOptions {
  /** Cosine from which two faces count as one person's @default the gallery's, else the model's calibration */
  readonly threshold?: number | undefined;
  readonly gate?: Partial<QualityGate> | undefined;
  /** Enrol whatever has a face: the largest, however it looks. @default false */
  readonly force?: boolean | undefined;
  /** Date after which people who are new are forgotten. @default never */
  readonly expires?: Date | undefined;
  /** The share of long work that this is: nobody is enrolled once it is somebody else's. */
  readonly lease?: ShareLease | undefined;
}

/**
 * Enrols people from photographs, one change a person. A photograph that is enrolled already is passed over unread by
 * the network, so a run that was interrupted goes on where it was.
 *
 * Without a threshold for the model, the two reasons that compare faces are not looked at.
 *
 * Throws    FaceError MODEL_MISMATCH when the gallery's vectors are of another pipeline, USAGE for a name that is none
 *
 * ```ts
 * import { RecognizerPool } from "arcface-ts";
 * import { Gallery } from "arcface-ts/gallery";
 * import { readPeopleFolder } from "arcface-ts/photographs";
 * import { enrolPhotographs } from "arcface-ts/recognise";
 *
 * await using pool = await RecognizerPool.open();
 * await using gallery = await Gallery.create("sqlite:people.db", pool.pipeline, { clock: () => new Date() });
 * const { people } = await readPeopleFolder("people/");
 * for await (const result of enrolPhotographs(gallery, pool, people)) console.log(result);
 * ```
 */
export async function* enrolPhotographs(
  gallery: Gallery,
  pool: PortraitSource,
  people: readonly PersonToEnrol[],
  options: EnrolmentOptions = {},
): AsyncGenerator<EnrolmentResult> {
  expectPipeline("enrol", gallery.pipeline, pool.pipeline);
  const { calibration } = pool;
  const threshold = thresholdOf(gallery.policy({ threshold: options.threshold, calibration })) ?? null;
  const total = people.reduce((sum, { paths }) => sum + paths.length, 0);
  let done = 0;
  const spelled = people.map((each) => ({ ...each, name: personName("enrol", each.name) }));
  for (const group of inGroups(spelled)) {
    const todo: { readonly path: string; readonly whose: Whose }[] = [];
    for (const whose of group) {
      const { paths } = whose;
      const known = await knownPaths(gallery, whose, paths);
      for (const path of paths) {
        if (!known.has(path)) todo.push({ path, whose });
        else yield { path, person: whose.name, kind: "known" };
      }
      done += known.size;
    }
    let candidates: Candidate[] = [];
    let place = 0;
    // Results come in the order of the paths, so a person's are side by side.
    for await (const result of pool.portraits(
      todo.map(({ path }) => path),
      { signal: options.signal },
    )) {
      const { path, whose } = todo[place++]!;
      const { name } = whose;
      options.onProgress?.({ stage: "enrol", done: ++done, total });
      if (result.kind === "failed") yield { path, person: name, kind: "failed", error: result.error };
      else {
        const seen = candidateOf(path, result.photograph, options);
        if ("reasons" in seen) yield { path, person: name, kind: "rejected", reasons: seen.reasons };
        else candidates.push(seen);
      }
      const next = todo[place]?.whose;
      if (next?.name === name && next.person === whose.person) continue;
      yield* enrolPerson(gallery, whose, candidates, options.force ? null : threshold, options);
      candidates = [];
    }
  }
}

/** Photographs looked at side by side before the next people's are asked for. */
const GROUP = 64;

/** People in groups of enough photographs to keep every core busy; one person's stay together. */
function* inGroups(people: readonly PersonToEnrol[]): Generator<PersonToEnrol[]> {
  let group: PersonToEnrol[] = [];
  let photographs = 0;
  for (const person of people) {
    group.push(person);
    photographs += person.paths.length;
    if (photographs < GROUP) continue;
    yield group;
    group = [];
    photographs = 0;
  }
  if (group.length > 0) yield group;
}

interface Candidate {
  readonly path: string;
  readonly sha256: string;
  readonly portrait: Portrait;
}

function candidateOf(
  path: string,
  photograph: PortraitPhotograph,
  { gate, force }: EnrolmentOptions,
): Candidate | { readonly reasons: readonly RejectReason[] } {
  const portrait = chooseFace(photograph.faces, "largest", photograph);
  if (!portrait) return { reasons: [{ code: "no-face" }] };
  const reasons: RejectReason[] = [];
  if (!force) {
    if (photograph.faces.length > 1) reasons.push({ code: "several-faces", faces: photograph.faces.length });
    reasons.push(...qualityReasons(portrait, { ...QUALITY_DEFAULTS, ...gate }));
  }
  return reasons.length > 0 ? { reasons } : { path, sha256: photograph.sha256, portrait };
}

/** Enrols those of a person's portraits that are the person's, in one change. */
async function* enrolPerson(
  gallery: Gallery,
  whose: Whose,
  portraits: readonly Candidate[],
  threshold: number | null,
  { expires, lease }: EnrolmentOptions,
): AsyncGenerator<EnrolmentResult> {
  const { name } = whose;
  // Another process may have enrolled the same photographs while these were looked at.
  const known = await knownDigests(
    gallery,
    whose,
    portraits.map(({ sha256 }) => sha256),
  );
  for (const { path, sha256 } of portraits)
    if (known.has(sha256)) yield { path, person: name, kind: "known" };
  const candidates = portraits.filter(({ sha256 }) => !known.has(sha256));
  const self = await personOf(gallery, whose);
  const own = await ownVectors(gallery, self);
  const vectors = candidates.map(({ portrait }) => portrait.embedding);
  const likeness = threshold === null ? undefined : likenessOf(vectors, own, threshold);
  const accepted: Candidate[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const reasons: RejectReason[] = [];
    const like = likeness?.[i];
    if (like && threshold !== null) {
      if (!like.belongs && like.own !== null)
        reasons.push({ code: "unlike-own", cosine: like.own, threshold });
      const other = (await gallery.search(vectors[i]!, 2)).find(({ person }) => person.id !== self?.id);
      if (other && other.cosine >= threshold && other.cosine > (like.own ?? -1)) {
        const { person, cosine } = other;
        reasons.push({ code: "like-another", person: person.name, cosine, threshold });
      }
    }
    if (reasons.length === 0) accepted.push(candidate);
    else yield { path: candidate.path, person: name, kind: "rejected", reasons };
  }
  if (accepted.length === 0) return;
  const faces = accepted.map(
    ({ path, sha256, portrait }): NewFace => ({
      vector: portrait.embedding,
      crop: portrait.crop,
      provenance: provenanceOf(path, sha256, portrait),
    }),
  );
  const { sequence, result } = await gallery.enrol(
    [{ ...whose, faces, expires: expires ?? null }],
    "enrol",
    lease,
  );
  for (const [i, face] of result[0]!.faces.entries())
    yield { path: accepted[i]!.path, person: name, kind: "enrolled", face, sequence };
}

async function personOf({ records }: Gallery, { name, person }: Whose): Promise<Person | undefined> {
  return typeof person === "number"
    ? (await records.peopleWith([person]))[0]
    : await records.personNamed(name);
}

async function ownVectors(gallery: Gallery, person: Person | undefined): Promise<UnitVector[]> {
  if (!person) return [];
  // A few hundred images say what someone looks like.
  const faces = await gallery.records.faces({ limit: 500 }, person.id);
  return [...(await gallery.records.vectors(faces.map(({ id }) => id))).values()];
}

/** Photographs of which the person has a face already. A file that cannot be read is left for the recognizer to say. */
async function knownPaths(gallery: Gallery, whose: Whose, paths: readonly string[]): Promise<Set<string>> {
  const person = await personOf(gallery, whose);
  if (!person) return new Set();
  const digests = new Map<string, string>();
  for (const path of paths) {
    const bytes = isDatabaseInUse(path) ? undefined : await readFile(path).catch(() => undefined);
    if (bytes) digests.set(path, createHash("sha256").update(bytes).digest("hex"));
  }
  const known = await knownDigests(gallery, whose, [...digests.values()]);
  return new Set(paths.filter((path) => known.has(digests.get(path) ?? "")));
}

/** Returns those of the photographs, by sha256, of which the person has a face. */
async function knownDigests(
  gallery: Gallery,
  whose: Whose,
  digests: readonly string[],
): Promise<Set<string>> {
  const person = await personOf(gallery, whose);
  if (!person || digests.length === 0) return new Set();
  const known = await gallery.records.knownPhotographs([...new Set(digests)]);
  return new Set(digests.filter((digest) => known.get(digest)?.includes(person.id)));
}
