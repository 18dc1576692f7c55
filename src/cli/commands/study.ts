import { mkdir } from "node:fs/promises";
import type { Command } from "commander";
import { Option } from "commander";
import { counted, FaceError, type WorkOptions } from "../../core/index.ts";
import {
  type LabelledPhotograph,
  labelledPhotographs,
  readLookAlikePairs,
  readPeopleCsv,
} from "../../photographs/index.ts";
import type { RecognizerOptions } from "../../recognise/index.ts";
import type { DeclaredPair, RejectedPhotograph, Study, WrittenReport } from "../../study/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import {
  addJobsFlag,
  addModelFlags,
  type ModelFlags,
  openStore,
  recognizerOptions,
  whole,
} from "../options.ts";
import { expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { peopleOf, tellUnreadable } from "../told-inputs.ts";

/** Flags that every study takes. */
export interface StudyFlags extends ModelFlags {
  readonly out: string;
  readonly k: number;
  readonly face: "central" | "largest";
  readonly seed: number;
  readonly why: boolean;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** `arcface study DIR --out report/` */
export function studyCommand(program: Command, act: Act): void {
  const command = program
    .command("study")
    .description("map the faces of people you know, list who looks like whom, and ask why: a page to open")
    .argument("[dir]", "folder with a sub-folder for every person")
    .option("--csv <file>", "instead of a folder: a path and a person in every line")
    .option("--lookalikes <file.csv>", "pairs said to look alike: a person and a person in every line");
  addStudyFlags(command)
    .addHelpText(
      "after",
      "\nThe folder gets report.html, study.json, the figures as SVG and PNG, and faces.cache.jsonl, from which a second run goes on.\n\nExample:\n  arcface study people/ --out report/",
    )
    .action(act(study));
}

/** Adds the flags of {@link StudyFlags} to a command. */
export function addStudyFlags(command: Command): Command {
  command
    .requiredOption("--out <dir>", "folder for the report")
    .option("-k <n>", "neighbours of every face that are listed", whole, 3)
    .addOption(
      new Option("--face <which>", "whose face a photograph with several is about")
        .choices(["central", "largest"])
        .default("central"),
    )
    .option("--seed <n>", "of the layouts and the selection", whole, 1)
    .option("--no-why", "leave out the changes of light, region, quality and alignment")
    .option("--json", "print the main figures as JSON");
  return addJobsFlag(addModelFlags(command, { embeds: true }));
}

async function study(
  io: CliIo,
  dir: string | undefined,
  flags: StudyFlags & { readonly csv?: string; readonly lookalikes?: string },
): Promise<number> {
  if ((dir === undefined) === (flags.csv === undefined)) {
    throw new FaceError("USAGE", {
      where: "study",
      expected: "a folder or --csv",
      got: dir === undefined ? "neither" : "both",
    });
  }
  await expectWritableFolder(flags.out);
  const found = dir === undefined ? undefined : await peopleOf(io, dir, flags);
  const photographs = found ? labelledPhotographs(found) : await readPeopleCsv(flags.csv!);
  const lookAlikes = flags.lookalikes === undefined ? [] : await readLookAlikePairs(flags.lookalikes);
  const bar = progressBar(io, { lines: !flags.json });
  const options = await recognizerOptions(flags, openStore(io), io);
  const work = { signal: io.signal, onProgress: bar.update };
  const { study, report } = await studyAndReport(photographs, lookAlikes, flags, options, work);
  bar.stop();
  if (flags.json) io.out(`${JSON.stringify(summary(study, report))}\n`);
  else io.out(...describe(study, report));
  const told = tellRejected(io, flags, study.rejected);
  if (study.faces.length === 0) return EXIT.noMatch;
  return found && found.passedOver.unreadable.length > 0 ? EXIT.partial : told;
}

/** Tells of the photographs that could not be read. Returns the exit code, as {@link tellUnreadable}. */
export function tellRejected(io: CliIo, flags: StudyFlags, rejected: readonly RejectedPhotograph[]): number {
  const unreadable = rejected.filter(({ reason }) => reason === "unreadable");
  return tellUnreadable(
    io,
    flags,
    unreadable.map(({ path, detail }) => (detail.includes(path) ? detail : `${path}: ${detail}`)),
  );
}

/** Makes the study and writes its report, as the flags say. */
export async function studyAndReport(
  photographs: readonly LabelledPhotograph[],
  lookAlikes: readonly (readonly [string, string])[],
  flags: StudyFlags,
  options: RecognizerOptions,
  work: WorkOptions,
): Promise<{ study: Study; report: WrittenReport }> {
  const { runStudy, writeReport } = await import("../../study/index.ts");
  await makeFolder(flags.out);
  const study = await runStudy(photographs, {
    ...options,
    ...work,
    cacheFolder: flags.out,
    face: flags.face,
    workers: flags.jobs,
    k: flags.k,
    lookAlikes,
    seed: flags.seed,
    ...(flags.why ? {} : { whyPairs: 0 }),
  });
  return { study, report: await writeReport(study, flags.out, work) };
}

/** Throws FaceError STORAGE. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw new FaceError("STORAGE", { where: path, expected: "a place for a folder", cause });
  });
}

/** The main figures as an object; `study.json` has the rest. */
export function summary(study: Study, report: WrittenReport): object {
  return {
    page: report.page,
    json: report.json,
    model: study.model,
    photographs: study.photographs,
    rejected: study.rejected.length,
    faces: study.faces.length,
    people: study.scores.people.length,
    retrieval: study.retrieval.all,
    declared: study.declared.map(({ people, auc, atThreshold }) => ({
      people,
      auc,
      toldApart: atThreshold?.toldApart ?? null,
    })),
  };
}

/** The main figures for people. */
export function describe(study: Study, report: WrittenReport): string[] {
  const { retrieval, rejected, lookAlikes, declared, nearDuplicates } = study;
  const { queries, top1, top3, mAP } = retrieval.all;
  const percent = (share: number | null): string => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);
  const lines = [
    `${counted(study.faces.length, "face")} of ${counted(study.scores.people.length, "person", "people")} in ${counted(study.photographs, "photograph")}${rejected.length > 0 ? `; left out: ${reasons(rejected)}` : ""}${nearDuplicates.length > 0 ? `; ${counted(nearDuplicates.length, "near-duplicate")}` : ""}`,
    queries > 0
      ? `the same person comes first for ${percent(top1)} of ${counted(queries, "face")}, among three for ${percent(top3)}; mean average precision ${mAP!.toFixed(4)}`
      : "nobody has two faces, so nothing can be found again",
  ];
  const [most] = lookAlikes;
  if (most)
    lines.push(`most alike: ${most.people[0]} and ${most.people[1]}, cosine ${most.cosine.toFixed(4)}`);
  for (const pair of declared)
    lines.push(
      `${pair.people[0]} and ${pair.people[1]}: ${declaredVerdict(pair)}; AUC ${pair.auc === null ? "–" : pair.auc.toFixed(3)}`,
    );
  return [...lines, `open ${report.page}`];
}

/** The threshold's decision about two people, and whether each face is nearest to its own person all the same. */
function declaredVerdict({ atThreshold, between, confused }: DeclaredPair): string {
  const nearest =
    confused.length === 0
      ? "everyone is nearest to themselves"
      : `${counted(confused.length, "photograph is", "photographs are")} nearer to the other person`;
  if (!atThreshold) return `no threshold is known for this model; ${nearest}`;
  const { falseMatches, threshold, toldApart } = atThreshold;
  if (toldApart)
    return `told apart, as none of ${counted(between.length, "pair")} across reaches ${threshold.toFixed(3)}; ${nearest}`;
  return `taken for one person in ${falseMatches} of ${counted(between.length, "pair")} across, which reach ${threshold.toFixed(3)}, ${confused.length === 0 ? "yet" : "and"} ${nearest}`;
}

function reasons(rejected: readonly RejectedPhotograph[]): string {
  const named = { "no-face": "without a face", unreadable: "unreadable", identical: "identical to another" };
  return Object.entries(named)
    .map(([reason, text]) => [rejected.filter((one) => one.reason === reason).length, text] as const)
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`)
    .join(", ");
}
