import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import type { AcceptFigure, MeasuredPicture, PairList, VerificationReport } from "../evaluate/index.ts";
import type { Pipeline } from "../models/index.ts";
import { detCurve, groupRates, rocCurve, scoreHistogram } from "../plot/index.ts";
import { thumbnail } from "../recognise/index.ts";
import { type OperatingPoints, type RejectPoint, rocPoints } from "../statistics/index.ts";
import { html, type Markup, trusted } from "./report/html.ts";
import { pageHead } from "./report/page-head.ts";
import { count, figure, percent, scrollTable } from "./report/parts.ts";

/** An evaluation as it was measured, for its page. */
export interface EvaluationPageInput {
  readonly pipeline: Pipeline;
  readonly list: PairList;
  readonly measured: readonly MeasuredPicture[];
  readonly report: VerificationReport;
  /** All pairs of a folder, when they were counted; curves are drawn from them then. */
  readonly allPairs?: OperatingPoints | undefined;
  /** Lines that the command line prints, shown as they are. */
  readonly summary: readonly string[];
}

/** Pairs shown of each kind of error. */
const WORST = 24;
const THUMBNAIL_PX = 112;
/** Points of a curve: more than a screen shows. */
const CURVE_POINTS = 2000;

/**
 * Writes an evaluation as one page that needs nothing but itself, with curves and the worst errors with their pictures,
 * and its curves as SVG beside it.
 *
 * Returns   the page's path
 * Throws    FaceError STORAGE when the folder cannot be written, ABORTED
 */
export async function writeEvaluation(
  input: EvaluationPageInput,
  folder: string,
  options: WorkOptions = {},
): Promise<string> {
  const { report } = input;
  const points = input.allPairs ?? report.points;
  const curve = { label: input.pipeline.model.id, points: errorPoints(points) };
  const genuine = report.scores.filter((_, i) => input.list.same[i] === 1);
  const impostor = report.scores.filter((_, i) => input.list.same[i] === 0);
  const figures: Readonly<Record<string, string>> = {
    roc: rocCurve([curve], { title: "ROC" }),
    det: detCurve([curve], { title: "DET" }),
    scores: scoreHistogram({ genuine, impostor }, { threshold: report.threshold, title: "Scores of pairs" }),
    ...(report.groups.length > 0 && {
      groups: groupRates(report.groups, { title: `Groups at ${report.threshold.toFixed(3)}` }),
    }),
  };
  const worst = await worstErrors(input, options);
  const page = join(folder, "index.html");
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, svg] of Object.entries(figures))
      await writeFileAtomic(join(folder, `${name}.svg`), svg);
    await writeFileAtomic(page, evaluationPage(input, figures, worst));
  } catch (cause) {
    throw new FaceError("STORAGE", { where: folder, expected: "to write a report", cause });
  }
  return page;
}

/** A pair that was decided wrongly, with its two pictures as far as they can be shown. */
interface WrongPair {
  readonly score: number;
  readonly names: readonly [string, string];
  readonly pictures: readonly (string | undefined)[];
}

interface WrongPairs {
  readonly falseMatches: readonly WrongPair[];
  readonly falseNonMatches: readonly WrongPair[];
}

/** The impostor pairs that score highest and the genuine pairs that score lowest, wrong at the best threshold. */
async function worstErrors(
  { list, measured, report }: EvaluationPageInput,
  options: WorkOptions,
): Promise<WrongPairs> {
  const { scores, threshold } = report;
  const wrong = (same: number): number[] =>
    [...scores.keys()]
      .filter((i) => list.same[i] === same && scores[i]! >= threshold !== (same === 1))
      .sort((i, j) => (same === 1 ? scores[i]! - scores[j]! : scores[j]! - scores[i]!))
      .slice(0, WORST);
  const show = async (pairs: readonly number[]): Promise<WrongPair[]> => {
    const shown: WrongPair[] = [];
    for (const pair of pairs) {
      throwIfAborted(options.signal);
      const both = [list.a[pair]!, list.b[pair]!];
      const pictures = [];
      for (const picture of both) pictures.push(await picturedAs(list, measured, picture));
      const names = both.map((picture) => list.pictures[picture]!.name) as [string, string];
      shown.push({ score: scores[pair]!, names, pictures });
    }
    return shown;
  };
  return { falseMatches: await show(wrong(0)), falseNonMatches: await show(wrong(1)) };
}

