import { FaceError } from "../core/index.ts";
import {
  type Calibration,
  expectCalibrationFor,
  findCalibration,
  type ModelStore,
  misfitOf,
  type Pipeline,
  readCalibration,
} from "../models/index.ts";

/** Source of thresholds. */
export interface VerdictOptions {
  /** A calibration or the path of one, instead of what is installed for the model; it has to be for this model. */
  readonly calibration?: string | Calibration | undefined;
  /** A cosine of the caller's own; beats the calibration's, whose evidence is still given. */
  readonly threshold?: number | undefined;
}

/** The judge of scores: a calibration, or the reason why there is none. */
export type Judge =
  | { readonly kind: "calibrated"; readonly calibration: Calibration }
  | { readonly kind: "uncalibrated"; readonly reason: string };

/**
 * The calibration for what computes the scores: the caller's, or the one that lies ready.
 *
 * A caller's calibration for something else, or of an earlier version, is refused; one that lies ready is then passed
 * over, with the reason.
 *
 * Throws    FaceError MODEL_MISMATCH naming both contracts, BAD_FILE
 */
export async function findJudge(
  store: ModelStore,
  used: Pipeline,
  modelPath: string | undefined,
  given: string | Calibration | undefined,
): Promise<Judge> {
  if (given !== undefined) {
    const calibration = typeof given === "string" ? await readCalibration(given) : given;
    expectCalibrationFor(calibration, used, typeof given === "string" ? given : "calibration");
    return { kind: "calibrated", calibration };
  }
  const calibration = await findCalibration(store, used, modelPath).catch((error: unknown) => {
    if (error instanceof FaceError && error.code === "MODEL_MISMATCH") return error;
    throw error;
  });
  if (calibration instanceof FaceError) return { kind: "uncalibrated", reason: calibration.message };
  if (!calibration)
    return {
      kind: "uncalibrated",
      reason: `there is no calibration for ${used.model.id}${used.flip ? " with --flip" : ""}`,
    };
  const misfit = misfitOf(calibration, used);
  return misfit === undefined
    ? { kind: "calibrated", calibration }
    : { kind: "uncalibrated", reason: `the calibration of ${used.model.id} was ${misfit}` };
}
