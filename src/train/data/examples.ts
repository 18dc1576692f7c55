import { FaceError, seeded, seedOf, throwIfAborted } from "../../core/index.ts";
import { isOfOnePicture } from "./decode-picture.ts";
import { type ExampleSet, picturesPerClass } from "./example-set.ts";

/** Some pictures of a set under labels of their own. */
export interface Examples {
  readonly set: ExampleSet;
  /** The pictures of the set that count. Shapes [examples] */
  readonly indices: Uint32Array;
  /** Class of each, 0…classes−1 without gaps. Shapes [examples] */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/** Options for dividing a set. */
export interface SplitOptions {
  /** People kept out of training for validation: a share below 1, or a number of people. @default 0 */
  readonly heldOut?: number | undefined;
  /** People with fewer pictures are left out of training. @default 1 */
  readonly minImages?: number | undefined;
  readonly seed: number;
}

/** Training and validation on different people. */
export interface Split {
  readonly training: Examples;
  /** People the network never sees; with at least two pictures each. Empty when none were asked for. */
  readonly heldOut: Examples;
  /** Names of people with too few pictures. */
  readonly leftOut: readonly string[];
  /** People in training with a single picture: a margin head learns from them, pairs cannot be made of them. */
  readonly single: number;
}

/**
 * Divides a set by person: nobody is in both parts, and the same seed divides alike.
 *
 * Throws    FaceError BAD_FILE when fewer than two people are left to train on, USAGE for a share that is none
 */
export function splitByIdentity(set: ExampleSet, options: SplitOptions): Split {
  const { heldOut = 0, minImages = 1, seed } = options;
  const counts = picturesPerClass(set.labels, set.classes.length);
  const everyone = [...counts.keys()].filter((label) => counts[label]! > 0);
  const enough = everyone.filter((label) => counts[label]! >= minImages);
  const leftOut = everyone.filter((label) => counts[label]! < minImages);
  const paired = enough.filter((label) => counts[label]! >= 2);
  const wanted = heldOut < 1 ? Math.round(heldOut * enough.length) : heldOut;
  if (!(heldOut >= 0) || !Number.isInteger(wanted)) {
    throw new FaceError("USAGE", {
      where: "validation",
      expected: "a share of the people or a number of them",
      got: heldOut,
    });
  }
  if (heldOut > 0 && (wanted < 2 || wanted > paired.length)) {
    throw new FaceError("USAGE", {
      where: "validation",
      expected: `from 2 to ${paired.length} people, as many as have two pictures`,
      got: wanted,
    });
  }
  const away = new Set(seeded(seedOf(seed, HELD_OUT)).shuffle(paired).slice(0, wanted));
  const kept = enough.filter((label) => !away.has(label));
  if (kept.length < 2) {
    throw new FaceError("BAD_FILE", {
      where: "training",
      expected: "at least 2 classes to tell apart",
      got: kept.length,
      note: leftOut.length > 0 ? `${leftOut.length} have fewer than ${minImages} pictures` : undefined,
    });
  }
  return {
    training: examplesOf(set, kept),
    heldOut: examplesOf(
      set,
      enough.filter((label) => away.has(label)),
    ),
    leftOut: leftOut.map((label) => set.classes[label]!),
    single: kept.filter((label) => counts[label]! === 1).length,
  };
}

/** The purpose of the draw, so that other draws with the seed are others. */
const HELD_OUT = 1;

/** The pictures of some classes of a set, relabelled in that order. */
export function examplesOf(set: ExampleSet, classes: readonly number[]): Examples {
  const relabelled = new Map(classes.map((label, i) => [label, i]));
  const indices = Uint32Array.from(
    [...set.labels.keys()].filter((index) => relabelled.has(set.labels[index]!)),
  );
  return {
    set,
    indices,
    labels: Int32Array.from(indices, (index) => relabelled.get(set.labels[index]!)!),
    classes: classes.map((label) => set.classes[label]!),
  };
}

/** At most `limit` examples of whole classes, in the set's order: what validation embeds. */
export function firstClasses(examples: Examples, limit: number): Examples {
  const counts = picturesPerClass(examples.labels, examples.classes.length);
  let total = 0;
  let classes = 0;
  while (classes < counts.length && total + counts[classes]! <= limit) total += counts[classes++]!;
  const chosen = [...examples.labels.keys()].filter((i) => examples.labels[i]! < classes);
  return {
    set: examples.set,
    indices: Uint32Array.from(chosen, (i) => examples.indices[i]!),
    labels: Int32Array.from(chosen, (i) => examples.labels[i]!),
    classes: examples.classes.slice(0, classes),
  };
}

/** The examples whose pictures can be read, and why the others cannot. Reads all of them. */
export async function readableExamples(
  examples: Examples,
  signal?: AbortSignal,
): Promise<{ readonly examples: Examples; readonly unreadable: readonly FaceError[] }> {
  const kept: number[] = [];
  const unreadable: FaceError[] = [];
  for (const [place, index] of examples.indices.entries()) {
    throwIfAborted(signal);
    try {
      await examples.set.pixels(index);
      kept.push(place);
    } catch (thrown) {
      if (!(thrown instanceof FaceError && isOfOnePicture(thrown))) throw thrown;
      unreadable.push(thrown);
    }
  }
  if (unreadable.length === 0) return { examples, unreadable };
  return {
    examples: {
      ...examples,
      indices: Uint32Array.from(kept, (place) => examples.indices[place]!),
      labels: Int32Array.from(kept, (place) => examples.labels[place]!),
    },
    unreadable,
  };
}
