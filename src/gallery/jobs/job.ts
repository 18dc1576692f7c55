/** The state of long work. */
export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** The part of a job that is being worked on: what is to be done is found out, done, and brought together. */
export const JOB_STEPS = ["plan", "work", "finish"] as const;
export type JobStep = (typeof JOB_STEPS)[number];

/** Pictures by what became of them: `enrolled`, `no-face`, an error's code … */
export type JobCounts = Readonly<Record<string, number>>;

/** Long work on a gallery, as it is kept with it. */
export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly state: JobState;
  readonly step: JobStep;
  /** Dates are ISO date and time. */
  readonly created: string;
  readonly changed: string;
  /** Grows by one with every change that is worth telling. */
  readonly revision: number;
  /** Units of the work that are known of; it grows while a job is being planned. */
  readonly total: number;
  readonly done: number;
  readonly counts: JobCounts;
  /** The reason why it failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Whatever the kind of job is asked for, as JSON. */
  readonly input: string;
}

/** A share of a job: what one worker does in one go. */
export interface NewShare {
  /** Its place: shares are handed out in rising order. */
  readonly ordinal: number;
  readonly step: JobStep;
  /** Units of work in it. */
  readonly units: number;
  /** Its work, as JSON. */
  readonly input: string;
}

/** A part of a share of which several are made. */
export type SharePart = Pick<NewShare, "units" | "input">;

/** A job to be kept. */
export interface NewJob {
  readonly kind: string;
  readonly input: string;
  readonly shares: readonly NewShare[];
  /** Bytes that came with it, by their numbers; they go when the job ends. */
  readonly files?: readonly Uint8Array[] | undefined;
}

/** The point that a job has come to. */
export type JobProgress = Pick<Job, "done" | "total">;

/** Right to a share for a while. Whoever takes it over later has a higher fence, and this one counts no longer. */
export interface ShareLease {
  readonly job: number;
  readonly ordinal: number;
  readonly fence: number;
}

/** A share that somebody holds. */
export interface HeldShare extends ShareLease {
  readonly kind: string;
  readonly step: JobStep;
  readonly units: number;
  readonly input: string;
  readonly jobInput: string;
  /** The number of times that it was taken without getting further than before, this one included. */
  readonly tries: number;
}

/** The outcome of a share. */
export interface ShareOutcome {
  readonly counts: JobCounts;
  /** Whatever is to be told of it, as JSON. */
  readonly outcome: string;
  /** Vectors that a later step needs; they go when the job ends. */
  readonly vectors?: Uint8Array | undefined;
  /** The job's result, as JSON: of a share that ends it. */
  readonly result?: string | undefined;
}

/** The outcome of a share, read back. */
export interface KeptOutcome {
  readonly ordinal: number;
  readonly outcome: string;
  readonly vectors: Uint8Array | null;
}
