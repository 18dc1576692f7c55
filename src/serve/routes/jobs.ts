import { FaceError, momentOf, parseJson, personName } from "../../core/index.ts";
import type { Gallery, Job, NewJob } from "../../gallery/index.ts";
import { lastSeen } from "../event-stream.ts";
import { jobEvents } from "../jobs/job-events.ts";
import { hasEnded, jobOnWire } from "../jobs/job-on-wire.ts";
import { clusterFolderJob, clusterUploadsJob } from "../jobs/kinds/cluster.ts";
import { enrolFolderJob, enrolUploadsJob } from "../jobs/kinds/enrol.ts";
import { importJob } from "../jobs/kinds/import.ts";
import { mapJob } from "../jobs/kinds/map.ts";
import { reindexJob } from "../jobs/kinds/reindex.ts";
import { studyJob } from "../jobs/kinds/study.ts";
import type { StudyKind } from "../jobs/studies.ts";
import { type Caller, comparable, type Handlers, type Served, type Service, served } from "../service.ts";
import { ServiceError } from "../service-error.ts";
import type { JOBS as ENDPOINTS } from "../wire/endpoints/jobs.ts";

/** Jobs of a gallery that wait or run at most. */
const OPEN_JOBS = 100;

/** Faces in one question to the gallery. */
const FACES_AT_ONCE = 1000;

/** Long work: asked for, followed, ended. */
export const JOBS: Handlers<keyof typeof ENDPOINTS> = {
  jobs: async (service, asked) => {
    const { after, limit } = asked.query;
    const { gallery, name } = served(service, asked);
    const found = await gallery.jobs.jobs({ after, limit });
    return {
      jobs: found.map((job) => jobOnWire(name, job)),
      next: found.length < limit ? null : String(found.at(-1)!.id),
    };
  },

  enrolJob: async (service, asked) => {
    const { folder, people, expires, threshold, force, ...gate } = asked.body;
    const where = comparable(service, asked);
    if (expires !== undefined) momentOf("expires", expires);
    const input = { threshold, force, expires, gate: given(gate) };
    expectOne({ folder, pictures: people });
    if (folder !== undefined) {
      const { path, within } = await service.folders.expect(folder);
      return await create(service, where, enrolFolderJob({ ...input, folder: path, within }));
    }
    const named = people!.map(({ name, pictures }) => ({ name: personName("people", name), pictures }));
    const numbers = named.flatMap(({ pictures }) => pictures).sort((a, b) => a - b);
    const { length } = asked.pictures;
    if (numbers.length !== length || numbers.some((number, i) => number !== i))
      throw new FaceError("USAGE", {
        where: "people",
        expected: `each of the ${length} pictures once`,
        got: "other numbers",
      });
    return await create(service, where, enrolUploadsJob(input, named, asked.pictures));
  },

  importJob: async (service, asked) => {
    const { path, format } = asked.body;
    const where = comparable(service, asked);
    const [file] = asked.pictures;
    expectOne({ path, file });
    if (path === undefined) return await create(service, where, importJob({ format }, file));
    const allowed = await service.folders.expect(path);
    return await create(service, where, importJob({ path: allowed.path }));
  },

  reindexJob: async (service, asked) => {
    const { dropMissing } = asked.body;
    return await create(service, served(service, asked), reindexJob({ dropMissing }));
  },

  clusterJob: async (service, asked) => {
    const { folder, threshold } = asked.body;
    const where = comparable(service, asked);
    const { pictures } = asked;
    expectOne({ folder, pictures: pictures.length > 0 ? pictures : undefined });
    if (folder === undefined) return await create(service, where, clusterUploadsJob({ threshold }, pictures));
    const { path, within } = await service.folders.expect(folder);
    return await create(service, where, clusterFolderJob({ threshold, folder: path, within }));
  },

  mapJob: async (service, asked) => {
    const { perplexity, seed } = asked.body;
    return await create(service, served(service, asked), mapJob({ perplexity, seed }));
  },

  studyJob: async (service, asked) => await study("study", service, asked),

  evaluateJob: async (service, asked) => await study("evaluate", service, asked),

  job: async (service, asked) => {
    const { gallery, name } = served(service, asked);
    return jobOnWire(name, await jobOf(gallery, asked.params.job));
  },

  jobResult: async (service, asked) => {
    const { gallery, name } = served(service, asked);
    const { after, limit } = asked.query;
    const job = await jobOf(gallery, asked.params.job);
    const shares = await gallery.jobs.outcomes(job.id, { after: after ?? -1, limit });
    const pictures = shares
      .flatMap(
        ({ outcome }) => (parseJson(outcome) ?? []) as { picture?: string; reasons: { code: string }[] }[],
      )
      .flatMap(({ picture, ...rest }) => (picture === undefined ? [] : [{ picture, ...rest }]));
    const kept = parseJson((await gallery.jobs.result(job.id)) ?? "{}") as object;
    const result = job.kind === "map" ? await mapAsOfNow(gallery, kept) : kept;
    return {
      job: jobOnWire(name, job),
      pictures,
      next: shares.length < limit ? null : String(shares.at(-1)!.ordinal),
      ...result,
    };
  },

  jobEvents: async (service, asked) => {
    const { gallery, name } = served(service, asked);
    const { id } = await jobOf(gallery, asked.params.job);
    const { isStopping, now } = service;
    return jobEvents({
      look: async () => await gallery.jobs.job(id),
      tell: (job) => jobOnWire(name, job),
      seen: lastSeen(asked.headers),
      isStopping,
      now,
    });
  },

  cancelJob: async (service, asked) => {
    const { gallery, name } = served(service, asked);
    const { id } = await jobOf(gallery, asked.params.job);
    if (!(await gallery.jobs.cancel(id, service.clock().toISOString())))
      throw new FaceError("CONFLICT", {
        where: "job",
        expected: "one that has not ended",
        got: "one that has",
      });
    return jobOnWire(name, await jobOf(gallery, id));
  },
};

