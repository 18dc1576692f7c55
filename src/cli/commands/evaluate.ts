import { type Command, Option } from "commander";
import { counted, seeded } from "../../core/index.ts";
import {
  type AcceptFigure,
  type AllPairsReport,
  type IdentificationReport,
  type LabelledPeople,
  measureAllPairs,
  measureGroups,
  measureIdentification,
  measureVerification,
  type PairList,
  pairsOfPeople,
  readGroups,
  type VerificationReport,
} from "../../evaluate/index.ts";
import type { Pipeline } from "../../models/index.ts";
import { type TrueAcceptRate, thresholdUnits } from "../../statistics/index.ts";
import type { Act } from "../act.ts";
import { differentialTexts, groupRateText } from "../group-text.ts";
import type { CliIo } from "../io.ts";
import { openStore, whole } from "../options.ts";
import { expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import {
  addProtocolFlags,
  embedProtocol,
  type Protocol,
  type ProtocolFlags,
  pictureOptions,
  READERS,
} from "../protocol-options.ts";
import { peopleOf } from "../told-inputs.ts";

interface EvaluateFlags extends ProtocolFlags {
  readonly groups?: string;
  readonly report?: string;
}
interface LfwFlags extends EvaluateFlags {
  readonly images: string;
  readonly pairs: string;
}
interface TemplateFlags extends EvaluateFlags {
  readonly pairs?: string;
  readonly draw: number;
  readonly norm: boolean;
  readonly detectorScore: boolean;
}
interface FolderFlags extends EvaluateFlags {
  readonly pairs: number;
  readonly all?: boolean;
}

/** Everything one run found. */
interface Outcome {
  readonly pipeline: Pipeline;
  readonly report: VerificationReport;
  readonly identification?: IdentificationReport;
  readonly allPairs?: AllPairsReport;
  readonly computed: number;
  readonly seconds: { readonly embed: number; readonly metrics: number };
}

/** Pairs of each kind that are drawn from a folder. */
const DRAWN = 10_000;
/** Folders with at most so many pairs are counted whole unasked, which takes some seconds. */
const COUNTED_UNASKED = 50_000_000;

/** All pairs of a folder are looked at by group where there are at most so many: they are held. */
const MAX_GROUPED = 5_000_000;

/** `arcface evaluate PROTOCOL` */
export function evaluateCommand(program: Command, act: Act): void {
  const evaluate = program
    .command("evaluate")
    .description("measure how well a model tells people apart, by the field's protocols, with intervals")
    .addHelpText(
      "after",
      "\nPictures without a face are counted as the protocol says: their pairs count as different people.\n\nExample:\n  arcface evaluate lfw --images lfw/ --pairs pairs.txt --flip",
    );
  const add = (name: string, description: string): Command =>
    addProtocolFlags(evaluate.command(name).description(description))
      .option(
        "--groups <csv|dir>",
        "lines picture,group or person,group, or a folder for each group with people's folders in it: error rates by group",
      )
      .option("--report <dir>", "write a page with curves and the worst errors with their pictures");
  add("lfw", "measure on LFW's official pairs, in their ten folds")
    .requiredOption("--images <dir>", "LFW's folder, with NAME/NAME_0001.jpg in it")
    .requiredOption("--pairs <file>", "LFW's pairs.txt")
    .addHelpText("after", "\nExample:\n  arcface evaluate lfw --images lfw/ --pairs pairs.txt --json")
    .action(
      act(async (io, flags: LfwFlags) => await run(io, flags, await READERS.lfw(flags.images, flags.pairs))),
    );
  add(
    "bin",
    "measure on a .bin file of InsightFace (LFW, CFP-FP, AgeDB-30, CALFW, CPLFW); nothing in it is executed",
  )
    .argument("<file>", "lfw.bin, cfp_fp.bin, …")
    .addHelpText("after", "\nExample:\n  arcface evaluate bin agedb_30.bin --model model.onnx")
    .action(act(async (io, file: string, flags: EvaluateFlags) => await run(io, flags, READERS.bin(file))));
  add("pairs", "measure on the pairs of a CSV file: path, path, same")
    .argument("<file>", "paths are relative to the file's folder; same is 1 or 0")
    .addHelpText("after", "\nExample:\n  arcface evaluate pairs mine.csv")
    .action(
      act(
        async (io, file: string, flags: EvaluateFlags) =>
          await run(io, flags, await READERS.pairs(file, flags.seed)),
      ),
    );
  add(
    "folder",
    "measure on a folder with a folder for every person: pairs, and searches in a gallery (closed and open set)",
  )
    .argument("<dir>", "holds a folder for every person")
    .option("--pairs <n>", "pairs of each kind to draw", whole, DRAWN)
    .addOption(new Option("--all", "count every pair too, however many there are"))
    .addHelpText("after", "\nExample:\n  arcface evaluate folder people/ --all")
    .action(
      act(async (io, dir: string, flags: FolderFlags) => {
        return await run(
          io,
          flags,
          await READERS.folder(await peopleOf(io, dir, flags), flags.pairs, true, flags.seed),
          flags.all,
        );
      }),
    );
  add("templates", "measure on templates of several pictures, as IJB-B and IJB-C do, from CSV lists")
    .argument("<file>", "lines template,subject,media,path")
    .option("--pairs <file>", "lines template,template (default: draws some)")
    .option("--draw <n>", "pairs of each kind to draw without --pairs", whole, DRAWN)
    .option("--no-norm", "bring vectors to length 1 before they are pooled")
    .option("--no-detector-score", "do not weigh faces by the detector's score")
    .addHelpText("after", "\nExample:\n  arcface evaluate templates templates.csv --pairs pairs.csv --flip")
    .action(
      act(async (io, file: string, flags: TemplateFlags) => {
        const { pairs, draw, seed, norm, detectorScore } = flags;
        return await run(
          io,
          flags,
          await READERS.templates(file, pairs, draw, seed, { norm, detectorScore }),
        );
      }),
    );
}

async function run(io: CliIo, flags: EvaluateFlags, protocol: Protocol, all = false): Promise<number> {
  const { list, people } = protocol;
  if (flags.report !== undefined) await expectWritableFolder(flags.report);
  const bar = progressBar(io);
  const store = openStore(io);
  const groups = flags.groups === undefined ? undefined : await readGroups(flags.groups, list.pictures);
  const started = performance.now();
  const { pipeline, measured, computed, exitCode } = await embedProtocol(
    io,
    flags,
    protocol,
    await pictureOptions(io, flags, protocol, store, bar),
  );
  const embedded = performance.now();
  const count = (list.pictures.length * (list.pictures.length - 1)) / 2;
  const work = { signal: io.signal, onProgress: bar.update };
  const drawn = measureVerification(list, measured, { groups });
  // Of the pairs that were drawn few are of one group.
  const report =
    people && groups && drawn.pairs < count && count <= MAX_GROUPED
      ? {
          ...drawn,
          ...measureGroups(allPairsOf(people, flags.seed), measured, groups, drawn.threshold, work),
        }
      : drawn;
  const outcome: Outcome = {
    pipeline,
    report,
    ...(people && { identification: measureIdentification(people, measured, seeded(flags.seed), work) }),
    ...(people &&
      report.pairs < count &&
      (all || count <= COUNTED_UNASKED) && { allPairs: measureAllPairs(people, measured, work) }),
    computed,
    seconds: { embed: (embedded - started) / 1000, metrics: (performance.now() - embedded) / 1000 },
  };
  const lines = describe(outcome);
  const page =
    flags.report === undefined
      ? undefined
      : await (await import("../../study/index.ts")).writeEvaluation(
          { pipeline, list, measured, report, allPairs: outcome.allPairs?.points, summary: lines },
          flags.report,
          work,
        );
  bar.stop();
  if (flags.json) io.out(`${JSON.stringify({ ...asJson(outcome), ...(page !== undefined && { page }) })}\n`);
  else io.out(...lines);
  if (page !== undefined && !flags.json) io.out(`${page}: written\n`);
  return exitCode;
}

function allPairsOf(people: LabelledPeople, seed: number): PairList {
  const all = { genuine: Number.POSITIVE_INFINITY, impostor: Number.POSITIVE_INFINITY };
  return pairsOfPeople(people, "all pairs", all, seeded(seed));
}

/** `1e-3`, as the field writes a rate. */
function rateName(far: number): string {
  return far.toExponential().replace("e-0", "e-");
}

function asJson({ pipeline, report, identification, allPairs, computed, seconds }: Outcome): object {
  const { points: _, scores: __, accuracy, exactAccuracy, tarAtFar, threshold, ...rest } = report;
  const { right: ___, ...grid } = accuracy;
  const rates = allPairs?.tarAtFar ?? tarAtFar;
  return {
    model: pipeline.model.id,
    detector: pipeline.detector?.id ?? "none",
    flip: pipeline.flip,
    ...rest,
    accuracy: grid,
    accuracyExact: { mean: exactAccuracy.mean, std: exactAccuracy.std },
    tarAtFar: Object.fromEntries(
      rates.map((rate) => [
        rateName(rate.farTarget),
        rate.kind === "measured" ? rate.tar : "not enough impostors",
      ]),
    ),
    operatingPoints: tarAtFar.map(finite),
    threshold,
    thresholdUnits: thresholdUnits(threshold),
    ...(identification && { identification }),
    ...(allPairs && {
      allPairs: { ...allPairs, points: undefined, tarAtFar: allPairs.tarAtFar.map(finite) },
    }),
    computed,
    seconds,
  };
}

function describeAccept(rate: AcceptFigure & { readonly kind: "measured" }): string {
  const percent = (share: number, digits = 2): string => (100 * share).toFixed(digits);
  const within = ([low, high]: readonly [number, number], digits = 2): string =>
    `[${percent(low, digits)}, ${percent(high, digits)}]`;
  const bounded = rate.interval[0] > 0;
  const interval = bounded
    ? within(rate.interval)
    : `[?, ${percent(rate.interval[1])}], of too few impostors for a lower end`;
  return `TAR@FAR ${rateName(rate.farTarget)}  ${percent(rate.tar)} % ${interval}; at threshold ${rate.threshold.toFixed(4)} TAR ${within(rate.tarInterval)}, FAR ${within(rate.farInterval, 4)} % with ${rate.falseAccepts.toLocaleString("en")} false accepts`;
}

/** JSON has no infinity: a threshold that accepts nothing is null. */
function finite<T extends TrueAcceptRate>(rate: T): object {
  return rate.kind === "measured" && rate.threshold === Number.POSITIVE_INFINITY
    ? { ...rate, threshold: null }
    : rate;
}

function describe({ pipeline, report, identification, allPairs, computed, seconds }: Outcome): string[] {
  const { model, detector, flip } = pipeline;
  const { accuracy, exactAccuracy, failures, threshold, auc, eer, tarAtFar } = report;
  const percent = (share: number, digits = 2): string => (100 * share).toFixed(digits);
  const within = ([low, high]: readonly [number, number], digits = 2): string =>
    `[${percent(low, digits)}, ${percent(high, digits)}]`;
  const number = (value: number): string => value.toLocaleString("en");
  const units = thresholdUnits(threshold);
  const lines = [
    `${report.protocol}`,
    `model       ${model.id}, detector ${detector?.id ?? "none"}, ${flip ? "with" : "without"} flip`,
    `pictures    ${number(report.pictures)} of ${number(report.people)} people; ${failures.noFace} without a face, ${failures.unreadable} unreadable: ${failures.genuinePairs} genuine and ${failures.impostorPairs} impostor pairs count as different`,
    `pairs       ${number(report.genuinePairs)} genuine, ${number(report.impostorPairs)} impostor`,
    `accuracy    ${percent(accuracy.mean)} ± ${percent(accuracy.std)} % over ${accuracy.folds.length} folds, ${within(accuracy.interval)}; with exact thresholds ${percent(exactAccuracy.mean)} ± ${percent(exactAccuracy.std)} %`,
    `threshold   ${threshold.toFixed(4)} decides most pairs rightly: ${report.falseMatches} false matches (FMR ${within([report.fmr.low, report.fmr.high], 3)} %), ${report.falseNonMatches} false non-matches (FNMR ${within([report.fnmr.low, report.fnmr.high])} %) (squared distance ${units.squaredDistance.toFixed(3)}, angle ${units.angleDeg.toFixed(1)}°)`,
    `AUC         ${auc.value.toFixed(5)} [${auc.interval.map((x) => x.toFixed(5)).join(", ")}]; d′ ${report.dPrime.toFixed(2)}`,
    `EER         ${percent(eer.rate, 3)} % ${within(eer.interval, 3)}`,
    ...tarAtFar.map((rate) =>
      rate.kind === "measured"
        ? describeAccept(rate)
        : `TAR@FAR ${rateName(rate.farTarget)}  not enough impostors (${number(rate.impostorPairs)} of ${number(rate.needed)})`,
    ),
  ];
  for (const { group, people, fmr, fnmr, genuinePairs, impostorPairs } of report.groups) {
    const [matches, misses] = [
      groupRateText("FMR", fmr, impostorPairs),
      groupRateText("FNMR", fnmr, genuinePairs),
    ];
    lines.push(`group       ${group}, ${counted(people, "person", "people")}: ${matches}, ${misses}`);
  }
  if (report.differentials) lines.push(...differentialTexts(report.differentials, report.groups));
  for (const [name, curve] of Object.entries({
    "detection score": report.reject.detectionScore,
    "feature norm": report.reject.featureNorm,
  })) {
    const [first, ...more] = curve;
    const tenth = more.find(({ rejected }) => rejected >= 0.1);
    if (first && tenth) {
      lines.push(
        `rejecting   the ${percent(tenth.rejected, 0)} % of genuine pairs with the lowest ${name}: FNMR ${percent(first.fnmr.rate)} → ${percent(tenth.fnmr.rate)} %`,
      );
    }
  }
  if (identification) lines.push(...describeIdentification(identification, percent));
  if (allPairs) {
    lines.push(
      `all pairs   ${number(allPairs.genuinePairs)} genuine, ${number(allPairs.impostorPairs)} impostor: AUC ${allPairs.auc.toFixed(5)}, EER ${percent(allPairs.eer.rate, 3)} % ${within(allPairs.eer.interval, 3)}; scores to ${allPairs.resolution}`,
      ...allPairs.tarAtFar.map((rate) =>
        rate.kind === "measured"
          ? describeAccept(rate)
          : `TAR@FAR ${rateName(rate.farTarget)}  not enough impostors (${number(rate.impostorPairs)} of ${number(rate.needed)})`,
      ),
    );
  }
  lines.push(
    `intervals   ${100 * report.intervals.confidence} %, ${report.intervals.method}`,
    `time        ${seconds.embed.toFixed(1)} s for ${number(computed)} new pictures, ${seconds.metrics.toFixed(1)} s for the figures`,
  );
  return lines;
}

function describeIdentification(report: IdentificationReport, percent: (share: number) => string): string[] {
  const { gallery, probes, strangers, notEnrolled, ranks, dirAtFar } = report;
  return [
    `gallery     ${gallery} people with one picture each (${notEnrolled} could not be enrolled), ${probes} probes of them, ${strangers} of strangers`,
    ...ranks.map(
      ({ k, accuracy }) =>
        `rank ${String(k).padEnd(6)} ${percent(accuracy.rate)} % [${percent(accuracy.low)}, ${percent(accuracy.high)}]`,
    ),
    ...dirAtFar.map((rate) =>
      rate.kind === "measured"
        ? `DIR@FAR ${rateName(rate.farTarget)}  ${percent(rate.dir.rate)} % [${percent(rate.dir.low)}, ${percent(rate.dir.high)}]`
        : `DIR@FAR ${rateName(rate.farTarget)}  not enough impostors (${rate.probesWithoutMate} of ${rate.needed})`,
    ),
  ];
}