/** A picture's thumbnail as a data address; undefined for one that cannot be shown, a template for example. */
async function picturedAs(
  list: PairList,
  measured: readonly MeasuredPicture[],
  picture: number,
): Promise<string | undefined> {
  const { face } = measured[picture]!;
  try {
    const box = face.kind === "face" ? face.box : undefined;
    const jpeg = await thumbnail(list.pictures[picture]!.source, box, THUMBNAIL_PX);
    return `data:image/jpeg;base64,${Buffer.from(jpeg).toString("base64")}`;
  } catch (error) {
    if (error instanceof FaceError) return undefined;
    throw error;
  }
}

function errorPoints(points: OperatingPoints): { falseMatchRate: number; falseNonMatchRate: number }[] {
  return rocPoints(points, { maxPoints: CURVE_POINTS }).map(({ fmr, tmr }) => ({
    falseMatchRate: fmr,
    falseNonMatchRate: 1 - tmr,
  }));
}

/** The page itself. Every name is escaped, and the page forbids itself every script and every address but its own. */
function evaluationPage(
  { pipeline, report, summary }: EvaluationPageInput,
  figures: Readonly<Record<string, string>>,
  { falseMatches, falseNonMatches }: WrongPairs,
): string {
  const { accuracy, failures, eer, auc } = report;
  const title = `Evaluation of ${pipeline.model.id}`;
  const strict = report.tarAtFar.find((rate) => rate.kind === "measured" && rate.farTarget === 1e-3);
  return html`${pageHead(title)}
<body>
<header class="top"><div>
<h1>${title}</h1>
<p>${report.protocol}. Detector ${pipeline.detector?.id ?? "none"}, ${pipeline.flip ? "with" : "without"} flip.</p>
<ul class="cards"><li><b>${percent(accuracy.mean, 2)}</b>accuracy ± ${percent(accuracy.std, 2)}</li><li><b>${percent(eer.rate, 2)}</b>equal error rate</li><li><b>${figure(auc.value, 5)}</b>AUC</li>${
    strict?.kind === "measured" && html`<li><b>${percent(strict.tar, 2)}</b>TAR at FAR 10⁻³</li>`
  }<li><b>${failures.pictures}</b>of ${count(report.pictures, "picture")} without a vector</li></ul>
</div></header>
<main>
<section id="figures"><h2>Curves</h2>
<div class="row">${Object.values(figures).map((svg) => html`<div class="figure">${trusted(svg)}</div>`)}</div>
</section>
<section id="rates"><h2>True accept rate at a false accept rate</h2>
<p>The largest rate whose false accepts stay within the target. The first interval is that of the rate at the target, whose threshold is uncertain too: it begins at 0 where there are too few impostors to bound the threshold. Intervals are by person: pairs that share a person are not independent.</p>
${ratesTable(report)}
</section>
${
  report.groups.length > 0 &&
  html`<section id="groups"><h2>Groups</h2><p>Error rates at ${figure(report.threshold)} for each group of people.</p>${groupsTable(report)}</section>`
}
${rejectSection(report.reject)}
<section id="errors"><h2>Worst errors</h2>
<p>Wrong at ${figure(report.threshold, 4)}, the threshold that decides most pairs rightly.</p>
<h3>${count(report.falseMatches, "false match", "false matches")}: different people, the highest scores first</h3>${pairsList(falseMatches)}
<h3>${count(report.falseNonMatches, "false non-match", "false non-matches")}: one person, the lowest scores first</h3>${pairsList(falseNonMatches)}
</section>
<section id="failures"><h2>Failures</h2>
<p>${count(failures.pictures, "picture")} without a vector. Their pairs score lowest: ${count(failures.genuinePairs, "genuine pair")} count as missed, ${count(failures.impostorPairs, "impostor pair")} as rightly rejected. None is left out.</p>
${failures.list.length > 0 && html`<ul>${failures.list.slice(0, 500).map(({ picture, reason }) => html`<li>${picture}: ${reason}</li>`)}</ul>`}
</section>
<section id="all"><h2>All figures</h2>${summary.map((line) => html`${line}<br>`)}</section>
</main>
<footer>Network file sha256 ${pipeline.model.sha256}. Data sha256 ${report.sha256}. These figures hold for these pictures and this model.</footer>
</body>
</html>
`.text;
}

