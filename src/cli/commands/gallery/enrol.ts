import type { Command } from "commander";
import { FaceError, momentOf } from "../../../core/index.ts";
import {
  type EnrolmentResult,
  enrolPhotographs,
  type PersonToEnrol,
  QUALITY_DEFAULTS,
  RecognizerPool,
  type RejectReason,
} from "../../../recognise/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { addJobsFlag, addModelFlags, type ModelFlags } from "../../options.ts";
import { progressBar } from "../../progress-bar.ts";
import { peopleOf, photographsOf } from "../../told-inputs.ts";
import {
  cosineFlag,
  count,
  type GalleryFlags,
  galleryFlags,
  measure,
  modelOf,
  openGallery,
  say,
} from "./open.ts";

interface EnrolFlags extends GalleryFlags, ModelFlags {
  readonly people?: string;
  readonly threshold?: number;
  readonly minEyes?: number;
  readonly minSharpness?: number;
  readonly maxTurn?: number;
  readonly force?: boolean;
  readonly expires?: string;
  readonly jobs?: number;
}

/** `arcface gallery enrol NAME PHOTO…`, `arcface gallery enrol --people DIR` */
export function enrolCommand(gallery: Command, act: Act): void {
  const gate = QUALITY_DEFAULTS;
  const command = galleryFlags(gallery.command("enrol"))
    .description("add people from photographs; refuse those that are not good enough, and say why")
    .argument("[name]", "who is on the photographs")
    .argument("[photographs...]", "pictures or folders")
    .option("--people <dir>", "a folder with a folder of photographs for every person")
    .option("--threshold <cosine>", "cosine from which two faces count as one person's", cosineFlag)
    .option(
      "--min-eyes <px>",
      `least distance between the eyes, in pixels (default ${gate.minEyeDistancePx})`,
      measure,
    )
    .option(
      "--min-sharpness <n>",
      `least sharpness: variance of the Laplacian (default ${gate.minSharpness})`,
      measure,
    )
    .option("--max-turn <n>", `how far a face may be turned, 0 to 0.5 (default ${gate.maxTurn})`, measure)
    .option("--force", "enrol the largest face of every photograph, however it looks")
    .option("--expires <date>", "forget people who are new after this date (gallery prune)")
    .addHelpText(
      "after",
      `
Reasons: no-face, several-faces, too-small, blurred, turned-away, unlike-own, like-another.
A photograph that is enrolled already is passed over, so an interrupted run goes on where it was.
Exit code 5 says that some photographs were refused or could not be read, 1 that all were refused.

Example:
  arcface gallery enrol "Ann Example" ann1.jpg ann2.jpg --gallery sqlite:people.db`,
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(enrol));
}

async function enrol(
  io: CliIo,
  name: string | undefined,
  paths: string[],
  flags: EnrolFlags,
): Promise<number> {
  const expires = flags.expires === undefined ? undefined : momentOf("--expires", flags.expires);
  const { people, incomplete } = await whomOf(io, name, paths, flags);
  const bar = progressBar(io);
  await using gallery = await openGallery(io, flags);
  const model = await modelOf(io, gallery, flags);
  await using pool = await RecognizerPool.open({
    ...model,
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  });
  const results = enrolPhotographs(gallery, pool, people, {
    threshold: flags.threshold,
    gate: gateOf(flags),
    force: flags.force,
    expires,
    signal: io.signal,
    onProgress: bar.update,
  });
  return await tellEnrolment(io, flags, results, bar, incomplete);
}

/** Tells what became of each photograph, and of all. Returns the exit code. */
export async function tellEnrolment(
  io: CliIo,
  flags: GalleryFlags,
  results: AsyncIterable<EnrolmentResult>,
  bar: Pick<ReturnType<typeof progressBar>, "stop">,
  incomplete = false,
): Promise<number> {
  const tally = { enrolled: 0, known: 0, rejected: 0, failed: 0 };
  try {
    for await (const result of results) {
      tally[result.kind]++;
      if (flags.json) io.out(`${JSON.stringify(asJson(result))}\n`);
      else if (result.kind === "rejected" || result.kind === "failed") {
        bar.stop();
        io.err(`${describe(result)}\n`);
      }
    }
  } catch (error) {
    bar.stop();
    if (io.signal.aborted) io.err("stopped: run the same command again to go on\n");
    throw error;
  }
  bar.stop();
  const { enrolled, known, rejected, failed } = tally;
  say(
    io,
    flags,
    tally,
    `${count(enrolled, "face")} enrolled, ${known} there already, ${rejected} refused, ${failed} failed`,
  );
  const there = enrolled + known;
  if (there > 0) return rejected + failed > 0 || incomplete ? EXIT.partial : EXIT.ok;
  if (failed === 0 && !incomplete) return EXIT.noMatch;
  return rejected > 0 ? EXIT.partial : EXIT.badInput;
}

/** The people to enrol and their photographs, and whether some could not be opened, which was told. Throws FaceError USAGE, BAD_FILE. */
async function whomOf(
  io: CliIo,
  name: string | undefined,
  paths: readonly string[],
  flags: EnrolFlags,
): Promise<{ readonly people: readonly PersonToEnrol[]; readonly incomplete: boolean }> {
  if (flags.people === undefined) {
    if (name !== undefined && paths.length > 0) {
      const list = await photographsOf(io, paths, flags);
      return { people: [{ name, paths: list.paths }], incomplete: list.passedOver.unreadable.length > 0 };
    }
    throw new FaceError("USAGE", {
      where: "enrol",
      expected: "a name and photographs, or --people DIR",
      got: name === undefined ? "neither" : "a name alone",
    });
  }
  if (name !== undefined)
    throw new FaceError("USAGE", {
      where: "enrol",
      expected: "either a name or --people",
      got: `"${name}" and --people`,
    });
  const found = await peopleOf(io, flags.people, flags);
  return { people: found.people, incomplete: found.passedOver.unreadable.length > 0 };
}

function gateOf({ minEyes, minSharpness, maxTurn }: EnrolFlags) {
  return {
    ...(minEyes === undefined ? {} : { minEyeDistancePx: minEyes }),
    ...(minSharpness === undefined ? {} : { minSharpness }),
    ...(maxTurn === undefined ? {} : { maxTurn }),
  };
}

function asJson(result: EnrolmentResult): object {
  if (result.kind !== "failed") return result;
  const { error, ...rest } = result;
  return { ...rest, error: { code: error.code, message: error.message } };
}

function describe(result: EnrolmentResult): string {
  if (result.kind === "failed") return result.error.message;
  if (result.kind === "rejected")
    return `${result.path}: refused: ${result.reasons.map(sentence).join("; ")}`;
  return `${result.path}: ${result.kind}`;
}

function sentence(reason: RejectReason): string {
  switch (reason.code) {
    case "no-face":
      return "no face found (no-face)";
    case "several-faces":
      return `${reason.faces} faces where one is expected (several-faces)`;
    case "too-small":
      return `eyes ${reason.measured.toFixed(0)} px apart, at least ${reason.limit} wanted (too-small)`;
    case "blurred":
      return `sharpness ${reason.measured.toFixed(0)}, at least ${reason.limit} wanted (blurred)`;
    case "turned-away":
      return `turned by ${reason.measured.toFixed(3)}, at most ${reason.limit} wanted (turned-away)`;
    case "unlike-own":
      return `cosine ${reason.cosine.toFixed(3)} to the person's other images, ${reason.threshold} wanted (unlike-own)`;
    case "like-another":
      return `more like ${reason.person}, cosine ${reason.cosine.toFixed(3)} (like-another)`;
  }
}
