import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { counted, FaceError } from "../../core/index.ts";
import type { IdentityOptions, IdentityPairs, IdentityReport, SourceRule } from "../../identity/index.ts";
import { DEFAULT_MODELS } from "../../models/index.ts";
import { listPhotographs } from "../../photographs/index.ts";
import { FACE_RULES, type FaceRule } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import {
  addContractFlags,
  addJobsFlag,
  addModelFlags,
  addVerdictFlags,
  contractOptions,
  type ModelFlags,
  openStore,
  recognizerOptions,
  type VerdictFlags,
  whole,
} from "../options.ts";
import { expectNoInput, expectWritableFile, expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { conventionsText, identityText } from "../told-identity.ts";
import { photographsOf, tellUnreadable } from "../told-inputs.ts";

interface IdentityFlags extends Omit<ModelFlags, "model">, VerdictFlags {
  readonly source?: string;
  readonly result?: string;
  readonly target?: string;
  readonly pairs?: string;
  readonly all?: boolean;
  readonly several: SourceRule;
  readonly model?: string[];
  readonly protocol: string;
  readonly protocols?: boolean;
  readonly trainedWith?: string[];
  readonly aligned?: boolean;
  readonly face?: FaceRule;
  readonly csv?: string;
  readonly report?: string;
  readonly conventions?: boolean;
  readonly video?: boolean;
  readonly fps?: number;
  readonly every?: number;
  readonly track: boolean;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** `arcface identity --source DIR --result DIR` */
export function identityCommand(program: Command, act: Act): void {
  const command = program
    .command("identity")
    .description("measure how much of a person is left in edited, swapped, restored or generated pictures")
    .option(
      "--source <path>",
      "pictures that say who it is: a picture, or a folder; its sub-folders are people",
    )
    .option(
      "--result <path>",
      "the pictures that were made: a picture, or a folder, named as their sources are",
    )
    .option("--target <path>", "the pictures whose faces were replaced, named as the results are")
    .option("--pairs <file.csv>", "instead of names: lines source,result or source,result,target,person")
    .option("--all", "every result with every person, the whole matrix")
    .addOption(
      new Option("--several <rule>", "how several sources of a person are one")
        .choices(["template", "mean", "best"])
        .default("template"),
    )
    .option("--protocol <name|file.json>", "the convention by which pictures reach the network", "default")
    .option("--protocols", "list the protocols there are, and what each does")
    .option(
      "--model <id|file...>",
      `the judge, or several: an id, or your own network file (default "${DEFAULT_MODELS.embedder}")`,
    )
    .option("--trained-with <name...>", "networks that were the training loss of what made the results")
    .option("--aligned", "the pictures are the protocol's crops already: nothing is looked for in them")
    .addOption(
      new Option(
        "--face <which>",
        "which face counts where a picture has several (default: largest)",
      ).choices(FACE_RULES),
    )
    .option("--conventions", "the same pictures and network under every protocol, side by side")
    .option(
      "--video",
      "--result is a video, or a folder of frames in the order of their names (told by .mp4, .gif, …)",
    )
    .option("--fps <n>", "of a video, so many frames a second instead of every one", above0)
    .option("--every <n>", "of a video, each n-th frame", whole)
    .option("--no-track", "search every frame anew instead of following the face")
    .option("--report <dir>", "write a page with figures and the lowest pairs with their pictures")
    .option("--csv <file>", "write every pair with pose, size and sharpness")
    .option("--json", "print JSON");
  addJobsFlag(addVerdictFlags(addModelFlags(command, { embeds: false })))
    .option("--flip", "embed each face and its mirror image and take the mean direction")
    .addHelpText(
      "after",
      "\nPictures without a face are counted as not the same person, never left out.\n\nExamples:\n  arcface identity --source sources/ --result swapped/ --target targets/\n  arcface identity --source me.jpg --result edits/ --model fr-feature-512 mobilefacenet-192\n  arcface identity --source me.jpg --result swapped.mp4 --fps 5 --report report/\n  arcface identity --protocols",
    );
  addContractFlags(command).action(act(identity));
}

async function identity(io: CliIo, flags: IdentityFlags): Promise<number> {
  const library = await import("../../identity/index.ts");
  if (flags.protocols) {
    const protocols = library.identityProtocols();
    if (flags.json) {
      const told = protocols.map((each) => ({ ...each, sha256: library.protocolDigest(each) }));
      io.out(`${JSON.stringify(told)}\n`);
    } else {
      for (const each of protocols) {
        const wanted = each.network ? `; for ${each.network.title}` : "";
        io.out(`${each.id.padEnd(17)} ${each.title}${wanted}`);
      }
    }
    return EXIT.ok;
  }
  expectSides(flags);
  if (flags.csv !== undefined) await expectWritableFile(flags.csv);
  if (flags.report !== undefined) await expectWritableFolder(flags.report);
  const bar = progressBar(io, { lines: !flags.json });
  const { result } = flags;
  const isVideo = flags.pairs === undefined && (flags.video || library.isVideo(result!));
  const { model: models, ...modelFlags } = flags;
  const options: IdentityOptions = {
    ...(await recognizerOptions(modelFlags, openStore(io), io)),
    judges: (models ?? [undefined]).flatMap((model) => {
      const choice = { flip: flags.flip, contract: contractOptions(modelFlags) };
      return flags.conventions
        ? library.conventionJudges({ ...choice, model: model ?? DEFAULT_MODELS.embedder })
        : [{ ...choice, model, protocol: flags.protocol }];
    }),
    sources: flags.several,
    trainedWith: flags.trainedWith,
    aligned: flags.aligned,
    face: flags.face,
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  };
  const { fps, every, track } = flags;
  const report = isVideo
    ? await library.measureVideo(await sourcesOfVideo(io, flags, result!), result!, {
        ...options,
        fps,
        every,
        track,
      })
    : await measurePairs(io, flags, options);
  if (flags.report !== undefined) await library.writeIdentityReport(report, flags.report, options);
  bar.stop();
  if (flags.csv !== undefined) await writeOut(flags.csv, library.identityCsv(report));
  if (flags.json) io.out(`${JSON.stringify(library.identityJson(report))}\n`);
  else {
    io.out(...identityText(report));
    if (flags.conventions) io.out(...conventionsText(library.conventionsTable(report)));
    if (flags.report !== undefined) io.out(`open ${join(flags.report, "index.html")}`);
  }
  const unreadable = report.failures.filter(({ reason }) => reason === "unreadable");
  const told = tellUnreadable(
    io,
    flags,
    unreadable.map(({ picture, detail }) => (detail.includes(picture) ? detail : `${picture}: ${detail}`)),
  );
  if (report.judged.every(({ summary }) => summary.scored === 0)) return EXIT.noMatch;
  return told;
}

/** The sources of a video; what is written takes the place of none of them, nor of a frame. */
async function sourcesOfVideo(io: CliIo, flags: IdentityFlags, video: string): Promise<readonly string[]> {
  const { paths } = await photographsOf(io, [flags.source!], flags);
  const frames = await listPhotographs([video]).catch(() => ({ paths: [] }));
  expectOwnOutputs(flags, [...paths, video, ...frames.paths]);
  return paths;
}

/** Expects that nothing that is written takes the place of a picture, or of the list of pairs. */
function expectOwnOutputs(
  { csv, report, pairs, protocol }: IdentityFlags,
  pictures: readonly string[],
): void {
  const inputs = [...pictures, ...(pairs === undefined ? [] : [pairs]), protocol];
  const pages = report === undefined ? [] : REPORT_FILES.map((name) => join(report, name));
  for (const output of [...(csv === undefined ? [] : [csv]), ...pages]) expectNoInput(output, inputs);
}

/** Files of a report whose names somebody's own files may have. */
const REPORT_FILES = ["index.html", "identity.json", "pairs.csv"];

/** Pairs by name or by a list, measured; what belongs to none is told. */
async function measurePairs(
  io: CliIo,
  flags: IdentityFlags,
  options: IdentityOptions,
): Promise<IdentityReport> {
  const library = await import("../../identity/index.ts");
  const { source, result, target, all } = flags;
  const pairs =
    flags.pairs === undefined
      ? await library.pairByName(source!, result!, { target, all })
      : await library.readIdentityPairs(flags.pairs);
  tellUnpaired(io, flags, pairs);
  expectOwnOutputs(flags, [
    ...pairs.people.flatMap(({ pictures }) => pictures),
    ...pairs.pairs.flatMap(({ result: path, target: replaced }) => [path, ...(replaced ? [replaced] : [])]),
  ]);
  return await library.measureIdentity(pairs, options);
}

function expectSides({ source, result, target, pairs, all }: IdentityFlags): void {
  const wrong = (expected: string, got: string): FaceError =>
    new FaceError("USAGE", { where: "identity", expected, got });
  if (pairs !== undefined) {
    if (source !== undefined || result !== undefined || target !== undefined || all)
      throw wrong(
        "--pairs alone, which names sources, results and targets",
        "--source, --result, --target or --all too",
      );
    return;
  }
  if (source === undefined || result === undefined)
    throw wrong(
      "--source and --result, or --pairs",
      source === undefined && result === undefined
        ? "none"
        : source === undefined
          ? "--result alone"
          : "--source alone",
    );
}

async function writeOut(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new FaceError("STORAGE", { where: path, expected: "a place that can be written", cause });
  });
}

function tellUnpaired(io: CliIo, flags: IdentityFlags, { unpaired }: IdentityPairs): void {
  const { sources, results } = unpaired;
  if (sources.length + results.length === 0) return;
  if (flags.json) {
    io.err(`${JSON.stringify({ unpaired })}\n`);
    return;
  }
  const named = (paths: readonly string[]): string => `${paths[0]}${paths.length > 1 ? ", …" : ""}`;
  if (results.length > 0)
    io.err(
      `arcface: ${counted(results.length, "result")} without a source of the same name: ${named(results)}`,
    );
  if (sources.length > 0)
    io.err(`arcface: ${counted(sources.length, "source")} without a result: ${named(sources)}`);
}

function above0(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
