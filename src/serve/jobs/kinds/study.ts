import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { FaceError, parseJson } from "../../../core/index.ts";
import type { Job, NewJob } from "../../../gallery/index.ts";
import { listPhotographs } from "../../../photographs/index.ts";
import { expectInside, folderOf, JobFolder } from "../job-pictures.ts";
import type { StudyKind } from "../studies.ts";
import type { JobKind } from "../work.ts";

/** `name` is the page's folder among those of the service. */
const StudyInput = JobFolder.extend({ name: z.uuid() });

/** A study or an evaluation of a folder of people. */
export function studyJob(kind: StudyKind, input: z.input<typeof JobFolder>): NewJob {
  return {
    kind,
    input: JSON.stringify({ ...input, name: randomUUID() } satisfies z.input<typeof StudyInput>),
    shares: [{ ordinal: 1, step: "work", units: 0, input: "[]" }],
  };
}

/** The page of a study that has ended, and the folder that it lies in; undefined for other work. */
export function pageOfStudy(job: Job, result: unknown): { folder: string; page: string } | undefined {
  if (job.kind !== "study" && job.kind !== "evaluate") return undefined;
  const told = z.object({ page: z.string() }).safeParse(result);
  if (!told.success) return undefined;
  return { folder: StudyInput.parse(parseJson(job.input)).name, page: told.data.page };
}

/** The work of a study, by whoever was given the means for it. One that was interrupted begins with the faces it has found. */
export function studyOf(kind: StudyKind): JobKind {
  return {
    work: async (work) => {
      const { studies } = work;
      if (!studies)
        throw new FaceError("USAGE", { where: kind, expected: "a folder for its page", got: "none" });
      const { name, within } = StudyInput.parse(parseJson(work.share.jobInput));
      const people = await folderOf(work);
      for (const path of (await listPhotographs([people])).paths) await expectInside(path, within);
      const to = join(studies.folder, name);
      await mkdir(to, { recursive: true, mode: 0o700 });
      const { pipeline } = work.recognition;
      const page = await studies.run(kind, people, to, {
        pipeline,
        signal: work.signal,
        onProgress: work.tell,
      });
      return {
        counts: {},
        outcome: "[]",
        result: JSON.stringify({ page, folder: basename(people) }),
      };
    },
  };
}
