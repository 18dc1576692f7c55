import { FaceError, internal, type Random } from "../../core/index.ts";

/** The input that holds the classes a step looks at: [S], rising. */
export const SAMPLED_CLASSES = "head.classes";

/** The number of classes that a step looks at, and of all. */
export interface ClassSampling {
  readonly classes: number;
  /** Share of the classes looked at, in (0, 1]; 1 for all. */
  readonly rate: number;
  /** Rows of a batch: all of their classes have to find room. */
  readonly batch: number;
}

/** The inputs of one step. */
export interface SampledClasses {
  /** Shapes [S]; rising, no class twice. */
  readonly classes: Int32Array;
  /** Shapes [N]; each row's place in `classes`, −1 where it had none. */
  readonly labels: Int32Array;
}

/** S: the share of the classes, but no fewer than a batch may show. Throws FaceError USAGE. */
export function sampledClassCount({ classes, rate, batch }: ClassSampling): number {
  if (!(rate > 0 && rate <= 1))
    throw new FaceError("USAGE", { where: "sample rate", expected: "above 0 and up to 1", got: rate });
  return Math.min(classes, Math.max(batch, Math.ceil(rate * classes)));
}

/**
 * Partial FC: with very many identities a step looks at the classes of its own pictures and at some others, drawn
 * anew each time. Memory and time for logits then depend on S and no longer on the number of identities.
 *
 * The head is built with `sampled` set to an input {@link SAMPLED_CLASSES} of S numbers; this draws what that input
 * and the labels are fed at a step.
 *
 * Formula   the positives of the batch, and of the other classes so many at random that there are S
 * Throws    FaceError USAGE for a label that is no class
 * Source    An et al., Killing Two Birds with One Stone: Partial FC, arXiv:2203.15565
 */
export function sampleClasses(labels: Int32Array, sampling: ClassSampling, random: Random): SampledClasses {
  const { classes, batch } = sampling;
  const count = sampledClassCount(sampling);
  const wrong = labels.find((label) => label >= classes || label < -1);
  if (wrong !== undefined)
    throw new FaceError("USAGE", { where: "labels", expected: `−1 to ${classes - 1}`, got: wrong });
  if (labels.length > batch) throw internal(`sampling for batches of ${batch} given ${labels.length}`);
  const chosen = new Set<number>(labels.filter((label) => label >= 0));
  // Drawing until enough are new is quick while most classes are left over; beyond that the rest is shuffled.
  if (count * 2 <= classes) while (chosen.size < count) chosen.add(random.below(classes));
  else {
    const rest = Array.from({ length: classes }, (_, label) => label).filter((label) => !chosen.has(label));
    for (const label of random.shuffle(rest).slice(0, count - chosen.size)) chosen.add(label);
  }
  const rising = Int32Array.from(chosen).sort();
  const place = new Map([...rising].map((label, at) => [label, at]));
  return { classes: rising, labels: labels.map((label) => place.get(label) ?? -1) };
}
