import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import { FaceError } from "../../core/index.ts";
import type { Gallery, Job, NewJob } from "../../gallery/index.ts";
import { RecognizerPool } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { addJobsFlag, addModelFlags, type ModelFlags, whole } from "../options.ts";
import { progressBar } from "../progress-bar.ts";
import { clock, type GalleryFlags, galleryFlags, modelOf, openGallery, say } from "./gallery/open.ts";

interface WorkerFlags extends ModelFlags, GalleryFlags {
  readonly enrol?: string;
  readonly force?: boolean;
  readonly embed?: string;
  readonly to?: string;
  readonly photographs?: string;
  readonly share: number;
  readonly lease: number;
  readonly keepJobs: number;
  readonly untilDone?: boolean;
  readonly jobs?: number;
}

/** The time that a stopping worker may take to give back what it holds, in milliseconds. */
const DRAIN_MS = 10_000;

const DAY_MS = 86_400_000;

/** `arcface worker` */
export function workerCommand(program: Command, act: Act): void {
  const command = galleryFlags(program.command("worker"))
    .description("take shares of a gallery's long work, beside any number of other workers on any machine")
    .option("--enrol <dir>", "ask for the people of a folder to be enrolled, and end with that")
    .option("--force", "with --enrol: take the largest face of every picture, however it looks")
    .option(
      "--embed <dir>",
      "ask for the faces of a folder's photographs as Parquet files, and end with that",
    )
    .option(
      "--to <dir>",
      "where this machine writes the Parquet files; all of them, and manifest.json, with --embed",
    )
    .option(
      "--photographs <dir>",
      "where a job's photographs are on this machine, when elsewhere than where it was asked for",
    )
    .option("--share <n>", "photographs of a Parquet file, with --embed", whole, 512)
    .option(
      "--lease <seconds>",
      "after so long others take over what this worker holds and says nothing about",
      whole,
      15,
    )
    .option("--keep-jobs <days>", "days for which a job that has ended can be asked about", whole, 30)
    .option("--until-done", "end when there is no work left, rather than wait for more")
    .addHelpText(
      "after",
      `
Work comes from here (--enrol, --embed) and from the requests that "arcface serve" takes for the same gallery.

Example:
  arcface worker --gallery postgres://arcface@db/faces --enrol people/`,
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(run));
}

async function run(io: CliIo, flags: WorkerFlags): Promise<number> {
  io.mayTake?.(DRAIN_MS);
  const asked = await jobOf(flags);
  await using gallery = await openGallery(io, flags);
  const bar = progressBar(io);
  await using recognition = await RecognizerPool.open({
    ...(await modelOf(io, gallery, flags)),
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
    onWarning: undefined,
  });
  const { createWorker, LANES } = await import("../../serve/index.ts");
  const id = asked && (await gallery.jobs.create(asked, clock().toISOString()));
  if (id !== undefined) say(io, flags, { job: id }, `job ${id} is kept: other workers may join`);
  const worker = createWorker({
    gallery,
    recognition,
    clock,
    now: () => performance.now(),
    holder: `worker ${process.pid} on ${hostname()}`,
    leaseMs: flags.lease * 1000,
    keepJobsMs: flags.keepJobs * DAY_MS,
    places: { photographs: flags.photographs, shards: flags.to },
    log: {
      error: (line, message) => io.err(`arcface: ${message}: ${JSON.stringify(line)}\n`),
    },
    onShare: ({ job, ordinal, units, kind }, { counts }) => {
      if (flags.json) io.out(JSON.stringify({ job, kind, share: ordinal, units, counts }));
      void tell(gallery, job, bar.update);
    },
  });
  const enough = async (): Promise<boolean> =>
    id === undefined
      ? flags.untilDone === true && (await worker.isIdle())
      : hasEnded(await gallery.jobs.job(id));
  await Promise.all(Array.from({ length: LANES }, async () => await worker.run(io.signal, enough)));
  bar.stop();
  const job = id === undefined ? undefined : await gallery.jobs.job(id);
  return job ? told(io, flags, job) : EXIT.ok;
}

/** The work that this command asks for itself. Throws FaceError USAGE. */
async function jobOf({ enrol, force, embed, to, share }: WorkerFlags): Promise<NewJob | undefined> {
  const { enrolFolderJob, shardsJob } = await import("../../serve/index.ts");
  if (enrol !== undefined && embed !== undefined)
    throw new FaceError("USAGE", { where: "worker", expected: "--enrol or --embed", got: "both" });
  if (enrol !== undefined) return enrolFolderJob({ folder: resolve(enrol), force });
  if (embed === undefined) return undefined;
  if (to === undefined)
    throw new FaceError("USAGE", {
      where: "--embed",
      expected: "--to with a folder for what is found",
      got: "none",
    });
  if ((await readdir(to).catch(() => [])).length > 0)
    throw new FaceError("USAGE", {
      where: "--to",
      expected: "a folder that is new or empty",
      got: `${to}, which is not`,
    });
  return shardsJob({ folder: resolve(embed), to: resolve(to), share });
}

async function tell(
  gallery: Gallery,
  id: number,
  update: (progress: { stage: string; done: number; total: number }) => void,
): Promise<void> {
  const job = await gallery.jobs.job(id).catch(() => undefined);
  if (job) update({ stage: `job ${id}`, done: job.done, total: job.total });
}

/** Tells whether a job has ended, or is gone. */
function hasEnded(job: Job | undefined): boolean {
  return job?.state !== "waiting" && job?.state !== "running";
}

/** The end of a job, for people or as JSON. Returns the exit code. */
function told(io: CliIo, flags: WorkerFlags, { id, state, done, total, counts, error }: Job): number {
  const figures = Object.entries(counts).map(([name, count]) => `${count} ${name.replace("reason:", "")}`);
  say(
    io,
    flags,
    { job: id, state, done, total, counts, error },
    `job ${id} is ${state}: ${done} of ${total} photographs${figures.length > 0 ? ` (${figures.join(", ")})` : ""}`,
    ...(error ? [error.message] : []),
  );
  if (state === "failed") return EXIT.badInput;
  if (state === "done") return (counts["failed"] ?? 0) > 0 ? EXIT.partial : EXIT.ok;
  return EXIT.noMatch;
}
