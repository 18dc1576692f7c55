import type { Gallery, HeldShare, ShareOutcome } from "../../gallery/index.ts";
import type { PictureWorkers } from "../work-queue.ts";
import type { PictureLook } from "./picture-look.ts";
import type { Studies } from "./studies.ts";

/** A share of long work, and everything that whoever works on it needs. */
export interface Work {
  readonly share: HeldShare;
  readonly gallery: Gallery;
  readonly recognition: Pick<PictureWorkers, "calibration" | "model" | "pipeline" | "workers">;
  readonly look: Pick<PictureLook, "at">;
  /** Ends when the share is lost, the job is cancelled or the process is being stopped. */
  readonly signal: AbortSignal;
  readonly clock: () => Date;
  /** Tells how far a job is that is one share. */
  readonly tell: (done: number, total: number) => void;
  /** The folders of this machine, where they are not those that the job names. */
  readonly places: JobPlaces;
  /** The means for studies, where this process has them. */
  readonly studies: Studies | undefined;
}

/** Folders of one machine. */
export interface JobPlaces {
  /** The place of the photographs. */
  readonly photographs?: string | undefined;
  /** The place for shards. */
  readonly shards?: string | undefined;
}

/** The way jobs of one kind are done. Each step may be done twice when a process dies, and whoever did it last counts. */
export interface JobKind {
  /** Finds out what is to be done and adds it as shares. */
  readonly plan?: (work: Work) => Promise<ShareOutcome>;
  readonly work: (work: Work) => Promise<ShareOutcome>;
  /** Brings together what was done. */
  readonly finish?: (work: Work) => Promise<ShareOutcome>;
}

/** The outcome of a step that has nothing to tell. */
export const NOTHING: ShareOutcome = { counts: {}, outcome: "[]" };