/** A map with the people whom its faces belong to by now, without faces that are not there any more. */
async function mapAsOfNow(gallery: Gallery, kept: Partial<KeptMap>): Promise<Partial<KeptMap>> {
  if (!kept.faces) return kept;
  const persons = new Map<number, number>();
  for (let from = 0; from < kept.faces.length; from += FACES_AT_ONCE) {
    const those = kept.faces.slice(from, from + FACES_AT_ONCE);
    for (const { id, person } of await gallery.records.facesWith(those.map(({ face }) => face)))
      persons.set(id, person);
  }
  const faces = kept.faces.flatMap((each) => {
    const person = persons.get(each.face);
    return person === undefined ? [] : [{ ...each, person }];
  });
  const links = (kept.links ?? []).filter(({ faces: [a, b] }) => {
    const person = persons.get(a);
    return person !== undefined && person === persons.get(b);
  });
  return { ...kept, faces, links };
}

interface KeptMap {
  readonly faces: readonly { readonly face: number; readonly person: number }[];
  readonly links: readonly { readonly faces: readonly [number, number]; readonly cosine: number }[];
}

/** A study or an evaluation. Throws ServiceError FORBIDDEN where the service has no place for its page. */
async function study(
  kind: StudyKind,
  service: Service,
  asked: { caller: Caller; params: { collection: string }; body: { folder: string } },
) {
  const where = served(service, asked);
  if (!service.studies)
    throw new ServiceError("FORBIDDEN", {
      where: kind,
      expected: "a service with a folder for pages",
      got: "one without",
      note: "--studies names it",
    });
  const { path, within } = await service.folders.expect(asked.body.folder);
  return await create(service, where, studyJob(kind, { folder: path, within }));
}

/** A job that was asked for, kept before the answer says so. Throws ServiceError OVERLOADED. */
async function create(service: Service, { gallery, name }: Served, job: NewJob) {
  const latest = await gallery.jobs.jobs({ limit: OPEN_JOBS });
  if (latest.length === OPEN_JOBS && latest.every((each) => !hasEnded(each)))
    throw new ServiceError(
      "OVERLOADED",
      {
        where: "jobs",
        expected: `fewer than ${OPEN_JOBS} that wait`,
        got: `${OPEN_JOBS}`,
        note: "try again later",
      },
      { "Retry-After": "60" },
    );
  const id = await gallery.jobs.create(job, service.clock().toISOString());
  service.wakeJobs(name);
  return jobOnWire(name, await jobOf(gallery, id));
}

/** Throws ServiceError NOT_FOUND. */
async function jobOf(gallery: Gallery, id: number): Promise<Job> {
  const job = await gallery.jobs.job(id);
  if (job) return job;
  throw new ServiceError("NOT_FOUND", {
    where: "job",
    expected: "one of this gallery",
    got: "another number",
  });
}

/** Throws FaceError USAGE unless exactly one of the things is given. */
function expectOne(things: Readonly<Record<string, unknown>>): void {
  const found = Object.values(things).filter((each) => each !== undefined);
  if (found.length === 1) return;
  throw new FaceError("USAGE", {
    where: "body",
    expected: Object.keys(things).join(" or "),
    got: found.length === 0 ? "neither" : "both",
  });
}

function given(gate: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(gate).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
