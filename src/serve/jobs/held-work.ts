import type { Gallery, HeldShare, JobProgress } from "../../gallery/index.ts";

/** The time between two looks whether a job was cancelled, in milliseconds. */
const LOOK_MS = 500;

/**
 * A share while it is worked on: the lease is prolonged again and again, and the work is told to stop when it was lost, or
 * its job has ended.
 */
export class HeldWork {
  readonly #gallery: Gallery;
  readonly #share: HeldShare;
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  readonly #timers: NodeJS.Timeout[];
  #progress: JobProgress | undefined;
  #renewed: Promise<void> = Promise.resolve();

  constructor(gallery: Gallery, share: HeldShare, leaseMs: number) {
    this.#gallery = gallery;
    this.#share = share;
    this.#leaseMs = leaseMs;
    this.#timers = [
      setInterval(() => this.#renew(), leaseMs / 3),
      setInterval(() => void this.#look(), LOOK_MS),
    ];
  }

  /** Ends when the share was lost or its job has ended. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Tells how far the job is, at the next look. */
  tell(done: number, total: number): void {
    this.#progress = { done, total };
  }

  /** Stops prolonging, and tells the last of how far the work came. */
  async let(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#progress) this.#renew();
    await this.#renewed;
  }

  #renew(): void {
    const progress = this.#progress;
    this.#progress = undefined;
    this.#renewed = this.#renewed.then(async () => {
      // A database that does not answer is asked again; should it be silent for long, the lease runs out.
      const held = await this.#gallery.jobs.renew(this.#share, this.#leaseMs, progress).catch(() => true);
      if (!held) this.#lost.abort();
    });
  }

  async #look(): Promise<void> {
    const job = await this.#gallery.jobs.job(this.#share.job).catch(() => null);
    if (job !== null && job?.state !== "waiting" && job?.state !== "running") this.#lost.abort();
    else if (this.#progress) this.#renew();
  }
}
