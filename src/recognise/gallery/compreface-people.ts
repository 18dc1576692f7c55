import { aborted, FaceError, parseJson, personName, type WorkOptions } from "../../core/index.ts";
import type { Gallery } from "../../gallery/index.ts";
import type { PhotographResult, RecognizerPool } from "../pool.ts";
import {
  type EnrolmentOptions,
  type EnrolmentResult,
  enrolPhotographs,
  type PersonToEnrol,
  type PortraitSource,
} from "./enrol-photographs.ts";
import type { PortraitPhotograph } from "./portrait.ts";

/*
 * People of a running CompreFace, by its public routes. Vectors of another network are of no use here, so its pictures
 * are asked for, and looked at anew.
 *
 * Source    https://github.com/exadel-inc/CompreFace/blob/master/docs/Rest-API-description.md
 */

/** A running CompreFace, and the key of one of its face recognition services. */
export interface CompreFaceAddress {
  /** Its address, as a browser has it: `http://host:8000` */
  readonly url: string;
  readonly key: string;
}

/** Subjects and faces that a CompreFace says it has. */
export interface CompreFacePeople {
  readonly address: CompreFaceAddress;
  readonly subjects: readonly string[];
  /** By the numbers of their pictures. */
  readonly faces: readonly { readonly id: string; readonly subject: string }[];
}

const PAGE = 200;
/** Bytes of a list and of a picture: CompreFace takes pictures of up to 5 MB unless told otherwise. */
const LIST_BYTES = 64 << 20;
const PICTURE_BYTES = 64 << 20;
const ANSWER_MS = 60_000;

/**
 * Lists everybody of a CompreFace; pictures are not asked for yet.
 *
 * Throws    FaceError USAGE for an address that is none or a key that is refused, NETWORK
 */
export async function readCompreFace(
  address: CompreFaceAddress,
  options: WorkOptions = {},
): Promise<CompreFacePeople> {
  const { subjects } = (await listed(address, "subjects", options.signal)) as { subjects?: unknown };
  if (!Array.isArray(subjects)) throw unlike(address, "a list of subjects");
  const faces = new Map<string, CompreFacePeople["faces"][number]>();
  for (let page = 0; ; page++) {
    const answer = await listed(address, `faces?page=${page}&size=${PAGE}`, options.signal);
    const { faces: some, total_pages: pages } = answer as { faces?: unknown; total_pages?: unknown };
    if (!Array.isArray(some)) throw unlike(address, "a list of faces");
    const before = faces.size;
    for (const each of some as readonly { image_id?: unknown; subject?: unknown }[]) {
      const { image_id: id, subject } = each ?? {};
      // The number becomes part of a path and of a face's source.
      if (typeof id !== "string" || !/^[A-Za-z0-9-]{1,64}$/.test(id) || typeof subject !== "string")
        throw unlike(address, "faces with image_id and subject");
      faces.set(id, { id, subject });
    }
    options.onProgress?.({ stage: "list", done: faces.size });
    // A list that has no end gives the same faces over and over.
    if (faces.size === before || (typeof pages === "number" && page + 1 >= pages)) break;
  }
  const names = new Set(subjects.filter((each): each is string => typeof each === "string"));
  for (const { subject } of faces.values()) names.add(subject);
  return { address, subjects: [...names], faces: [...faces.values()] };
}

/**
 * Brings a CompreFace's people into a gallery: a subject is a person, and each of its pictures is looked at by `pool` and
 * enrolled as a photograph would be. A face that was brought before is passed over without asking for its picture, so a
 * run that was interrupted goes on where it was. Each face is a result; one whose picture is no longer kept there, or whose
 * subject's name no gallery takes, is a failed one.
 *
 * Throws    as {@link enrolPhotographs}
 */
