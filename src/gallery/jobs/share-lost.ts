import { FaceError } from "../../core/index.ts";
import type { ShareLease } from "./job.ts";

/** A change came from somebody who no longer holds the share of work that it is part of. */
export function shareLost(where: string, { job, ordinal }: ShareLease): FaceError {
  return new FaceError("ABORTED", {
    where,
    expected: `share ${ordinal} of job ${job} to be held`,
    got: "it taken over by somebody else, or its job ended",
  });
}
