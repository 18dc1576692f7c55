import { FaceError, type UnitVector } from "../core/index.ts";
import {
  judge,
  type Policy,
  type StrangerThreshold,
  strangersAt,
  strangerThreshold,
  thresholdOf,
  type Verdict,
} from "../verdict/index.ts";
import type { Identification, IdentifyOptions, Verification } from "./answers.ts";
import { type AskableGallery, askAmongOthers } from "./ask-among-others.ts";
import type { PeopleSearch } from "./people-search.ts";
import { directionOf, type Query, TOO_CLOSE } from "./person-score.ts";
import type { Person } from "./records.ts";

/** Share of strangers that may be taken for someone. */
const STRANGERS = 0.01;

/** People of a gallery that are looked for among the others before it is asked; `calibrateGallery` looks for more. */
const ASKED_AMONG_OTHERS = 200;

/** The rule of a gallery: which scores are somebody's, and what that keeps strangers from. */
export class Judging {
  readonly #gallery: AskableGallery;
  readonly #search: PeopleSearch;
  /** The last threshold for strangers, and what it is of. */
  #settled: { readonly key: readonly unknown[]; readonly strangers: StrangerThreshold } | undefined;

  constructor(gallery: AskableGallery, search: PeopleSearch) {
    this.#gallery = gallery;
    this.#search = search;
  }

  /** See `Gallery.policy`. */
  policy({ threshold, calibration }: Policy): Policy {
    return { threshold: threshold ?? this.#gallery.store.settings.threshold ?? undefined, calibration };
  }

  /** See `Gallery.settle`. */
  async settle(options: IdentifyOptions): Promise<Omit<Verdict, "same">> {
    const policy = this.policy(options);
    const strangers = await this.#strangersOf(policy, options);
    const threshold = expectThreshold(policy.threshold ?? strangers?.threshold);
    const { calibration } = policy;
    return { threshold, ...(calibration && { calibration }), ...(strangers && { strangers }) };
  }

  /** See `Gallery.identify`. */
  async identify(query: Query, options: IdentifyOptions): Promise<Identification> {
    const settled = await this.settle(options);
    const { threshold } = settled;
    const { k = 1 } = options;
    // Nobody who scores less could be named, or be a rival to whom is.
    const { direction, factor } = directionOf(query);
    const bar = (threshold - TOO_CLOSE) / factor;
    const floor = options.floor === undefined ? undefined : Math.min(options.floor / factor, bar);
    const near = await this.#search.nearest(direction, Math.max(2, k), { bar, floor });
    const found = near.map((each) => ({
      ...each,
      cosine: each.cosine * factor,
      similarity: each.similarity * factor,
    }));
    const [best, rival] = found;
    const known = best !== undefined && best.similarity >= threshold;
    const tooClose = known && rival !== undefined && best.similarity - rival.similarity < TOO_CLOSE;
    return {
      answer: tooClose ? "too-close" : known ? "person" : "unknown",
      person: known && !tooClose ? best.person : null,
      cosine: best?.cosine ?? null,
      similarity: best?.similarity ?? null,
      threshold,
      verdict: { same: known, ...settled },
      rival: rival ?? null,
      candidates: found.slice(0, k),
    };
  }

  /** See `Gallery.verify`. The threshold is asked for before the person is. */
  async verify(someone: () => Promise<Person>, vector: UnitVector, options: Policy): Promise<Verification> {
    const policy = this.policy(options);
    const threshold = expectThreshold(thresholdOf(policy));
    const person = await someone();
    const best = await this.#search.highestWith(person.id, vector);
    const verdict = best === null ? undefined : judge(best, policy);
    return { person, cosine: best, ...(verdict ?? { same: false, threshold }) };
  }

  /** Undefined without a calibration. Found anew when the gallery has changed. */
  async #strangersOf(
    { calibration, threshold }: Policy,
    { strangers: target = STRANGERS, signal }: IdentifyOptions,
  ): Promise<StrangerThreshold | undefined> {
    if (!calibration) return undefined;
    const { store } = this.#gallery;
    const key = [calibration, threshold, target, await store.latest()];
    if (this.#settled?.key.every((each, i) => each === key[i])) return this.#settled.strangers;
    const { others } = await askAmongOthers(this.#gallery, { most: ASKED_AMONG_OTHERS, signal });
    const size = await store.stats();
    const strangers =
      threshold === undefined
        ? strangerThreshold(calibration, size, target, others)
        : strangersAt(calibration, size, target, others, threshold);
    this.#settled = { key, strangers };
    return strangers;
  }
}

function expectThreshold(threshold: number | undefined): number {
  if (threshold !== undefined && threshold >= -1 && threshold <= 1) return threshold;
  throw new FaceError("USAGE", {
    where: "gallery",
    expected: "a threshold in [−1, 1], from the model's calibration or your own",
    got: threshold ?? "none",
  });
}