function ratesTable({ tarAtFar }: VerificationReport): Markup {
  const within = ([low, high]: readonly [number, number]): string =>
    `${percent(low, 2)} to ${percent(high, 2)}`;
  const row = (rate: AcceptFigure): Markup =>
    rate.kind === "measured"
      ? html`<tr><td>${String(rate.farTarget)}</td><td class="number">${percent(rate.tar, 2)}</td><td class="number">${within(rate.interval)}</td><td class="number">${figure(rate.threshold, 4)}</td><td class="number">${within(rate.tarInterval)}</td><td class="number">${rate.falseAccepts}</td><td class="number">${percent(rate.farInterval[0], 3)} to ${percent(rate.farInterval[1], 3)}</td></tr>`
      : html`<tr><td>${String(rate.farTarget)}</td><td colspan="6">not enough impostors: ${rate.impostorPairs.toLocaleString("en")} of ${rate.needed.toLocaleString("en")}</td></tr>`;
  return scrollTable(
    "True accept rates",
    html`<table><thead><tr><th>FAR</th><th class="number">TAR</th><th class="number">95 %</th><th class="number">threshold</th><th class="number">TAR there, 95 %</th><th class="number">false accepts</th><th class="number">FAR there, 95 %</th></tr></thead><tbody>${tarAtFar.map(row)}</tbody></table>`,
  );
}

function groupsTable({ groups }: VerificationReport): Markup {
  const rate = ({ rate, low, high }: { rate: number; low: number; high: number }, pairs: number): string =>
    pairs === 0
      ? "no pairs"
      : `${percent(rate, 2)} (${percent(low, 2)} to ${percent(high, 2)}) of ${pairs.toLocaleString("en")}`;
  return scrollTable(
    "Error rates by group",
    html`<table><thead><tr><th>group</th><th class="number">false match rate</th><th class="number">false non-match rate</th></tr></thead><tbody>${groups.map(
      ({ group, fmr, fnmr, impostorPairs, genuinePairs }) =>
        html`<tr><td>${group}</td><td class="number">${rate(fmr, impostorPairs)}</td><td class="number">${rate(fnmr, genuinePairs)}</td></tr>`,
    )}</tbody></table>`,
  );
}

function rejectSection({ detectionScore, featureNorm }: VerificationReport["reject"]): Markup | false {
  const table = (name: string, curve: readonly RejectPoint[]): Markup | false =>
    curve.length > 0 &&
    html`<h3>by ${name}</h3>${scrollTable(
      `Errors left after rejecting by ${name}`,
      html`<table><thead><tr><th class="number">set aside</th><th class="number">${name} from</th><th class="number">false non-match rate of the rest</th></tr></thead><tbody>${curve.map(
        ({ rejected, minQuality, fnmr }) =>
          html`<tr><td class="number">${percent(rejected)}</td><td class="number">${figure(minQuality)}</td><td class="number">${percent(fnmr.rate, 2)} (${percent(fnmr.low, 2)} to ${percent(fnmr.high, 2)})</td></tr>`,
      )}</tbody></table>`,
    )}`;
  if (detectionScore.length + featureNorm.length === 0) return false;
  return html`<section id="reject"><h2>Error versus reject</h2><p>Genuine pairs are set aside, those with the poorest picture first. A rate that does not fall says that the quality has nothing to do with recognition.</p>${table("detection score", detectionScore)}${table("feature norm", featureNorm)}</section>`;
}

function pairsList(pairs: readonly WrongPair[]): Markup {
  if (pairs.length === 0) return html`<p>None.</p>`;
  return html`<ul class="pairs">${pairs.map(
    ({ score, names, pictures }) =>
      html`<li>${pictures.map((address, i) => (address === undefined ? html`<span class="face"></span>` : html`<img src="${address}" width="${THUMBNAIL_PX / 2}" height="${THUMBNAIL_PX / 2}" alt="${names[i]}">`))}<span><b>${figure(score, 4)}</b><br>${names[0]}<br>${names[1]}</span></li>`,
  )}</ul>`;
}
