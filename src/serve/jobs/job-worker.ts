import { setTimeout } from "node:timers/promises";
import { FaceError } from "../../core/index.ts";
import { type Gallery, type HeldShare, isKnown, type ShareOutcome } from "../../gallery/index.ts";
import { pipelineDifference } from "../../models/index.ts";
import { logged } from "../service-error.ts";
import { failureOf } from "./failure-of.ts";
import { HeldWork } from "./held-work.ts";
import { hasEnded } from "./job-on-wire.ts";
import { KINDS } from "./kinds/index.ts";
import type { PictureLook } from "./picture-look.ts";
import type { Studies } from "./studies.ts";
import { GIVEN_UP, givenUp, halvesOf, isOnePicture, TRIES } from "./tried-often.ts";
import type { JobPlaces, Work } from "./work.ts";

/** Milliseconds for which a share is somebody's who says nothing: as long as it waits after its process was killed. */
export const LEASE_MS = 15_000;

/** The time between two looks for work that another process may have brought, in milliseconds. */
const IDLE_MS = 1000;

/** The time after which a share is tried again that failed for a reason that passes, in milliseconds. */
const PAUSE_MS = 2000;

/** Milliseconds for which a job that has ended can still be asked about: thirty days. */
export const KEEP_JOBS_MS = 30 * 86_400_000;

/** The time between two looks for jobs that ended too long ago, in milliseconds. */
const PURGE_MS = 600_000;

/** Jobs asked for at a time. */
const PAGE = 100;

/** Failures that pass. */
const PASSING: ReadonlySet<string> = new Set(["STORAGE", "NETWORK"]);

/** Everything that a worker is made of. */
export interface JobWorkerOptions {
  readonly gallery: Gallery;
  readonly recognition: Work["recognition"];
  readonly look: PictureLook;
  readonly clock: () => Date;
  /** The name under which shares are held, for people to read. */
  readonly holder: string;
  readonly leaseMs?: number | undefined;
  /** Milliseconds after its end for which a job is kept. @default thirty days */
  readonly keepJobsMs?: number | undefined;
  readonly places?: JobPlaces | undefined;
  /** The means for studies; without them they are left to others. */
  readonly studies?: Studies | undefined;
  readonly log?: { error(line: object, message: string): void } | undefined;
  /** Told of each share that is done. */
  readonly onShare?: ((share: HeldShare, outcome: ShareOutcome) => void) | undefined;
}

