import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { counted, FaceError } from "../../core/index.ts";
import type {
  ConventionRow,
  IdentityFailure,
  IdentityOptions,
  IdentityPairs,
  IdentityReport,
  IdentitySummary,
  JudgedPairs,
  SourceRule,
  VideoReport,
} from "../../identity/index.ts";
import { DEFAULT_MODELS } from "../../models/index.ts";
import { FACE_RULES, type FaceRule } from "../../recognise/index.ts";
import type { RateInterval } from "../../statistics/index.ts";
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
import { expectWritableFile, expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
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
  const { source, result } = flags;
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
    ? await library.measureVideo((await photographsOf(io, [source!], flags)).paths, result!, {
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
    io.out(...describe(report));
    if (flags.conventions) io.out(...describeConventions(library.conventionsTable(report)));
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

/** Pairs with the lowest scores that are told. */
const WORST = 5;

function describe(report: IdentityReport | VideoReport): string[] {
  const { pairs, judged, failures, agreement, warnings } = report;
  // Under every protocol the table says it in fewer lines.
  const [several, told] = protocolsOf(report) > 1 ? [true, []] : [false, judged];
  const results = new Set(pairs.pairs.map(({ result }) => result)).size;
  const many = pairs.people.some(({ pictures }) => pictures.length > 1);
  const [{ judge }] = judged as [JudgedPairs];
  return [
    `pairs       ${counted(results, "result")} of ${counted(pairs.people.length, "person", "people")}, ${pairs.rule}${many ? `; several sources of a person: ${report.sources}` : ""}`,
    several
      ? `protocols   ${judged.length} judges`
      : `protocol    ${judge.protocol.id}, revision ${judge.protocol.revision}, sha256 ${judge.protocol.sha256.slice(0, 12)}${report.aligned ? "; pictures were arranged already" : ""}`,
    ...told.flatMap((each) => describeJudge(each, report)),
    ...("video" in report ? describeVideo(report) : []),
    ...(several ? [] : agreement).map(
      ({ judges: [a, b], rankCorrelation, pairs: both }) =>
        `agreement   ${judged[a]!.judge.model} and ${judged[b]!.judge.model} order ${counted(both, "pair")} alike: rank correlation ${numberText(rankCorrelation)}`,
    ),
    ...describeFailures(failures),
    ...(several ? [] : warnings).map((warning) => `warning     ${warning}`),
  ];
}

function protocolsOf({ judged }: IdentityReport): number {
  return new Set(judged.map(({ judge }) => judge.protocol.id)).size;
}

/** Each protocol in a line; the network is the same in all, fed by its own contract where a protocol is about another. */
function describeConventions(rows: readonly ConventionRow[]): string[] {
  const column = (text: string, width: number): string => text.padStart(width);
  return [
    `${"convention".padEnd(18)}${column("mean", 8)}${column("median", 8)}${column("shift", 8)}${column("furthest", 10)}${column("rank corr.", 12)}`,
    ...rows.map(
      ({ protocol, mean, median, shift, furthest, rankCorrelation }) =>
        `${protocol.padEnd(18)}${column(numberText(mean), 8)}${column(numberText(median), 8)}${column(numberText(shift?.mean ?? null), 8)}${column(numberText(furthest), 10)}${column(numberText(rankCorrelation), 12)}`,
    ),
  ];
}

function describeVideo({ video, judged }: VideoReport): string[] {
  return [
    `video       ${counted(video.frames, "frame")}${video.tracked ? ", the face followed from frame to frame" : ""}`,
    ...video.judges.map(({ belowThreshold, flicker, worst }, i) => {
      const below =
        belowThreshold === null
          ? ""
          : `${(100 * belowThreshold).toFixed(1)} % of frames below the threshold; `;
      const steady = flicker
        ? `frame to frame ${numberText(flicker.mean)}, 5 % at or below ${numberText(flicker.p5)}, lowest ${numberText(flicker.min)}`
        : "no two frames with a face in a row";
      const lowest = worst.slice(0, WORST).map(({ frame, cosine }) => `${frame} (${numberText(cosine)})`);
      return `flicker     ${judged[i]!.judge.model}: ${below}${steady}; worst frames ${lowest.join(", ")}`;
    }),
  ];
}

function describeJudge({ judge, pairs, summary }: JudgedPairs, report: IdentityReport): string[] {
  const { cosine, retrieval, leak, others, explained } = summary;
  const lines = [`judge       ${judge.model}${judge.spec.flip ? ", with flip" : ""}`];
  if (!cosine) return [...lines, "cosine      none: no pair has a face on both sides"];
  const { quantiles } = cosine;
  lines.push(
    `cosine      mean ${numberText(cosine.mean)} ${within(cosine.interval)} of ${counted(summary.scored, "pair")}; median ${numberText(quantiles.median)}, 5 % at or below ${numberText(quantiles.p5)}, from ${numberText(quantiles.min)} to ${numberText(quantiles.max)}`,
    sameText(summary),
  );
  if (retrieval)
    lines.push(
      `retrieval   ${rateText(retrieval.top1)} first, ${rateText(retrieval.top5)} among five, of ${counted(retrieval.people, "person", "people")}`,
    );
  if (leak)
    lines.push(
      `leak        cosine to the target ${numberText(leak.target.mean)} ${within(leak.target.interval)}, to the source higher by ${numberText(leak.margin.mean)} ${within(leak.margin.interval)}; nearer to the target: ${rateText(leak.nearerTarget)} of ${counted(leak.pairs, "pair")}`,
    );
  if (others)
    lines.push(
      `others      ${counted(others.pairs, "pair")} of two people: mean ${numberText(others.mean)}, highest ${numberText(others.max)}${others.above ? `; ${rateText(others.above)} reach the threshold` : ""}`,
    );
  const told = Object.entries({
    yaw: explained.yaw,
    pitch: explained.pitch,
    "eye distance": explained.interEyePx,
    sharpness: explained.sharpness,
  }).filter(([, value]) => value !== null);
  if (told.length > 0 && summary.scored >= ENOUGH_FOR_RANKS)
    lines.push(
      `drops       rank correlation of the cosine with ${told.map(([name, value]) => `${name} ${numberText(value, 2)}`).join(", ")}`,
    );
  return [...lines, ...worstPairs(pairs, report)];
}

/** Of fewer pairs a rank correlation says nothing. */
const ENOUGH_FOR_RANKS = 8;

function sameText({ same, pairs, failed, uncalibrated }: IdentitySummary): string {
  if (!same)
    return `same person uncalibrated (${uncalibrated ?? "no threshold is known"}): a cosine alone is neither yes nor no; --threshold sets a line`;
  const counts = failed > 0 ? `, ${failed} of them without a face` : "";
  const meaning = same.fmr
    ? `where ${rateText(same.fmr)} of pairs of two people do (FMR)`
    : `a threshold of your own${uncalibrated === undefined ? "" : `, uncalibrated: ${uncalibrated}`}`;
  return `same person ${rateText(same.share)} of ${counted(pairs, "pair")}${counts} reach ${numberText(same.threshold)}, ${meaning}`;
}

function worstPairs(pairs: JudgedPairs["pairs"], { faces }: IdentityReport): string[] {
  return pairs
    .filter(({ cosine, own }) => cosine !== null && own !== false)
    .sort((a, b) => a.cosine! - b.cosine!)
    .slice(0, Math.min(WORST, Math.floor(pairs.length / 2)))
    .map(({ cosine, result }) => {
      const face = faces.get(result);
      const facts = face
        ? `: yaw ${degrees(face.quality.pose?.yaw)}, pitch ${degrees(face.quality.pose?.pitch)}, eyes ${Math.round(face.quality.interEyePx)} px apart, sharpness ${Math.round(face.quality.sharpness)}`
        : "";
      return `lowest      ${numberText(cosine)}  ${result}${facts}`;
    });
}

function describeFailures(failures: readonly IdentityFailure[]): string[] {
  if (failures.length === 0) return ["failures    none: a face was found in every picture"];
  return failures
    .slice(0, 2 * WORST)
    .map(
      ({ picture, role, reason, pairs }) =>
        `failure     ${role} ${picture}: ${reason === "no-face" ? "no face found" : "unreadable"}, in ${counted(pairs, "pair")}`,
    )
    .concat(failures.length > 2 * WORST ? [`failure     and ${failures.length - 2 * WORST} more`] : []);
}

function numberText(value: number | null, digits = 3): string {
  return value === null ? "–" : value.toFixed(digits).replace("-", "−");
}

function degrees(value: number | undefined): string {
  return value === undefined ? "unknown" : `${Math.round(value)}°`.replace("-", "−");
}

function within(interval: readonly [number, number] | null): string {
  return interval
    ? `[${interval.map((end) => numberText(end)).join(", ")}]`
    : "(too few people for an interval)";
}

function rateText({ rate, low, high }: RateInterval): string {
  const percent = (share: number): string => {
    const value = 100 * share;
    return value > 0 && value < 1 ? value.toPrecision(2) : value.toFixed(1);
  };
  return `${percent(rate)} % [${percent(low)}, ${percent(high)}]`;
}

function above0(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
