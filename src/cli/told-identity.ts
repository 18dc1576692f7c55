import { counted } from "../core/index.ts";
import type {
  ConventionRow,
  IdentityFailure,
  IdentityReport,
  IdentitySummary,
  JudgedPairs,
  VideoReport,
} from "../identity/index.ts";
import type { RateInterval } from "../statistics/index.ts";

/** Pairs with the lowest scores that are told. */
const WORST = 5;

/** A report in lines for people: pairs, protocol, each judge with its figures, failures, warnings. */
export function identityText(report: IdentityReport | VideoReport): string[] {
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
    ...told.flatMap((each) => judgeText(each, report)),
    ...("video" in report ? videoText(report) : []),
    ...(several ? [] : agreement).map(
      ({ judges: [a, b], rankCorrelation, pairs: both }) =>
        `agreement   ${judged[a]!.judge.model} and ${judged[b]!.judge.model} order ${counted(both, "pair")} alike: rank correlation ${numberText(rankCorrelation)}`,
    ),
    ...failuresText(failures),
    ...(several ? [] : warnings).map((warning) => `warning     ${warning}`),
  ];
}

function protocolsOf({ judged }: IdentityReport): number {
  return new Set(judged.map(({ judge }) => judge.protocol.id)).size;
}

/** Each protocol in a line; the network is the same in all, fed by its own contract where a protocol is about another. */
export function conventionsText(rows: readonly ConventionRow[]): string[] {
  const column = (text: string, width: number): string => text.padStart(width);
  return [
    `${"convention".padEnd(18)}${column("mean", 8)}${column("median", 8)}${column("shift", 8)}${column("furthest", 10)}${column("rank corr.", 12)}`,
    ...rows.map(
      ({ protocol, mean, median, shift, furthest, rankCorrelation }) =>
        `${protocol.padEnd(18)}${column(numberText(mean), 8)}${column(numberText(median), 8)}${column(numberText(shift?.mean ?? null), 8)}${column(numberText(furthest), 10)}${column(numberText(rankCorrelation), 12)}`,
    ),
  ];
}

function videoText({ video, judged }: VideoReport): string[] {
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

function judgeText({ judge, pairs, summary }: JudgedPairs, report: IdentityReport): string[] {
  const { cosine, retrieval, leak, others, explained } = summary;
  const lines = [`judge       ${judge.model}${judge.spec.flip ? ", with flip" : ""}`];
  if (!cosine) return [...lines, "cosine      none: no pair has a face on both sides"];
  const { quantiles } = cosine;
  if (summary.scored === 1)
    lines.push(`cosine      ${numberText(cosine.mean)}, of 1 pair`, sameText(summary));
  else
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
  const counts = failed > 0 ? `, ${failed} of them failures,` : "";
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

function failuresText(failures: readonly IdentityFailure[]): string[] {
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
    return value >= SMALLEST_PERCENT && value < 1 ? value.toPrecision(2) : value.toFixed(1);
  };
  const interval =
    percent(low) === "0.0" && percent(high) === "100.0"
      ? "(too few people for an interval)"
      : `[${percent(low)}, ${percent(high)}]`;
  return `${percent(rate)} % ${interval}`;
}

/** A smaller share is as good as none, and would be written with an exponent soon. */
const SMALLEST_PERCENT = 1e-4;
