import { FaceError } from "../../core/index.ts";
import { HEADS, type HeadConfig, HeadConfigSchema, type HeadSettings } from "../../train/heads/index.ts";

/** The plan of a run of the experiment: everything that its numbers depend on. */
export interface MnistPlan {
  /**
   * Names of heads; the first one is what the others are held against.
   * @default softmax, normalised-softmax (the control: ArcFace without its margin) and arcface
   */
  readonly heads?: readonly string[] | undefined;
  /** Passes over the training digits. @default 2; 4 for features in a plane */
  readonly epochs?: number | undefined;
  /** Passes of the open-set runs, which leave out 7, 8 and 9; 0 leaves these runs out. @default half of `epochs` */
  readonly openSetEpochs?: number | undefined;
  /** Numbers in a feature. @default 128 */
  readonly embedding?: number | undefined;
  /** @default 1 */
  readonly seed?: number | undefined;
  /** Only so many digits are trained on, and as many tested on. @default all 60,000 and 10,000 */
  readonly digits?: number | undefined;
}

/** A plan with nothing left open. */
export interface SettledPlan {
  readonly heads: readonly HeadConfig[];
  readonly epochs: number;
  readonly openSetEpochs: number;
  readonly embedding: number;
  readonly seed: number;
  readonly digits: number;
}

/**
 * Settings for ten classes and a fresh network, where they are not a head's default: a scale of 64 is for thousands of
 * people, and lets ten classes start only slowly.
 */
const SUITED: Readonly<Record<string, HeadSettings>> = {
  // Chosen on training digits that training left out (docs/margin.md). At ArcFace's scale, what ArcFace has beyond this
  // control is the margin's own doing.
  "normalised-softmax": { head: "normalised-softmax", scale: 8 },
  cosface: { head: "cosface", scale: 16 },
  arcface: { head: "arcface", scale: 8 },
  combined: { head: "combined", scale: 16 },
  "sub-center-arcface": { head: "sub-center-arcface", scale: 16 },
  adaface: { head: "adaface", scale: 16 },
  // Features of 128 numbers behind a batch norm are about 11 long.
  magface: { head: "magface", scale: 16, shortest: 5, longest: 25, lengthWeight: 5 },
  elasticface: { head: "elasticface", scale: 16 },
};

/**
 * Fills in what is left open.
 *
 * Throws    FaceError USAGE for a head that does not exist or comes twice, and for numbers that make no sense
 */
export function settlePlan(plan: MnistPlan): SettledPlan {
  const {
    heads = ["softmax", "normalised-softmax", "arcface"],
    embedding = 128,
    seed = 1,
    digits = 60_000,
  } = plan;
  const { epochs = embedding === 2 ? 4 : 2 } = plan;
  const { openSetEpochs = Math.ceil(epochs / 2) } = plan;
  const wrong = heads.find((name) => !HEADS.some((head) => head.name === name));
  if (wrong !== undefined || heads.length === 0) {
    const known = HEADS.map(({ name }) => name).join(", ");
    throw new FaceError("USAGE", { where: "heads", expected: `some of ${known}`, got: `"${wrong ?? ""}"` });
  }
  if (new Set(heads).size < heads.length)
    throw new FaceError("USAGE", { where: "heads", expected: "each once", got: heads.join(", ") });
  expectWhole("epochs", epochs, 1, 1000);
  expectWhole("open-set epochs", openSetEpochs, 0, 1000);
  expectWhole("embedding", embedding, 2, 2048);
  expectWhole("seed", seed, 0, 2 ** 32 - 1);
  expectWhole("digits", digits, 1000, 60_000);
  const configs = heads.map((head) => HeadConfigSchema.parse(SUITED[head] ?? { head }));
  return { heads: configs, epochs, openSetEpochs, embedding, seed, digits };
}

function expectWhole(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new FaceError("USAGE", {
      where: what,
      expected: `a whole number from ${low} to ${high}`,
      got: value,
    });
}