export async function* importCompreFace(
  gallery: Gallery,
  pool: Pick<RecognizerPool, "calibration" | "pipeline" | "recognise" | "workers">,
  there: CompreFacePeople,
  options: EnrolmentOptions = {},
): AsyncGenerator<EnrolmentResult> {
  const ids = new Map<string, string>();
  const bySubject = new Map<string, string[]>(there.subjects.map((subject) => [subject, []]));
  for (const { id, subject } of there.faces) {
    const path = sourceOf(there.address, id);
    ids.set(path, id);
    bySubject.get(subject)?.push(path);
  }
  const people = new Map<string, string[]>();
  for (const [subject, paths] of bySubject) {
    const name = nameOf(subject);
    // Two subjects whose names are one in our spelling are one person.
    if (typeof name === "string") people.set(name, [...(people.get(name) ?? []), ...paths]);
    else for (const path of paths) yield { path, person: subject, kind: "failed", error: name };
  }
  const todo: PersonToEnrol[] = [];
  for (const [name, paths] of people) {
    const known = await sourcesOf(gallery, name);
    if (!known) await gallery.enrol([{ name, faces: [], expires: options.expires ?? null }], "import");
    for (const path of paths) if (known?.has(path)) yield { path, person: name, kind: "known" };
    todo.push({ name, paths: paths.filter((path) => !known?.has(path)) });
  }
  const { calibration, pipeline } = pool;
  const portraits: PortraitSource["portraits"] = (paths, { signal } = {}) =>
    inTurn(paths, 2 * pool.workers, async (path): Promise<PhotographResult<PortraitPhotograph>> => {
      try {
        const picture = await pictureOf(there.address, ids.get(path)!, signal);
        const [result] = await pool.recognise([picture], "portraits");
        if (result!.kind === "faces") return { path, ...result! };
        return { path, kind: "failed", error: result!.error.withName(path) };
      } catch (error) {
        if (error instanceof FaceError && error.code === "NETWORK") return { path, kind: "failed", error };
        throw error;
      }
    });
  yield* enrolPhotographs(
    gallery,
    { calibration, pipeline, portraits },
    todo.filter(({ paths }) => paths.length > 0),
    options,
  );
}

/** A subject's name as galleries spell it, or why none takes it. */
function nameOf(subject: string): string | FaceError {
  try {
    return personName("subject", subject);
  } catch (error) {
    if (error instanceof FaceError) return error;
    throw error;
  }
}

/** The source of a face that came from there. */
function sourceOf({ url }: CompreFaceAddress, id: string): string {
  return `compreface:${new URL(url).host}/${id}`;
}

/** Sources of a person's faces; undefined when nobody has the name. */
async function sourcesOf({ records }: Gallery, name: string): Promise<Set<string> | undefined> {
  const person = await records.personNamed(name);
  if (!person) return undefined;
  const sources = new Set<string>();
  for (let after: number | undefined; ; ) {
    const faces = await records.faces({ after, limit: 1000 }, person.id);
    for (const { provenance } of faces) sources.add(provenance.source);
    if (faces.length < 1000) return sources;
    after = faces.at(-1)!.id;
  }
}

/** Results in the order of the items, so many of which are worked on at once. */
async function* inTurn<T, R>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for (const item of items) {
    const result = work(item);
    // Told when its turn comes.
    result.catch(() => undefined);
    begun.push(result);
    if (begun.length >= atOnce) yield await begun.shift()!;
  }
  for (const result of begun) yield await result;
}

async function listed(address: CompreFaceAddress, path: string, signal?: AbortSignal): Promise<object> {
  const bytes = await answerOf(address, path, LIST_BYTES, signal);
  try {
    const value: unknown = parseJson(Buffer.from(bytes).toString("utf8"));
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw unlike(address, "JSON");
}

async function pictureOf(
  address: CompreFaceAddress,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = await answerOf(address, `faces/${id}/img`, PICTURE_BYTES, signal);
  if (bytes.length > 0) return bytes;
  throw new FaceError("NETWORK", {
    where: sourceOf(address, id),
    expected: "a picture",
    got: "no bytes",
    note: "that CompreFace keeps faces without their pictures",
  });
}

/** The bytes of an answer of 200. The key is sent to this address alone: redirections are not followed. */
async function answerOf(
  { url, key }: CompreFaceAddress,
  path: string,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const base = addressOf(url);
  const where = `${base.host}/api/v1/recognition/${path}`;
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = await fetch(`${base.href.replace(/\/+$/, "")}/api/v1/recognition/${path}`, {
      headers: { "x-api-key": key },
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    if (response.status === 401 || response.status === 403)
      throw new FaceError("USAGE", {
        where: "KEY",
        expected: "the key of a face recognition service there",
        got: `one that ${base.host} refuses`,
      });
    if (response.status !== 200)
      throw new FaceError("NETWORK", { where, expected: "an answer", got: `status ${response.status}` });
    const parts: Uint8Array[] = [];
    let total = 0;
    for await (const part of response.body ?? []) {
      total += part.length;
      if (total > most)
        throw new FaceError("NETWORK", { where, expected: `at most ${most} bytes`, got: "more" });
      parts.push(part);
    }
    return Buffer.concat(parts, total);
  } catch (cause) {
    if (cause instanceof FaceError) throw cause;
    if (signal?.aborted) throw aborted();
    throw new FaceError("NETWORK", { where, expected: "an answer", cause });
  }
}

function addressOf(url: string): URL {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url);
  throw new FaceError("USAGE", {
    where: "URL",
    expected: "an address such as http://compreface.example:8000",
    got: `"${url}"`,
  });
}

function unlike({ url }: CompreFaceAddress, expected: string): FaceError {
  return new FaceError("NETWORK", {
    where: new URL(url).host,
    expected,
    got: "something else",
    note: "is a CompreFace of version 0.6 or later at this address?",
  });
}
