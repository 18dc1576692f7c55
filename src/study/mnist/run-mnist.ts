import { seeded, seedOf, type WorkOptions } from "../../core/index.ts";
import type { FeatureSpace } from "../../evaluate/index.ts";
import { type Digits, type Mnist, selectDigits } from "../../train/data/index.ts";
import type { HeadConfig } from "../../train/heads/index.ts";
import { classScores } from "./class-scores.ts";
import { embedDigits } from "./embed-digits.ts";
import { accuracyOf, measureDigits, type PairVerification } from "./measure-digits.ts";
import type { SettledPlan } from "./plan.ts";
import { type TrainedDigits, trainDigits } from "./train-digits.ts";

/** The feature space of some digits in figures, and how well pairs of them are told apart. */
export type DigitMeasures = FeatureSpace & { readonly verification: PairVerification };

/** The result of one head. All but the training's own figures are of the test digits. */
export interface HeadReport extends DigitMeasures {
  readonly settings: HeadConfig;
  /** Share of test digits whose class the head itself says right. */
  readonly testAccuracy: number;
  /** Mean loss over the last hundred steps. Heads' losses cannot be compared. */
  readonly trainLoss: number;
  /** The same measures of digits that a network trained on 0 to 6 has never seen: 7, 8 and 9. */
  readonly openSet?: DigitMeasures;
  readonly trainedImages: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

/** The findings of the experiment, and the features behind them. */
export interface MnistRun {
  readonly heads: Readonly<Record<string, HeadReport>>;
  /** Features of the test digits by head, [count, embedding]. */
  readonly features: ReadonlyMap<string, Float32Array>;
  /** Shapes [count] */
  readonly labels: Uint8Array;
}

/** The first digit that the open-set networks do not see. */
const FIRST_UNSEEN = 7;
/** The purpose of the draws, so that other draws with the seed are others. */
const PAIRS = 23;

/**
 * Trains one network per head from the same seed, and measures what each makes of the test digits; then once more on
 * the digits 0 to 6, measured on 7, 8 and 9.
 *
 * Throws    FaceError ABORTED
 */
export async function runMnist(
  mnist: Mnist,
  plan: SettledPlan,
  options: WorkOptions = {},
): Promise<MnistRun> {
  const { epochs, openSetEpochs, embedding, seed } = plan;
  const train = first(mnist.train, plan.digits);
  const test = first(mnist.test, plan.digits);
  const seen = only(train, (label) => label < FIRST_UNSEEN);
  const unseen = only(test, (label) => label >= FIRST_UNSEEN);
  const embedded = async (trained: TrainedDigits, digits: Digits, name: string): Promise<Float32Array> =>
    await embedDigits(trained, digits, { ...options, stage: `${name}: embed` });
  const measured = async (
    features: Float32Array,
    { labels }: Digits,
    name: string,
  ): Promise<DigitMeasures> => {
    const random = seeded(seedOf(seed, PAIRS));
    const work = { ...options, stage: `${name}: measure` };
    return await measureDigits({ features, dimension: embedding, labels }, random, work);
  };
  const heads: Record<string, HeadReport> = {};
  const features = new Map<string, Float32Array>();
  for (const head of plan.heads) {
    const common = { head, embedding, seed, ...options };
    const name = head.head;
    const trained = await trainDigits({
      ...common,
      digits: train,
      classes: 10,
      epochs,
      stage: `${name}: train`,
    });
    const own = await embedded(trained, test, name);
    let openSet: DigitMeasures | undefined;
    if (openSetEpochs > 0) {
      const stage = `${name}: train on 0 to 6`;
      const open = await trainDigits({
        ...common,
        digits: seen,
        classes: FIRST_UNSEEN,
        epochs: openSetEpochs,
        stage,
      });
      openSet = await measured(await embedded(open, unseen, name), unseen, name);
    }
    features.set(name, own);
    heads[name] = {
      settings: head,
      testAccuracy: accuracyOf(classScores(head, trained.weights, own, 10), test.labels),
      trainLoss: trained.loss,
      ...(await measured(own, test, name)),
      ...(openSet && { openSet }),
      trainedImages: trained.images,
      seconds: trained.seconds,
      imagesPerSecond: trained.images / trained.seconds,
    };
  }
  return { heads, features, labels: test.labels };
}

const first = (digits: Digits, count: number): Digits =>
  count >= digits.count ? digits : selectDigits(digits, [...Array(count).keys()]);

const only = (digits: Digits, wanted: (label: number) => boolean): Digits =>
  selectDigits(
    digits,
    [...digits.labels.keys()].filter((i) => wanted(digits.labels[i]!)),
  );
