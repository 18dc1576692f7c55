import { type ConventionRow, conventionsTable } from "./conventions.ts";
import type { FaceFacts } from "./face-reader.ts";
import type { IdentityReport } from "./measure-identity.ts";
import type { IdentityPair, IdentitySummary } from "./score-judge.ts";
import type { VideoReport } from "./video/measure-video.ts";

/** A judge's pair with the faces' facts beside it. */
export interface IdentityPairJson extends Omit<IdentityPair, "own"> {
  readonly own?: boolean;
  /** True if the cosine reaches the judge's threshold; null where it has none, or there is no cosine. */
  readonly same: boolean | null;
  /** Of the result's picture; absent where no face was found or looked for. */
  readonly face?: FaceFactsJson;
}

/** Facts that explain most drops of a score. */
export interface FaceFactsJson {
  /** Degrees; null where the landmarks have no extent. */
  readonly yaw: number | null;
  readonly pitch: number | null;
  readonly roll: number | null;
  readonly interEyePx: number;
  readonly sharpness: number;
  readonly brightness: number;
  /** Of the detector. */
  readonly score: number;
  /** Faces in the picture. */
  readonly found: number;
}

/** A report as `arcface identity --json` prints it; docs/formats.md describes it. */
export interface IdentityJson {
  readonly protocol: { readonly id: string; readonly revision: number; readonly sha256: string };
  readonly judges: readonly {
    readonly model: string;
    readonly sha256: string;
    readonly protocol: IdentityJson["protocol"];
    readonly pairs: readonly IdentityPairJson[];
    readonly summary: IdentitySummary;
    readonly warnings: readonly string[];
  }[];
  readonly failures: IdentityReport["failures"];
  readonly agreement: IdentityReport["agreement"];
  readonly pairing: {
    readonly rule: string;
    readonly several: string;
    readonly unpaired: IdentityReport["pairs"]["unpaired"];
  };
  readonly aligned: boolean;
  readonly warnings: readonly string[];
  /** Of several protocols: how far each moves the number. */
  readonly conventions?: readonly ConventionRow[];
  /** Of a video: curve, worst frames and flicker of each judge. */
  readonly video?: VideoReport["video"];
}

/** The report as plain data; numbers as they were computed. */
export function identityJson(report: IdentityReport | VideoReport): IdentityJson {
  const { pairs, sources, judged, agreement, failures, faces, warnings, aligned } = report;
  return {
    protocol: judged[0]!.judge.protocol,
    judges: judged.map(({ judge, pairs: scored, summary }) => ({
      model: judge.model,
      sha256: judge.pipeline.model.sha256,
      protocol: judge.protocol,
      pairs: scored.map((pair) => {
        const face = faces.get(pair.result);
        return { ...pair, same: sameOf(pair, judge.threshold), ...(face && { face: faceFactsJson(face) }) };
      }),
      summary,
      warnings: judge.warnings,
    })),
    failures,
    agreement,
    pairing: { rule: pairs.rule, several: sources, unpaired: pairs.unpaired },
    aligned,
    warnings,
    ...(new Set(judged.map(({ judge }) => judge.protocol.id)).size > 1 && {
      conventions: conventionsTable(report),
    }),
    ...("video" in report && { video: report.video }),
  };
}

function sameOf({ cosine }: IdentityPair, threshold: number | undefined): boolean | null {
  return cosine === null || threshold === undefined ? null : cosine >= threshold;
}

/** A face's facts as plain numbers. */
export function faceFactsJson({ quality, score, found }: FaceFacts): FaceFactsJson {
  const { pose, interEyePx, sharpness, brightness } = quality;
  return {
    yaw: pose?.yaw ?? null,
    pitch: pose?.pitch ?? null,
    roll: pose?.roll ?? null,
    interEyePx,
    sharpness,
    brightness,
    score,
    found,
  };
}

const COLUMNS =
  "model,protocol,source,result,cosine,same,target,target_cosine,yaw,pitch,roll,inter_eye_px,sharpness,failure";

/** Every pair of every judge as CSV, with a header; empty fields where nothing is known. */
export function identityCsv(report: IdentityReport): string {
  const failed = new Map(report.failures.map(({ picture, reason }) => [picture, reason]));
  const people = new Map(
    report.pairs.people.map(({ name, pictures }) => [pictures.length === 1 ? pictures[0]! : name, pictures]),
  );
  const lines = report.judged.flatMap(({ judge, pairs }) =>
    pairs.map((pair) => {
      const face = report.faces.get(pair.result);
      const facts = face && faceFactsJson(face);
      const cause =
        pair.cosine === null
          ? (failed.get(pair.result) ??
            people
              .get(pair.source)
              ?.map((path) => failed.get(path))
              .find(Boolean))
          : undefined;
      const fields = [
        judge.model,
        judge.protocol.id,
        pair.source,
        pair.result,
        pair.cosine?.toFixed(6),
        sameOf(pair, judge.threshold)?.toString(),
        pair.target?.picture,
        pair.target?.cosine?.toFixed(6),
        ...[facts?.yaw, facts?.pitch, facts?.roll, facts?.interEyePx, facts?.sharpness].map((value) =>
          value?.toFixed(2),
        ),
        cause,
      ];
      return fields.map(csvField).join(",");
    }),
  );
  return `${[COLUMNS, ...lines].join("\n")}\n`;
}

function csvField(value: string | undefined): string {
  if (value === undefined) return "";
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
