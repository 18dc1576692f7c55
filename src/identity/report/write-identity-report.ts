import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaceError, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import type { RgbImage } from "../../image/index.ts";
import { scoreHistogram, trainingCurves } from "../../plot/index.ts";
import { thumbnail } from "../../recognise/index.ts";
import type { RateInterval } from "../../statistics/index.ts";
import {
  count,
  figure,
  html,
  type Markup,
  pageHead,
  percent,
  scrollTable,
  trusted,
} from "../../study/report/index.ts";
import { conventionsTable } from "../conventions.ts";
import { identityCsv, identityJson } from "../identity-json.ts";
import type { IdentityReport } from "../measure-identity.ts";
import type { IdentityPair, JudgedPairs } from "../score-judge.ts";
import type { VideoReport } from "../video/measure-video.ts";
import { readFrames } from "../video/read-frames.ts";

/** Pairs shown with their pictures. */
const SHOWN = 24;
const THUMBNAIL_PX = 112;
/** Failures listed by name. */
const LISTED = 200;

/**
 * Writes a report as one page that needs nothing but itself: figures of every judge, the lowest pairs with their pictures,
 * failures, the protocols; `identity.json`, `pairs.csv` and the figures as SVG beside it.
 *
 * Returns   the page's path
 * Throws    FaceError STORAGE when the folder cannot be written, ABORTED
 */
export async function writeIdentityReport(
  report: IdentityReport | VideoReport,
  folder: string,
  options: WorkOptions = {},
): Promise<string> {
  const figures = report.judged.map((judged, i) => ({
    name: `judge-${i + 1}`,
    svg: figureOf(judged, i, report),
  }));
  const lowest = await withPictures(report, options);
  const page = join(folder, "index.html");
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, svg } of figures) await writeFileAtomic(join(folder, `${name}.svg`), svg);
    await writeFileAtomic(join(folder, "identity.json"), `${JSON.stringify(identityJson(report))}\n`);
    await writeFileAtomic(join(folder, "pairs.csv"), identityCsv(report));
    await writeFileAtomic(
      page,
      pageOf(
        report,
        figures.map(({ svg }) => svg),
        lowest,
      ),
    );
  } catch (cause) {
    throw new FaceError("STORAGE", { where: folder, expected: "to write a report", cause });
  }
  return page;
}

/** The curve over a video's frames, or the distribution of its pairs. */
function figureOf(
  { judge, pairs }: JudgedPairs,
  which: number,
  report: IdentityReport | VideoReport,
): string {
  const title = `${judge.model}, ${judge.protocol.id}`;
  if ("video" in report) {
    const { curve } = report.video.judges[which]!;
    const points = curve.flatMap(({ frame, cosine }) =>
      cosine === null ? [] : [{ step: frame, value: cosine }],
    );
    const last = Math.max(1, curve.length - 1);
    return trainingCurves(
      [
        { quantity: "cosine to the sources", label: judge.model, points },
        ...(judge.threshold === undefined
          ? []
          : [
              {
                quantity: "cosine to the sources",
                label: "threshold",
                points: [0, last].map((step) => ({ step, value: judge.threshold! })),
              },
            ]),
      ],
      { title, stepLabel: "frame", widthPx: 680 },
    );
  }
  const scored = pairs.filter(({ cosine }) => cosine !== null);
  return scoreHistogram(
    {
      genuine: scored.filter(({ own }) => own !== false).map(({ cosine }) => cosine!),
      impostor: scored.filter(({ own }) => own === false).map(({ cosine }) => cosine!),
    },
    { ...(judge.threshold !== undefined && { threshold: judge.threshold }), title },
  );
}

interface ShownPair {
  readonly pair: IdentityPair;
  readonly pictures: readonly { readonly name: string; readonly address: string | undefined }[];
}

