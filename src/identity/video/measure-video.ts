import {
  asUnitVector,
  checkOptions,
  cosine,
  OPTION_KINDS,
  throwIfAborted,
  type WorkOptions,
} from "../../core/index.ts";
import type { RgbImage } from "../../image/index.ts";
import { quantile } from "../../statistics/index.ts";
import type { SeenPicture } from "../face-reader.ts";
import { IdentityPool, type IdentityPoolOptions } from "../identity-pool.ts";
import { type IdentityReport, reportOf } from "../measure-identity.ts";
import type { IdentityPairs } from "../pairs/identity-pairs.ts";
import { SOURCE_RULES, type SourceRule } from "../score-judge.ts";
import { type FrameOptions, readFrames } from "./read-frames.ts";

/** Options of {@link measureVideo}. */
export interface VideoOptions
  extends IdentityPoolOptions,
    WorkOptions,
    Omit<FrameOptions, "signal" | "onWarning"> {
  /** The way in which several sources are one person. @default "template" */
  readonly sources?: SourceRule | undefined;
  readonly trainedWith?: readonly string[] | undefined;
  /** Follow the face from frame to frame instead of searching each frame. @default true */
  readonly track?: boolean | undefined;
}

/** The steadiness with which a video shows one person, to one judge. */
export interface VideoFigures {
  /** The cosine of each frame to the sources; null without a face. */
  readonly curve: readonly {
    readonly frame: number;
    readonly seconds: number | null;
    readonly cosine: number | null;
  }[];
  /** Share of all frames below the judge's threshold, those without a face among them; null without a threshold. */
  readonly belowThreshold: number | null;
  /** Frames with the lowest cosines, the lowest first. */
  readonly worst: readonly { readonly frame: number; readonly cosine: number }[];
  /** The cosine of each frame to the one before it, where both have a face; null without two such frames. */
  readonly flicker: {
    readonly mean: number;
    readonly p5: number;
    readonly min: number;
    readonly belowThreshold: number | null;
  } | null;
}

/** A report of a video: its pairs are its frames, and each judge has the curve besides. */
export interface VideoReport extends IdentityReport {
  readonly video: {
    readonly path: string;
    /** The frames that were asked for. */
    readonly asked: Pick<FrameOptions, "fps" | "every">;
    readonly frames: number;
    readonly tracked: boolean;
    readonly judges: readonly VideoFigures[];
  };
}

/** Frames listed as the worst. */
const WORST = 10;

/**
 * Measures a video frame by frame: a folder of frames, an animated GIF or WebP, or what ffmpeg reads.
 *
 * With tracking the detector looks at the part of a frame around the face's last place, and at the whole frame where that
 * fails.
 *
 * Throws    as `measureIdentity`; FaceError BAD_FILE where ffmpeg is wanted and is not there
 */
export async function measureVideo(
  sources: readonly string[],
  video: string,
  options: VideoOptions = {},
): Promise<VideoReport> {
  const { fps, every, track = true, signal } = options;
  checkOptions("measureVideo", { fps, every }, { fps: OPTION_KINDS.above0, every: OPTION_KINDS.count });
  await using pool = await IdentityPool.open(options);
  const seen = new Map<string, SeenPicture>();
  for await (const result of pool.pictures(sources, { signal })) {
    if (result.kind === "failed") throw result.error;
    seen.set(result.path, result.picture);
  }
  const names: string[] = [];
  const seconds: (number | undefined)[] = [];
  const damage: string[] = [];
  const onWarning = (sentence: string): void => void damage.push(sentence);
  const images = async function* (): AsyncGenerator<RgbImage> {
    for await (const frame of readFrames(video, { fps, every, signal, onWarning })) {
      names.push(frame.name);
      seconds.push(frame.seconds);
      yield frame.image;
    }
  };
  const frames: SeenPicture[] = [];
  for await (const picture of pool.frames(images(), { track, signal })) {
    seen.set(names[frames.length]!, picture);
    frames.push(picture);
    options.onProgress?.({ stage: "frames", done: frames.length });
  }
  throwIfAborted(signal);
  const pairs: IdentityPairs = {
    rule: `frames of ${video}`,
    people: [{ name: sources[0]!, pictures: sources }],
    pairs: names.map((result) => ({ person: 0, result })),
    unpaired: { sources: [], results: [] },
  };
  const report = reportOf(pairs, pool.judges, seen, new Map(), {
    ...options,
    sources: options.sources ?? SOURCE_RULES[0]!,
  });
  const judges = report.judged.map(({ judge, pairs: scored }, which): VideoFigures => {
    const curve = scored.map(({ cosine: value }, frame) => ({
      frame,
      seconds: seconds[frame] ?? null,
      cosine: value,
    }));
    const { threshold } = judge;
    return {
      curve,
      belowThreshold:
        threshold === undefined
          ? null
          : curve.filter((each) => (each.cosine ?? -2) < threshold).length / Math.max(1, curve.length),
      worst: curve
        .flatMap(({ frame, cosine: value }) => (value === null ? [] : [{ frame, cosine: value }]))
        .sort((a, b) => a.cosine - b.cosine)
        .slice(0, WORST),
      flicker: flickerOf(frames, which, threshold),
    };
  });
  return {
    ...report,
    warnings: [...damage, ...report.warnings],
    video: {
      path: video,
      asked: { fps, every },
      frames: frames.length,
      tracked: track && pool.follows,
      judges,
    },
  };
}

function flickerOf(
  frames: readonly SeenPicture[],
  which: number,
  threshold: number | undefined,
): VideoFigures["flicker"] {
  const steps: number[] = [];
  for (let i = 1; i < frames.length; i++) {
    const [before, after] = [frames[i - 1]!, frames[i]!];
    if (before.kind !== "face" || after.kind !== "face") continue;
    steps.push(cosine(asUnitVector(before.vectors[which]!), asUnitVector(after.vectors[which]!)));
  }
  if (steps.length === 0) return null;
  const sorted = Float64Array.from(steps).sort();
  return {
    mean: steps.reduce((sum, step) => sum + step, 0) / steps.length,
    p5: quantile(sorted, 0.05),
    min: sorted[0]!,
    belowThreshold:
      threshold === undefined ? null : steps.filter((step) => step < threshold).length / steps.length,
  };
}
