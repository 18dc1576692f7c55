import type { WorkOptions } from "../../core/index.ts";
import type { AskedAmongOthers, Gallery } from "../../gallery/index.ts";
import type { Calibration } from "../../models/index.ts";
import { clopperPearson, type RateInterval } from "../../statistics/index.ts";
import { fpirAt, type StrangerThreshold, strangersAt, strangerThreshold } from "../../verdict/index.ts";

/** The rates that a gallery's threshold is to keep. */
export interface GalleryCalibrationOptions extends WorkOptions {
  /** Share of strangers that may be taken for someone. @default 0.01 */
  readonly target?: number | undefined;
  /** A threshold of the caller's own, or the gallery's; its cost is told. */
  readonly threshold?: number | undefined;
  /** People who are asked for among the others at most. @default 1000 */
  readonly most?: number | undefined;
}

/** The threshold of a gallery, where it comes from, and what others would cost. */
export interface GalleryCalibration {
  readonly strangers: StrangerThreshold;
  readonly people: number;
  /** The evidence of the gallery's own people. */
  readonly asked: AskedAmongOthers;
  /** At rising thresholds. */
  readonly curve: readonly GalleryOperatingPoint[];
}

/** The cost of one threshold. */
export interface GalleryOperatingPoint {
  readonly threshold: number;
  /** Strangers accepted, by the calibration: see {@link StrangerThreshold}. */
  readonly fpir: RateInterval;
  /** Share of the calibration's genuine pairs that lie below: as many are missed of people with one face. */
  readonly fnmr: RateInterval;
  /** People of the gallery, each left out once, who would be taken for somebody else. */
  readonly own: RateInterval;
  /** Faces of people with several who would not be found by their other faces; null where nobody has several. */
  readonly missed: RateInterval | null;
}

/**
 * Finds the threshold of a gallery by a target rate of strangers accepted, from the calibration's pairs and from the gallery
 * itself; the higher of both wins. What the gallery's own people say is kept with the gallery.
 *
 * Throws    FaceError ABORTED
 */
export async function calibrateGallery(
  gallery: Gallery,
  calibration: Calibration,
  options: GalleryCalibrationOptions = {},
): Promise<GalleryCalibration> {
  const { target = 0.01, threshold, most = 1000 } = options;
  const size = await gallery.records.stats();
  const asked = await gallery.askAmongOthers({ ...options, most });
  const strangers =
    threshold === undefined
      ? strangerThreshold(calibration, size, target, asked.others)
      : strangersAt(calibration, size, target, asked.others, threshold);
  return {
    strangers,
    people: size.people,
    asked,
    curve: calibration.curve.map(({ cosine, fnmr, fnmrInterval }, place) => ({
      threshold: cosine,
      fpir: fpirAt(calibration, place, size),
      fnmr: { rate: fnmr, low: fnmrInterval[0], high: fnmrInterval[1] },
      own: shareOf(asked.others, (score) => score >= cosine),
      missed: missedAt(asked, cosine),
    })),
  };
}

/** A face is missed below the threshold, and when somebody else is nearer. */
function missedAt({ own, others }: AskedAmongOthers, threshold: number): RateInterval | null {
  const mated = own.flatMap((score, i) => (score === null ? [] : [{ score, other: others[i]! }]));
  if (mated.length === 0) return null;
  return shareOf(mated, ({ score, other }) => score < threshold || score <= other);
}

function shareOf<T>(items: readonly T[], holds: (item: T) => boolean): RateInterval {
  return clopperPearson(items.filter(holds).length, items.length);
}