/** The pairs that the first judge scores lowest, with what pictures can be shown. */
async function withPictures(
  report: IdentityReport | VideoReport,
  { signal }: WorkOptions,
): Promise<ShownPair[]> {
  const [first] = report.judged as [JudgedPairs];
  const lowest = first.pairs
    .filter(({ cosine, own }) => cosine !== null && own !== false)
    .sort((a, b) => a.cosine! - b.cosine!)
    .slice(0, "video" in report ? SHOWN / 2 : SHOWN);
  const sourceOf = new Map(
    report.pairs.people.map(({ name, pictures }) => [
      pictures.length === 1 ? pictures[0]! : name,
      pictures[0]!,
    ]),
  );
  const frames =
    "video" in report ? await framesNamed(report, new Set(lowest.map(({ result }) => result))) : undefined;
  const shown: ShownPair[] = [];
  for (const pair of lowest) {
    throwIfAborted(signal);
    const names = [sourceOf.get(pair.source)!, pair.result, ...(pair.target ? [pair.target.picture] : [])];
    const pictures = [];
    for (const name of names)
      pictures.push({ name, address: await addressOf(name, frames?.get(name) ?? name, report) });
    shown.push({ pair, pictures });
  }
  return shown;
}

/** Frames of a video by their names, read once more: of the others nothing is held. */
async function framesNamed(
  { video }: VideoReport,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, RgbImage>> {
  const found = new Map<string, RgbImage>();
  for await (const { name, image } of readFrames(video.path, video.asked)) {
    if (names.has(name)) found.set(name, image);
    if (found.size === names.size) break;
  }
  return found;
}

async function addressOf(
  path: string,
  source: string | RgbImage,
  { faces }: IdentityReport,
): Promise<string | undefined> {
  try {
    const jpeg = await thumbnail(source, faces.get(path)?.box, THUMBNAIL_PX);
    return `data:image/jpeg;base64,${Buffer.from(jpeg).toString("base64")}`;
  } catch (error) {
    if (error instanceof FaceError) return undefined;
    throw error;
  }
}

/** The page itself. Every name is escaped, and the page forbids itself every script and every address but its own. */
function pageOf(
  report: IdentityReport | VideoReport,
  figures: readonly string[],
  lowest: readonly ShownPair[],
): string {
  const { judged, failures, pairs } = report;
  const [first] = judged as [JudgedPairs];
  const { summary } = first;
  const cost = failures.filter(({ role }) => role === "result").length;
  return html`${pageHead("Identity preservation")}
<body>
<header class="top"><div>
<h1>Identity preservation</h1>
<p>${count(new Set(pairs.pairs.map(({ result }) => result)).size, "result")} of ${count(pairs.people.length, "person", "people")}: ${pairs.rule}. Figures above are those of ${first.judge.model} by protocol ${first.judge.protocol.id}.</p>
<ul class="cards"><li><b>${figure(summary.cosine?.mean)}</b>mean cosine</li>${
    summary.same && html`<li><b>${percent(summary.same.share.rate)}</b>the same person</li>`
  }${summary.retrieval && html`<li><b>${percent(summary.retrieval.top1.rate)}</b>found first</li>`}${
    summary.leak && html`<li><b>${figure(summary.leak.target.mean)}</b>cosine to the target</li>`
  }<li><b>${cost}</b>${cost === 1 ? "result" : "results"} without a vector</li></ul>
</div></header>
<main>
${warningsSection(report)}
<section id="judges"><h2>${judged.length === 1 ? "Figures" : "Judges"}</h2>
<p>The same person: the share of all pairs that reach the threshold of the network's calibration, a picture without a face counting as not. FMR: the share of pairs of two people that reach it. Intervals are 95 %, of other draws of people.</p>
${judgesTable(judged)}
<div class="row">${figures.map((svg) => html`<div class="figure">${trusted(svg)}</div>`)}</div>
</section>
${agreementSection(report)}
${conventionsSection(report)}
${videoSection(report)}
<section id="lowest"><h2>Lowest pairs</h2>
<p>Source, result${lowest.some(({ pair }) => pair.target) ? ", target" : ""}, with the pose, size and sharpness of the result's face, which explain most drops.</p>
${lowestList(lowest, report)}
</section>
<section id="failures"><h2>Failures</h2>
${
  failures.length === 0
    ? html`<p>None: a face was found in every picture.</p>`
    : html`<p>Pictures without a vector. Their pairs have no cosine, and count as not the same person and as not found. None is left out.</p><ul style="overflow-wrap: anywhere">${failures
        .slice(0, LISTED)
        .map(
          ({ picture, role, reason, detail, pairs: cost }) =>
            html`<li>${role} ${picture}: ${reason === "no-face" ? "no face found" : detail || "unreadable"}, in ${count(cost, "pair")}</li>`,
        )}</ul>`
}
</section>
<section id="protocols"><h2>Protocols</h2>
<ul style="overflow-wrap: anywhere">${[
    ...new Map(judged.map(({ judge }) => [judge.protocol.id, judge])).values(),
  ].map(
    ({ protocol, spec }) =>
      html`<li><b>${protocol.id}</b>, revision ${protocol.revision}: ${spec.protocol.title}. ${spec.protocol.source.map(({ repository, commit, files }) => `From ${repository} at ${commit.slice(0, 10)}, ${files.join(", ")}. `).join("")}${spec.protocol.notes.join(" ")}<br><small>sha256 ${protocol.sha256}</small></li>`,
  )}</ul>
</section>
</main>
<footer>${judged.map(({ judge }) => html`${judge.model}: network file sha256 ${judge.pipeline.model.sha256}. `)}These figures hold for these pictures and these networks.</footer>
</body>
</html>
`.text;
}

/** Under every protocol the same network is mostly not the one that a protocol is about, which one sentence says. */
function warningsSection({ warnings, judged }: IdentityReport): Markup | false {
  const others = judged.filter(({ judge }) => judge.match === "other");
  const own = new Set(others.flatMap(({ judge }) => judge.warnings));
  const told =
    others.length > 1
      ? [
          ...warnings.filter((warning) => !own.has(warning)),
          `under ${others.map(({ judge }) => judge.protocol.id).join(", ")} the network is not the one that the protocol is about: it is fed by its own contract, and only crop and resize are the protocol's`,
        ]
      : warnings;
  if (told.length === 0) return false;
  return html`<section id="warnings"><h2>Read this first</h2><ul>${told.map((warning) => html`<li class="wrong">${warning}</li>`)}</ul></section>`;
}

/** A share with its interval below it, so that the table stays narrow. */
function rate(share: RateInterval | undefined): Markup | string {
  if (!share) return "–";
  const [low, high] = [percent(share.low), percent(share.high)];
  // One person's pictures, however many, say nothing of other people.
  const interval = low === "0.0 %" && high === "100.0 %" ? "too few people" : `${low} to ${high}`;
  return html`${percent(share.rate)}<br><small>${interval}</small>`;
}

function judgesTable(judged: readonly JudgedPairs[]): Markup {
  const withTarget = judged.some(({ summary }) => summary.leak);
  return scrollTable(
    "Figures of every judge",
    html`<table><thead><tr><th>network</th><th>protocol</th><th class="number">pairs</th><th class="number">mean</th><th class="number">median</th><th class="number">5 % below</th><th class="number">same person</th><th class="number">FMR</th><th class="number">first</th><th class="number">among five</th>${withTarget && html`<th class="number">to target</th>`}</tr></thead><tbody>${judged.map(
      ({ judge, summary: { cosine, same, retrieval, leak, pairs, failed } }) =>
        html`<tr><td style="white-space: nowrap">${judge.model}</td><td>${judge.protocol.id}</td><td class="number">${pairs}${failed > 0 ? `, ${failed} failed` : ""}</td><td class="number">${figure(cosine?.mean)}${cosine?.interval && html`<br><small>${cosine.interval.map((end) => figure(end)).join(" to ")}</small>`}</td><td class="number">${figure(cosine?.quantiles.median)}</td><td class="number">${figure(cosine?.quantiles.p5)}</td><td class="number">${same ? rate(same.share) : "uncalibrated"}</td><td class="number">${same?.fmr ? percent(same.fmr.rate, 3) : "–"}</td><td class="number">${rate(retrieval?.top1)}</td><td class="number">${rate(retrieval?.top5)}</td>${withTarget && html`<td class="number">${figure(leak?.target.mean)}</td>`}</tr>`,
    )}</tbody></table>`,
  );
}

function agreementSection({ agreement, judged }: IdentityReport): Markup | false {
  const several = agreement.filter(({ judges: [a, b] }) => judged[a]!.judge.model !== judged[b]!.judge.model);
  if (several.length === 0) return false;
  const nameOf = (i: number): string => `${judged[i]!.judge.model}, ${judged[i]!.judge.protocol.id}`;
  return html`<section id="agreement"><h2>Agreement</h2><p>The rank correlation of two judges is 1 where they put the pairs into one order.</p>${scrollTable(
    "Rank correlations",
    html`<table><thead><tr><th>judge</th><th>judge</th><th class="number">rank correlation</th><th class="number">pairs</th></tr></thead><tbody>${several.map(
      ({ judges: [a, b], rankCorrelation, pairs }) =>
        html`<tr><td>${nameOf(a)}</td><td>${nameOf(b)}</td><td class="number">${figure(rankCorrelation)}</td><td class="number">${pairs}</td></tr>`,
    )}</tbody></table>`,
  )}</section>`;
}

function conventionsSection(report: IdentityReport): Markup | false {
  if (new Set(report.judged.map(({ judge }) => judge.protocol.id)).size < 2) return false;
  return html`<section id="conventions"><h2>Conventions</h2><p>The same pictures and the same network under several protocols: the convention alone moves the number.</p>${scrollTable(
    "Conventions",
    html`<table><thead><tr><th>protocol</th><th>network</th><th class="number">mean</th><th class="number">against default</th><th class="number">95 %</th><th class="number">furthest pair</th><th class="number">rank correlation</th></tr></thead><tbody>${conventionsTable(
      report,
    ).map(
      ({ protocol, model, mean, shift, furthest, rankCorrelation }) =>
        html`<tr><td>${protocol}</td><td>${model}</td><td class="number">${figure(mean)}</td><td class="number">${figure(shift?.mean)}</td><td class="number">${shift?.interval ? shift.interval.map((end) => figure(end)).join(" to ") : "–"}</td><td class="number">${figure(furthest)}</td><td class="number">${figure(rankCorrelation)}</td></tr>`,
    )}</tbody></table>`,
  )}</section>`;
}

function videoSection(report: IdentityReport | VideoReport): Markup | false {
  if (!("video" in report)) return false;
  const { video, judged } = report;
  return html`<section id="video"><h2>Frame by frame</h2><p>${count(video.frames, "frame")}. Flicker is the cosine of each frame to the one before it.</p>${scrollTable(
    "Steadiness",
    html`<table><thead><tr><th>network</th><th class="number">below the threshold</th><th class="number">flicker, mean</th><th class="number">5 % below</th><th class="number">lowest</th><th>worst frames</th></tr></thead><tbody>${video.judges.map(
      ({ belowThreshold, flicker, worst }, i) =>
        html`<tr><td>${judged[i]!.judge.model}</td><td class="number">${percent(belowThreshold)}</td><td class="number">${figure(flicker?.mean)}</td><td class="number">${figure(flicker?.p5)}</td><td class="number">${figure(flicker?.min)}</td><td>${worst.map(({ frame, cosine }) => `${frame} (${figure(cosine)})`).join(", ")}</td></tr>`,
    )}</tbody></table>`,
  )}</section>`;
}

function lowestList(lowest: readonly ShownPair[], { faces }: IdentityReport): Markup {
  if (lowest.length === 0) return html`<p>None: no pair has a face on both sides.</p>`;
  return html`<ul class="pairs">${lowest.map(({ pair, pictures }) => {
    const quality = faces.get(pair.result)?.quality;
    return html`<li>${pictures.map(({ name, address }) => (address === undefined ? html`<span class="face"></span>` : html`<img src="${address}" width="${THUMBNAIL_PX / 2}" height="${THUMBNAIL_PX / 2}" alt="${basename(name)}">`))}<span><b>${figure(pair.cosine, 3)}</b>${pair.target && ` · target ${figure(pair.target.cosine)}`}<br>${basename(pair.result)}${
      quality &&
      html`<br><small>yaw ${figure(quality.pose?.yaw, 0)}°, pitch ${figure(quality.pose?.pitch, 0)}°, eyes ${figure(quality.interEyePx, 0)} px, sharpness ${figure(quality.sharpness, 0)}</small>`
    }</span></li>`;
  })}</ul>`;
}
