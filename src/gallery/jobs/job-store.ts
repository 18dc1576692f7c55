import type { Page } from "../page.ts";
import type {
  HeldShare,
  Job,
  JobProgress,
  KeptOutcome,
  NewJob,
  NewShare,
  ShareLease,
  ShareOutcome,
  SharePart,
} from "./job.ts";

/**
 * Long work on a gallery, kept in the gallery's own database: a table of jobs, and a table of their shares.
 *
 * Any number of processes take shares, each for a while that they prolong. A share whose holder was silent for longer is
 * taken by somebody else, under a higher fence, and whatever the former holder still says is refused. One contract
 * (`jobs.contract.ts`) for every engine.
 */
export interface JobStore {
  /** Keeps a new job. Returns its number. */
  create(job: NewJob, at: string): Promise<number>;
  job(id: number): Promise<Job | undefined>;
  /** Jobs, newest first; `after` is the number to go on below. */
  jobs(page: Page<number>): Promise<Job[]>;
  /** The result of a job, as JSON. */
  result(id: number): Promise<string | undefined>;
  /** Outcomes of its shares that are done, in order. */
  outcomes(id: number, page: Page<number>): Promise<KeptOutcome[]>;
  file(id: number, ordinal: number): Promise<Uint8Array | undefined>;
  /** Ends a job that has not ended: nothing of it is handed out any more. Returns whether there was something to end. */
  cancel(id: number, at: string): Promise<boolean>;
  /** Removes jobs that ended before a moment, with their results. Returns how many they were. */
  purge(endedBefore: string): Promise<number>;
  /** Ends a job that cannot go on; not when the share was lost. */
  fail(lease: ShareLease, error: NonNullable<Job["error"]>, at: string): Promise<boolean>;

  /**
   * Takes the next share that nobody holds, for so many milliseconds of the database's own clock.
   *
   * @param holder who takes it, for people to read
   * @param kinds of jobs that the holder can work on
   */
  claim(
    holder: string,
    leaseMs: number,
    at: string,
    kinds: readonly string[],
  ): Promise<HeldShare | undefined>;
  /**
   * Prolongs a lease; false when the share was lost or its job has ended.
   *
   * @param progress of a job that is one share, to be told while it is worked on; what was told never shrinks, and where
   *                 it grows the share's tries begin anew
   */
  renew(lease: ShareLease, leaseMs: number, progress?: JobProgress): Promise<boolean>;
  /** Gives a share back unfinished. */
  release(lease: ShareLease): Promise<void>;
  /** Adds shares while a job is being planned; one of the same place takes the former one's. Returns whether the lease still stood. */
  addShares(lease: ShareLease, shares: readonly NewShare[], at: string): Promise<boolean>;
  /** Leaves the first part of a share with its holder, as its first try, and has the others wait behind all. Returns whether the lease still stood. */
  split(lease: ShareLease, parts: readonly SharePart[]): Promise<boolean>;
  /** Keeps a share's outcome and counts it, once. Returns whether the lease still stood. */
  finish(lease: ShareLease, outcome: ShareOutcome, at: string): Promise<boolean>;
}
