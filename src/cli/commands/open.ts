import { spawn } from "node:child_process";
import { realpath } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { counted, FaceError } from "../../core/index.ts";
import { expectPipeline, type Gallery, type Job } from "../../gallery/index.ts";
import { readPeopleFolder } from "../../photographs/index.ts";
import { RecognizerPool } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { addJobsFlag, addModelFlags, type ModelFlags, openStore, recognizerOptions } from "../options.ts";
import { type ProgressBar, progressBar } from "../progress-bar.ts";
import { servedStudies } from "../served-studies.ts";
import { VERSION } from "../version.ts";
import { clock, modelOf } from "./gallery/open.ts";
import { createOrOpen, portFlag } from "./serve.ts";

interface OpenFlags extends ModelFlags {
  readonly gallery?: string;
  readonly studies?: string;
  readonly port: number;
  readonly browser: boolean;
  readonly json?: boolean;
  readonly jobs?: number;
}

/** The time from Ctrl-C to the end, in milliseconds; what was not answered by then is not. */
const DRAIN_MS = 1800;

/** Milliseconds between two looks at how far the work is. */
const LOOK_MS = 500;

const ENDED: ReadonlySet<string> = new Set(["done", "failed", "cancelled"]);

/** `arcface open FOLDER` */
export function openCommand(program: Command, act: Act): void {
  const command = program
    .command("open")
    .description(
      "open a folder of people in a browser: their faces are put into a gallery, compared and searched",
    )
    .argument("<folder>", "a folder with a folder of pictures for every person")
    .option(
      "--gallery <address>",
      "the gallery: sqlite:people.db (default: beside the folder, FOLDER.arcface.db)",
    )
    .option(
      "--studies <dir>",
      "the folder for pages of studies that are asked for (default: beside the folder, FOLDER.arcface-studies)",
    )
    .option("--port <n>", "port to listen at; 0 takes a free one", portFlag, 0)
    .option("--no-browser", "open no browser; the address is printed")
    .option("--json", "print JSON: a line for the address, one for the work when it has ended")
    .addHelpText(
      "after",
      `
It serves this machine only, until Ctrl-C. Pictures that are in the gallery already are passed over, so opening a
folder again goes on where it was. The folder's pictures are read and never changed.

Example:
  arcface open people/`,
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(open));
}

async function open(io: CliIo, path: string, flags: OpenFlags): Promise<number> {
  io.mayTake?.(DRAIN_MS);
  const folder = await folderAt(path);
  const address = flags.gallery ?? `sqlite:${beside(folder, "arcface.db")}`;
  const bar = progressBar(io, { lines: !flags.json });
  await using opened = await openBoth(io, address, flags, bar);
  const { gallery, recognition } = opened;
  const { createApp, enrolFolderJob, listen, readPage } = await import("../../serve/index.ts");
  const app = createApp({
    recognition,
    galleries: { default: { gallery } },
    clock,
    now: () => performance.now(),
    version: VERSION,
    folders: [folder],
    studies: await servedStudies(flags.studies ?? beside(folder, "arcface-studies"), flags),
    holder: `open ${process.pid} on ${hostname()}`,
    page: await readPage(),
  });
  const listening = await listen(app, { host: "127.0.0.1", port: flags.port });
  const job = await gallery.jobs.create(
    enrolFolderJob({ folder, within: folder, gate: {} }),
    clock().toISOString(),
  );
  const url = `${listening.url}/search`;
  if (flags.json) io.out(JSON.stringify({ url, folder, gallery: gallery.records.address, job }));
  else io.out(`${url} shows ${folder}, whose faces are kept in ${gallery.records.address}; Ctrl-C stops it`);
  if (flags.browser)
    openBrowser(url, () => io.err(`arcface: no browser could be opened; open ${url} in one`));
  const working = app.work(io.signal);
  await follow(io, gallery, job, bar, flags);
  await new Promise<void>((stop) => {
    if (io.signal.aborted) stop();
    io.signal.addEventListener("abort", () => stop(), { once: true });
  });
  bar.stop();
  await listening.close();
  await working;
  return EXIT.ok;
}

/** The place of something that belongs to a folder: it is read, never written to. */
function beside(folder: string, ending: string): string {
  return join(dirname(folder), `${basename(folder)}.${ending}`);
}

/** A folder of people, without links. Throws FaceError BAD_FILE for anything else. */
async function folderAt(path: string): Promise<string> {
  const expected = "a folder with a folder of pictures for every person";
  const found = await realpath(path).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: path, expected, cause });
  });
  await readPeopleFolder(found);
  return found;
}

/** The gallery of an address, made where there is none, and what makes its vectors. */
async function openBoth(io: CliIo, address: string, flags: OpenFlags, bar: ProgressBar) {
  const poolOf = async (options: Awaited<ReturnType<typeof recognizerOptions>>): Promise<RecognizerPool> =>
    await RecognizerPool.open({
      ...options,
      workers: flags.jobs,
      signal: io.signal,
      onProgress: bar.update,
      onWarning: undefined,
    });
  const wanted = await recognizerOptions(flags, openStore(io), io);
  let pool: RecognizerPool | undefined;
  const gallery = await createOrOpen(address, async () => {
    pool = await poolOf(wanted);
    return pool.pipeline;
  });
  try {
    if (pool && !makes(pool, gallery)) {
      // A gallery that was there already says itself which model its vectors are of.
      await pool.close();
      pool = undefined;
    }
    const recognition = pool ?? (await poolOf(await modelOf(io, gallery, flags)));
    return {
      gallery,
      recognition,
      [Symbol.asyncDispose]: async () => {
        await recognition.close();
        await gallery.close();
      },
    };
  } catch (error) {
    await gallery.close();
    throw error;
  }
}

/** Tells whether a pool's vectors are a gallery's. */
function makes({ pipeline }: RecognizerPool, gallery: Gallery): boolean {
  try {
    expectPipeline("gallery", gallery.pipeline, pipeline);
    return true;
  } catch {
    return false;
  }
}

/** Shows how far the work is until it has ended, or nobody waits any more. */
async function follow(
  io: CliIo,
  gallery: Gallery,
  id: number,
  bar: ProgressBar,
  { json = false }: OpenFlags,
): Promise<void> {
  for (;;) {
    const job = await gallery.jobs.job(id);
    if (!job || io.signal.aborted) return;
    if (ENDED.has(job.state)) {
      bar.stop();
      const { people, faces } = await gallery.records.stats();
      if (json)
        io.out(
          JSON.stringify({ job: id, state: job.state, done: job.done, counts: job.counts, people, faces }),
        );
      else io.err(endOf(job, people, faces));
      return;
    }
    if (job.total > 0) bar.update({ stage: "photographs", done: job.done, total: job.total });
    await setTimeout(LOOK_MS, undefined, { signal: io.signal }).catch(() => undefined);
  }
}

function endOf({ state, error }: Job, people: number, faces: number): string {
  if (state === "failed")
    return `arcface: the folder could not be read: ${error?.message ?? "no reason was kept"}`;
  return `${counted(people, "person", "people")} with ${counted(faces, "face")} in the gallery`;
}

/** The platform's way of opening an address, and nothing of it that this process waits for. */
function openBrowser(url: string, failed: () => void): void {
  const [command, ...args] = {
    darwin: ["open", url],
    win32: ["cmd", "/c", "start", "", url],
  }[process.platform as string] ?? ["xdg-open", url];
  const child = spawn(command!, args, { stdio: "ignore", detached: true });
  child.on("error", failed);
  child.on("exit", (code) => {
    if (code !== 0 && code !== null) failed();
  });
  child.unref();
}
