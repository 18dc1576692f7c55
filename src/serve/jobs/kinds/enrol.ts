import { relative } from "node:path";
import { z } from "zod";
import { momentOf, parseJson } from "../../../core/index.ts";
import type { NewJob, ShareOutcome } from "../../../gallery/index.ts";
import { readPeopleFolder } from "../../../photographs/index.ts";
import { type EnrolmentResult, enrolPhotographs, type PortraitSource } from "../../../recognise/index.ts";
import { addShares } from "../add-shares.ts";
import {
  bytesOf,
  folderOf,
  JobFolder,
  type JobPicture,
  nameOf,
  picturesOf,
  sharesOf,
  sourceOf,
} from "../job-pictures.ts";
import { type JobKind, NOTHING, type Work } from "../work.ts";

/** Photographs of a share, about: what a process that dies costs. A person's stay together, up to four times as many. */
const SHARE = 16;

/** The wishes of a bulk enrolment. */
export const EnrolInput = JobFolder.extend({
  threshold: z.number().optional(),
  force: z.boolean().optional(),
  expires: z.string().optional(),
  gate: z.record(z.string(), z.number()).optional(),
});

/** A bulk enrolment of a folder with a folder of photographs for each person. */
export function enrolFolderJob(input: z.input<typeof EnrolInput>): NewJob {
  return {
    kind: "enrol",
    input: JSON.stringify(input),
    shares: [{ ordinal: 0, step: "plan", units: 0, input: "[]" }],
  };
}

/** A bulk enrolment of pictures that came with the request. */
export function enrolUploadsJob(
  input: z.input<typeof EnrolInput>,
  people: readonly { readonly name: string; readonly pictures: readonly number[] }[],
  files: readonly Uint8Array[],
): NewJob {
  const groups = people.map(({ name, pictures }) => pictures.map((file) => ({ file, person: name })));
  const shares = [...sharesOf(groups, SHARE)].map((share, i) => ({ ...share, ordinal: i + 1 }));
  return { kind: "enrol", input: JSON.stringify(input), shares, files };
}

/** People from photographs, as `enrolPhotographs` takes them. */
export const ENROL: JobKind = {
  plan: async (work) => {
    const folder = await folderOf(work);
    const { people } = await readPeopleFolder(folder);
    const groups = people.map(({ name, paths }) =>
      paths.map((path) => ({ path: relative(folder, path), person: name })),
    );
    await addShares(work, sharesOf(groups, SHARE));
    return NOTHING;
  },
  work: enrol,
};

async function enrol(work: Work): Promise<ShareOutcome> {
  const { gallery, recognition, share, signal, look } = work;
  const { threshold, force, expires, gate } = EnrolInput.parse(parseJson(share.jobInput));
  const pictures = picturesOf(work);
  const folder = pictures.some((picture) => "path" in picture) ? await folderOf(work) : "";
  const uploads = new Map<JobPicture, Uint8Array>();
  for (const picture of pictures)
    if ("file" in picture) uploads.set(picture, await bytesOf(work, picture, folder));
  const bySource = new Map(
    pictures.map((picture) => [sourceOf(picture, folder, () => uploads.get(picture)!), picture]),
  );
  const read = async (path: string): Promise<Uint8Array> => {
    const picture = bySource.get(path)!;
    return uploads.get(picture) ?? (await bytesOf(work, picture, folder));
  };
  const portraits: PortraitSource["portraits"] = async function* (paths) {
    const asked = [...paths].map((path) => ({
      path,
      result: look.at(async () => await read(path), "portraits", signal),
    }));
    for (const { result } of asked) result.catch(() => undefined);
    for (const { path, result } of asked) yield { path, ...(await result) };
  };
  const tally = new EnrolmentTally(pictures.length - bySource.size);
  const fresh = await withoutKnown(work, bySource, tally);
  for await (const result of enrolPhotographs(
    gallery,
    { calibration: recognition.calibration, pipeline: recognition.pipeline, portraits },
    peopleOf(fresh),
    {
      threshold,
      force,
      expires: expires === undefined ? undefined : momentOf("expires", expires),
      gate,
      signal,
      lease: share,
    },
  ))
    tally.add(result, bySource.get(result.path)!);
  return tally.outcome();
}

/** Those of the pictures that are not enrolled yet, as far as their source says: others are not looked at again. */
async function withoutKnown(
  { gallery }: Work,
  bySource: ReadonlyMap<string, JobPicture>,
  tally: EnrolmentTally,
): Promise<Map<string, JobPicture>> {
  const digests = [...bySource.keys()].flatMap((source) => /^upload:(.+)$/.exec(source)?.[1] ?? []);
  const known = await gallery.records.knownPhotographs(digests);
  const fresh = new Map<string, JobPicture>();
  for (const [source, picture] of bySource) {
    const whose = known.get(source.slice("upload:".length)) ?? [];
    const person = picture.person && (await gallery.records.personNamed(picture.person));
    if (person && whose.includes(person.id)) tally.known();
    else fresh.set(source, picture);
  }
  return fresh;
}

function peopleOf(pictures: ReadonlyMap<string, JobPicture>): { name: string; paths: string[] }[] {
  const people = new Map<string, string[]>();
  for (const [source, { person = "" }] of pictures) {
    const paths = people.get(person);
    if (paths) paths.push(source);
    else people.set(person, [source]);
  }
  return [...people].map(([name, paths]) => ({ name, paths }));
}

/** The outcomes of a share's pictures: all are counted, those that were not enrolled are told one by one. */
class EnrolmentTally {
  readonly #counts = new Map<string, number>();
  readonly #told: object[] = [];

  /** @param known pictures that came twice */
  constructor(known: number) {
    if (known > 0) this.#count("known", known);
  }

  known(): void {
    this.#count("known");
  }

  add(result: EnrolmentResult, picture: JobPicture): void {
    this.#count(result.kind);
    const who = { person: result.person, picture: nameOf(picture), kind: result.kind };
    if (result.kind === "rejected") {
      for (const { code } of result.reasons) this.#count(`reason:${code}`);
      this.#told.push({ ...who, reasons: result.reasons });
    } else if (result.kind === "failed") {
      const { code } = result.error;
      this.#count(`reason:${code}`);
      this.#told.push({ ...who, reasons: [{ code }] });
    }
  }

  outcome(): ShareOutcome {
    return { counts: Object.fromEntries(this.#counts), outcome: JSON.stringify(this.#told) };
  }

  #count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }
}