/** Takes shares of a gallery's long work, one after the other, and does them. Any number of them work side by side. */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #leaseMs: number;
  #wake: (() => void) | undefined;
  /** The next look for jobs that ended too long ago, in milliseconds since 1970. */
  #purge = 0;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
  }

  /** Looks for work now rather than in a second. */
  wake(): void {
    this.#wake?.();
  }

  /**
   * Works until the signal ends, or until `enough` says so when there is nothing to do. A share that was begun then is given
   * back.
   */
  async run(signal: AbortSignal, enough: () => Promise<boolean> = async () => false): Promise<void> {
    while (!signal.aborted) {
      await this.#purgeEnded();
      const share = await this.#next();
      if (share) await this.#do(share, signal);
      else if (await enough()) return;
      else await this.#nap(signal);
    }
  }

  /** Tells whether no job of the gallery waits or runs. */
  async isIdle(): Promise<boolean> {
    for (let after: number | undefined; ; ) {
      const page = await this.#options.gallery.jobs.jobs({ after, limit: PAGE });
      if (!page.every(hasEnded)) return false;
      if (page.length < PAGE) return true;
      after = page.at(-1)!.id;
    }
  }

  /** Removes jobs that ended too long ago, now and then. */
  async #purgeEnded(): Promise<void> {
    const { gallery, clock, keepJobsMs = KEEP_JOBS_MS, log } = this.#options;
    const now = clock().getTime();
    if (now < this.#purge) return;
    this.#purge = now + PURGE_MS;
    try {
      await gallery.jobs.purge(new Date(now - keepJobsMs).toISOString());
    } catch (thrown) {
      log?.error({ ...logged(thrown) }, "ended jobs could not be removed");
    }
  }

  async #next(): Promise<HeldShare | undefined> {
    const { gallery, holder, clock } = this.#options;
    try {
      return await gallery.jobs.claim(holder, this.#leaseMs, clock().toISOString(), this.#kinds());
    } catch (thrown) {
      this.#options.log?.error({ ...logged(thrown) }, "no work to be had");
      return undefined;
    }
  }

  /** Kinds of work that fit: vectors of another pipeline than the gallery's can only move it there. */
  #kinds(): string[] {
    const { gallery, recognition } = this.#options;
    const { pipeline } = gallery;
    const same = isKnown(pipeline) && !pipelineDifference(pipeline, recognition.pipeline);
    const ofOthers = same ? ["reindex"] : ["enrol", "cluster", "shards"];
    if (!this.#options.studies) ofOthers.push("study", "evaluate");
    return Object.keys(KINDS).filter((kind) => !ofOthers.includes(kind));
  }

  async #do(share: HeldShare, stop: AbortSignal): Promise<void> {
    const { gallery, clock, onShare } = this.#options;
    const held = new HeldWork(gallery, share, this.#leaseMs);
    let own = share;
    try {
      const part = await this.#withoutSuspects(share);
      if (!part) return await held.let();
      own = part;
      const outcome = await this.#outcome(own, held, stop);
      await held.let();
      if (await gallery.jobs.finish(own, outcome, clock().toISOString())) onShare?.(own, outcome);
    } catch (thrown) {
      await held.let();
      if (!held.signal.aborted) await this.#failed(own, thrown, stop);
    }
  }

  /**
   * The part of a share that is worked on. Of several pictures with which somebody ended, half: should one of them be the
   * reason, it is alone in the end, and should none be, less is lost each time.
   *
   * Returns   undefined when the share was lost
   */
  async #withoutSuspects(share: HeldShare): Promise<HeldShare | undefined> {
    const halves = share.tries > 1 ? halvesOf(share) : undefined;
    if (halves)
      return (await this.#options.gallery.jobs.split(share, halves))
        ? { ...share, ...halves[0], tries: 1 }
        : undefined;
    if (share.tries > TRIES && !isOnePicture(share)) throw givenUp(share);
    return share;
  }

  async #outcome(share: HeldShare, held: HeldWork, stop: AbortSignal): Promise<ShareOutcome> {
    const { gallery, recognition, look, clock, places = {}, studies } = this.#options;
    const kind = KINDS[share.kind]!;
    const step = kind[share.step] ?? kind.work;
    return await step({
      share,
      gallery,
      recognition,
      look: share.tries > TRIES ? GIVEN_UP : look,
      clock,
      places,
      studies,
      signal: AbortSignal.any([held.signal, stop]),
      tell: (done, total) => held.tell(done, total),
    });
  }

  async #failed(share: HeldShare, thrown: unknown, stop: AbortSignal): Promise<void> {
    const { gallery, clock, log } = this.#options;
    try {
      const aborted = thrown instanceof FaceError && (thrown.code === "ABORTED" || thrown.code === "CLOSED");
      if (aborted && stop.aborted) return await gallery.jobs.release(share);
      log?.error(
        { job: share.job, share: share.ordinal, kind: share.kind, ...logged(thrown) },
        "work failed",
      );
      const passes = aborted || (thrown instanceof FaceError && PASSING.has(thrown.code));
      if (passes && share.tries < TRIES) await gallery.jobs.renew(share, PAUSE_MS);
      else await gallery.jobs.fail(share, failureOf(thrown), clock().toISOString());
    } catch (again) {
      // The lease runs out, and somebody else tries.
      log?.error({ job: share.job, share: share.ordinal, ...logged(again) }, "failure could not be kept");
    }
  }

  async #nap(stop: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await setTimeout(IDLE_MS, undefined, { signal: AbortSignal.any([woken.signal, stop]) }).catch(
      () => undefined,
    );
    this.#wake = undefined;
  }
}
